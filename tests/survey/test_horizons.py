"""The horizon cube on disk: what is in it, and that it survives being interrupted."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from distributed import Client, LocalCluster

from lunabase.errors import InputError, LunabaseError
from lunabase.sky import SurfaceSite, open_kernels
from lunabase.survey.horizon_store import open_cube
from lunabase.survey.horizons import horizon_map, tile_corners
from lunabase.survey.light_map import light_map
from lunabase.survey.point_light import light_series
from lunabase.terrain.dem import Dem
from lunabase.terrain.dem_file import open_dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.horizon import point_horizon
from lunabase.terrain.projection import polar_projection
from lunabase.terrain.sweep import HorizonSweep
from lunabase.times import TimeGrid

HEIGHTS_M = (2.0, 10.0)


def hills() -> Dem:
    heights_m = np.random.default_rng(3).normal(size=(70, 60)).cumsum(axis=0).cumsum(axis=1)
    return Dem(heights_m.astype(np.float32), polar_projection(), -600.0, 900.0, 20.0, 20.0, "hills")


def part_of(dem: Dem) -> MapGrid:
    return MapGrid(dem.projection, dem.west, dem.north, 20.0, 70, 60).part(5, 10, 50, 40)


@pytest.fixture(scope="module")
def dem() -> Dem:
    return hills()


@pytest.fixture(scope="module")
def region(dem) -> MapGrid:
    return part_of(dem)


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


def test_a_region_larger_than_memory_is_computed_in_tiles(monkeypatch, tmp_path):
    monkeypatch.setattr("lunabase.survey.horizon_store.CHUNK", 32)
    monkeypatch.setattr("lunabase.survey.horizons.CHUNK", 32)
    hills = np.random.default_rng(5).normal(size=(80, 100)).cumsum(axis=0).cumsum(axis=1)
    dem = Dem(hills.astype(np.float32), polar_projection(), 0.0, 0.0, 20.0, 20.0, "hills")
    region = MapGrid(dem.projection, 0.0, 0.0, 20.0, 80, 100)
    monkeypatch.setattr("lunabase.survey.horizons.tile_bytes", lambda models, tile, heights, threads: tile.rows**2 * 50)
    assert len(tile_corners([dem], region, 1, 1, 60_000)) == 12
    whole = horizon_map([dem], region, out=tmp_path / "whole", azimuths=4)
    tiled = horizon_map([dem], region, out=tmp_path / "tiled", azimuths=4, memory_bytes=60_000, threads=1)
    difference = np.abs(whole.horizon_elevation.values - tiled.horizon_elevation.values)
    assert difference.max() <= 1.001 / 360.0


def test_models_in_files_give_the_same(dem, region, tmp_path):
    path = tmp_path / "hills.tif"
    transform = Affine(20.0, 0.0, dem.west - 10.0, 0.0, -20.0, dem.north + 10.0)
    form = {"height": 70, "width": 60, "count": 1, "dtype": "float32", "crs": "IAU_2015:30135", "transform": transform}
    with rasterio.open(path, "w", driver="GTiff", **form) as raster:
        raster.write(dem.heights_m, 1)
    in_memory = horizon_map([dem], region, out=tmp_path / "memory", azimuths=6)
    in_file = horizon_map([open_dem(path)], region, out=tmp_path / "file", azimuths=6)
    np.testing.assert_array_equal(in_memory.horizon_elevation, in_file.horizon_elevation)


@pytest.mark.parametrize("height_m", [2.0, 10.0])
def test_light_from_the_map_is_light_from_exact_horizons(height_m, tmp_path):
    """Within 0.3 points (hundredths of the disc) mean absolute, the bar of a horizon map, on rough polar ground."""
    heights_m = 0.3 * np.random.default_rng(8).normal(size=(120, 120)).cumsum(axis=0).cumsum(axis=1)
    dem = Dem(heights_m.astype(np.float32), polar_projection(), -8000.0, 12_000.0, 20.0, 20.0, "rough")
    region = MapGrid(dem.projection, -8000.0, 12_000.0, 20.0, 120, 120).part(40, 40, 12, 12)
    cube = horizon_map([dem], region, out=tmp_path / "cube", heights_m=(height_m,))
    times, kernels = TimeGrid.from_utc("2020-01-01", 732, 12 * 3600.0), open_kernels()
    mapped = light_map(cube, times, kernels)["light"].values[0]
    latitude_deg, longitude_deg = region.latitude_longitude_deg()
    exact, light = [], []
    for row, column in np.random.default_rng(6).integers(0, 12, (12, 2)):
        place = float(latitude_deg[row, column]), float(longitude_deg[row, column])
        mask = point_horizon([dem], *place, azimuths_deg=np.arange(360.0), observer_heights_m=(height_m,))
        exact.append(light_series(mask, SurfaceSite(*place), times, kernels, height_m=height_m).values.mean())
        light.append(mapped[row, column])
    assert np.mean(np.abs(np.subtract(light, exact))) < 0.003
    assert np.ptp(exact) > 0.03  # so the places differ by more than the bar


@pytest.mark.parametrize("azimuths", [1, 7])
def test_any_number_of_azimuths_and_a_single_row(dem, region, tmp_path, azimuths):
    row = region.part(20, 3, 1, 9)
    cube = horizon_map([dem], row, out=tmp_path / "cube", azimuths=azimuths)
    assert cube.horizon_elevation.shape == (1, azimuths, 1, 9)
    last = azimuths - 1
    plane = HorizonSweep([dem], region).planes(last * 360.0 / azimuths)[0, 20:21, 3:12]
    np.testing.assert_allclose(cube.horizon_elevation[0, last], plane, atol=0.05)


def test_what_cannot_be_written_is_told(dem, region, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("zarr.Array.__setitem__", full)
    with pytest.raises(LunabaseError, match="No space left on device"):
        horizon_map([dem], region, out=tmp_path / "cube", azimuths=4)
    monkeypatch.undo()
    assert horizon_map([dem], region, out=tmp_path / "cube", azimuths=4).sizes["azimuth"] == 4


def test_too_little_memory_is_told(dem, region, tmp_path):
    with pytest.raises(InputError, match="memory"):
        horizon_map([dem], region, out=tmp_path / "cube", azimuths=4, memory_bytes=100_000)
    assert not (tmp_path / "cube").exists()


_INTERRUPTED = """
import os, sys
import test_horizons as here
from pathlib import Path
from lunabase.survey.horizons import horizon_map

