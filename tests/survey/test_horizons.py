"""The horizon cube on disk: what is in it, and that it survives being interrupted."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from lunabase.errors import InputError
from lunabase.survey.horizons import horizon_map
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import polar_projection
from lunabase.terrain.sweep import HorizonSweep

HEIGHTS_M = (2.0, 10.0)


@pytest.fixture(scope="module")
def dem() -> Dem:
    hills = np.random.default_rng(3).normal(size=(70, 60)).cumsum(axis=0).cumsum(axis=1)
    return Dem(hills.astype(np.float32), polar_projection(), -600.0, 900.0, 20.0, 20.0, "hills")


@pytest.fixture(scope="module")
def region(dem) -> MapGrid:
    return MapGrid(dem.projection, dem.west, dem.north, 20.0, 70, 60).part(5, 10, 50, 40)


def test_the_cube_holds_the_sweep(dem, region, tmp_path):
    parts: list[float] = []
    cube = horizon_map([dem], region, out=tmp_path / "cube", azimuths=8, heights_m=HEIGHTS_M, progress=parts.append)
    elevation = cube.horizon_elevation
    assert elevation.dims == ("height", "azimuth", "y", "x")
    assert elevation.shape == (2, 8, 50, 40)
    assert elevation.dtype == np.float32
    assert cube.azimuth.values.tolist() == [0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0]
    assert cube.height.values.tolist() == [2.0, 10.0]
    np.testing.assert_allclose(cube.x, region.x)
    np.testing.assert_allclose(cube.y, region.y)
    sweep = HorizonSweep([dem], region, HEIGHTS_M)
    for number, azimuth_deg in enumerate(cube.azimuth.values):
        np.testing.assert_allclose(elevation[:, number], sweep.planes(azimuth_deg), atol=0.5001 / 360.0)
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


def test_the_stored_form_is_cf(dem, region, tmp_path):
    horizon_map([dem], region, out=tmp_path / "cube", azimuths=4)
    raw = xr.open_zarr(tmp_path / "cube", mask_and_scale=False, consolidated=False)
    assert raw.horizon_elevation.dtype == np.int16
    assert raw.horizon_elevation.attrs["grid_mapping"] == "spatial_ref"
    assert raw.horizon_elevation.attrs["scale_factor"] == 1.0 / 360.0
    assert raw.horizon_elevation.attrs["_FillValue"] == -32768
    assert "crs_wkt" in raw.spatial_ref.attrs
    assert raw.attrs["terrain"] == "hills (20 m)"


def test_a_cube_of_other_inputs_is_refused_or_replaced(dem, region, tmp_path):
    horizon_map([dem], region, out=tmp_path / "cube", azimuths=4)
    with pytest.raises(InputError, match="other terrain or settings"):
        horizon_map([dem], region, out=tmp_path / "cube", azimuths=5)
    assert horizon_map([dem], region, out=tmp_path / "cube", azimuths=5, overwrite=True).sizes["azimuth"] == 5


def test_a_folder_of_something_else_is_never_replaced(dem, region, tmp_path):
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(InputError, match="something else"):
        horizon_map([dem], region, out=tmp_path, azimuths=4, overwrite=True)
    assert (tmp_path / "precious").read_text() == "mine"
