"""Other programs that compute horizons, run on the same terrain as Lunabase and judged by the same exact horizons."""
