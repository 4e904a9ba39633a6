"""Terrain: elevation models and the horizons seen from points on them."""
