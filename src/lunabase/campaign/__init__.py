"""Many runs of a station: faults, sweeps, trade studies; to learn how often, how much, and why."""
