"""Executes a plan on a station and gathers its record."""
