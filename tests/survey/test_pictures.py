"""Pictures lie right: lines where the formulas put them, craters at their places, north as the map has it."""

import numpy as np
import pyproj
import pytest
from PIL import Image

from lunabase.survey.craters import CRATERS, craters_on
from lunabase.survey.graticule import graticule, pole_on
from lunabase.survey.maps import add_map, empty_maps
from lunabase.survey.pictures import Backdrop, map_picture
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import local_projection, polar_projection

POLE = MapGrid(polar_projection(), -99_500.0, 99_500.0, 1000.0, 200, 200)
RIDGE = MapGrid(polar_projection(), -18_995.0, -4005.0, 10.0, 1600, 1600)
NORTH = MapGrid(polar_projection("north"), -49_500.0, 49_500.0, 1000.0, 100, 100)
LOCAL = MapGrid(local_projection(-30.0, 179.9), -15_000.0, 15_000.0, 100.0, 301, 301)


@pytest.mark.parametrize("grid", [POLE, RIDGE, NORTH, LOCAL])
def test_every_line_lies_on_its_latitude_or_longitude(grid):
    """PROJ, asked for the degrees of each line's points, gives what the line says."""
    back = pyproj.Transformer.from_crs(grid.crs, grid.crs.geodetic_crs, always_xy=True)
    lines = graticule(grid)
    assert sum(line.is_parallel for line in lines) >= 2
    assert sum(not line.is_parallel for line in lines) >= 2
    for line in lines:
        known = np.isfinite(line.x)
        west, south, east, north = grid.bounds
        assert np.all((line.x[known] >= west) & (line.x[known] <= east))
        assert np.all((line.y[known] >= south) & (line.y[known] <= north))
        longitude, latitude = back.transform(line.x[known], line.y[known])
        number = float(line.label.split("°")[0])
        if line.is_parallel:
            assert latitude == pytest.approx(number if line.label.endswith("N") else -number, abs=1e-6)
        else:
            wanted = -number if line.label.endswith("W") else number
            away = np.hypot(line.x[known], line.y[known]) > 10.0 if pole_on(grid) else np.ones(known.sum(), bool)
            assert np.abs((longitude[away] - wanted + 180.0) % 360.0 - 180.0).max() < 1e-6


def test_a_map_of_the_pole_knows_it():
    assert pole_on(POLE) == -90.0
    assert pole_on(NORTH) == 90.0
    assert pole_on(RIDGE) is None
    assert pole_on(LOCAL) is None


def test_craters_lie_at_their_places_on_the_south_polar_map():
    """0 deg is up and 90 E right; Snyder's formula for the place, the scale 1 / (1 + (rho / 2R)^2) for the rim."""
    rings = {ring.name: ring for ring in craters_on(POLE)}
    assert {"Shackleton", "Haworth", "Shoemaker", "Faustini", "de Gerlache", "Sverdrup"} <= set(rings)
    assert not {"Peary", "Drygalski"} & set(rings)
    assert rings["Haworth"].y > 60_000.0
    assert rings["Faustini"].x > 60_000.0
    assert rings["de Gerlache"].x < -30_000.0
    for crater in CRATERS:
        if crater.name in rings:
            rho = 3_474_800.0 * np.tan(np.radians(90.0 + crater.latitude_deg) / 2.0)
            angle = np.radians(crater.longitude_deg)
            ring = rings[crater.name]
            assert (ring.x, ring.y) == pytest.approx((rho * np.sin(angle), rho * np.cos(angle)), abs=1e-3)
            assert ring.radius == pytest.approx(500.0 * crater.diameter_km * (1 + (rho / 3_474_800.0) ** 2), rel=1e-6)


def test_no_crater_of_the_other_pole_is_on_a_map():
    assert all(crater.latitude_deg > 0.0 for crater in CRATERS if crater.name in {r.name for r in craters_on(NORTH)})


@pytest.mark.parametrize(("grid", "name"), [(POLE, "light"), (LOCAL, "slope"), (RIDGE.part(0, 0, 40, 300), "psr")])
def test_a_picture_shows_the_map_the_right_way_up(grid, name, tmp_path):
    """A map that is bright in its upper left quarter gives a picture that is."""
    values = np.zeros(grid.shape, dtype=np.float32)
    values[: grid.rows // 2, : grid.columns // 2] = 1.0
    maps = empty_maps(grid)
    full = add_map(maps, name, values)
    backdrop = Backdrop(
        grid, np.full(grid.shape, 0.7), "made up for a test", "a warning", [(grid.x[3], grid.y[3], "1")]
    )
    map_picture(maps[full], backdrop, tmp_path / "map.png")
    picture = np.asarray(Image.open(tmp_path / "map.png").convert("L"), dtype=float)
    assert min(picture.shape) > 300
    height, width = picture.shape
    frame = picture[int(0.2 * height) : int(0.8 * height), int(0.12 * width) : int(0.68 * width)]
    rows, columns = (size // 4 for size in frame.shape)
    assert frame[:rows, :columns].mean() > frame[-rows:, -columns:].mean() + 30.0
