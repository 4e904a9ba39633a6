"""A spherical bowl crater in a plain: its elevation model, its exact horizons and Ingersoll's temperature of its shadow."""

import numpy as np

from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import polar_projection

PIXEL_M = 10.0


class Bowl:
    """Centred on the south pole, small enough that the Moon's curvature doesn't matter."""

    def __init__(self, pixels=121, radius_pixels=50.0, depth_per_diameter=0.2):
        half = PIXEL_M * (pixels - 1) / 2
        self.grid = MapGrid(polar_projection(), -half, half, PIXEL_M, pixels, pixels)
        x, y = np.meshgrid(self.grid.x, self.grid.y)
        self.rim_m = radius_pixels * PIXEL_M
        depth_m = 2.0 * self.rim_m * depth_per_diameter
        sphere_m = (self.rim_m**2 + depth_m**2) / (2.0 * depth_m)
        self.out_m = np.hypot(x, y)
        inside = self.out_m < self.rim_m
        low = sphere_m - depth_m - np.sqrt(sphere_m**2 - np.minimum(self.out_m, self.rim_m) ** 2)
        self.heights_m = np.where(inside, low, 0.0)
        self.dem = Dem(self.heights_m, self.grid.projection, self.grid.west, self.grid.north, PIXEL_M, PIXEL_M, "bowl")
        self.ground_part = 1.0 / (1.0 + 1.0 / (4.0 * depth_per_diameter**2))
        """Part of the view of any place in the bowl that is bowl: Buhl et al. 1968."""

    def horizons_deg(self, azimuths=180):
        """The rim as seen from inside, the level plain from outside; (azimuths, rows, columns)."""
        x, y = np.meshgrid(self.grid.x, self.grid.y)
        turn = 2.0 * np.pi * np.arange(azimuths)[:, None, None] / azimuths
        along = x * np.sin(turn) + y * np.cos(turn)
        to_rim = -along + np.sqrt(np.maximum(along**2 + self.rim_m**2 - self.out_m**2, 0.0))
        rim_deg = np.degrees(np.arctan2(-self.heights_m, np.maximum(to_rim, 1e-3)))
        return np.where(self.out_m < self.rim_m, rim_deg, 0.0)

    def shadow_k(self, elevation_deg, flux_w_m2, albedo, emissivity):
        """Ingersoll, Svitek & Murray 1992, Icarus 100, 40, doi 10.1016/0019-1035(92)90016-Z."""
        f = self.ground_part
        direct = flux_w_m2 * np.sin(np.radians(elevation_deg)) * f * (1.0 - albedo) / (1.0 - albedo * f)
        return (direct * (emissivity + albedo * (1.0 - f)) / (emissivity * STEFAN_BOLTZMANN_W_M2_K4)) ** 0.25
