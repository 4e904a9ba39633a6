"""Physics of the station: power, heat and data in fixed steps, audited."""
