"""The survey: maps of light, view, temperature and slope of a region, made from its horizons."""