def stop(part):
    if part >= 0.4:
        os.kill(os.getpid(), 9)

dem = here.hills()
horizon_map([dem], here.part_of(dem), out=Path(sys.argv[1]), azimuths=20, threads=2, progress=stop)
"""


def test_a_killed_computation_goes_on_where_it_stopped(dem, region, tmp_path):
    out = tmp_path / "cube"
    killed = subprocess.run([sys.executable, "-c", _INTERRUPTED, str(out)], cwd=Path(__file__).parent, check=False)
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(InputError, match="not finished"):
        open_cube(out)
    parts: list[float] = []
    cube = horizon_map([dem], region, out=out, azimuths=20, progress=parts.append)
    assert parts[0] >= 0.4
    whole = horizon_map([dem], region, out=tmp_path / "whole", azimuths=20)
    np.testing.assert_array_equal(cube.horizon_elevation, whole.horizon_elevation)
    assert not list(out.glob("unfinished"))


def test_a_finished_cube_is_not_computed_again(dem, region, tmp_path):
    horizon_map([dem], region, out=tmp_path / "cube", azimuths=4)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "cube").rglob("*")}
    horizon_map([dem], region, out=tmp_path / "cube", azimuths=4)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cube").rglob("*")} == before


def test_a_cluster_gives_the_same(dem, region, tmp_path):
    here = horizon_map([dem], region, out=tmp_path / "here", azimuths=6, heights_m=HEIGHTS_M)
    with LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        there = horizon_map([dem], region, out=tmp_path / "there", azimuths=6, heights_m=HEIGHTS_M, client=client)
    np.testing.assert_array_equal(here.horizon_elevation, there.horizon_elevation)
