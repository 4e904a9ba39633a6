"""Areas, best pixels and their files, against counting by hand."""

import csv
import json

import numpy as np
import pytest

from lunabase.survey.maps import add_map, empty_maps
from lunabase.survey.places import (
    APART_M,
    find_places,
    place_columns,
    place_rows,
    write_csv,
    write_geojson,
)
from lunabase.survey.ranking import parse_conditions
from lunabase.terrain.address import grid_address
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import polar_projection

GRID = MapGrid(polar_projection(), -20_000.0, 15_000.0, 100.0, 40, 60)


@pytest.fixture
def maps():
    made = empty_maps(GRID)
    light = np.full(GRID.shape, 0.2)
    light[5:8, 5:9] = 0.8
    light[6, 6] = 0.9
    light[30:32, 40:42] = 0.85
    light[0, 0] = np.nan
    add_map(made, "light", light, height_m=2.0)
    add_map(made, "slope", np.full(GRID.shape, 3.0))
    return made


def test_areas_come_best_first_with_their_size_on_the_ground(maps):
    _, places = find_places(maps, GRID, parse_conditions("light>0.75, slope<10deg"))
    first, second = places[:2]
    assert (first.rank, first.row, first.column, first.pixels) == (1, 6, 6, 12)
    assert (second.rank, second.pixels) == (2, 4)
    # Stereographic, true at the pole: the scale at a distance rho is 1 / (1 + (rho / 2R)^2), here 0.99999.
    assert first.area_km2 == pytest.approx(12 * 0.01, rel=1e-4)
    assert first.area_km2 < 12 * 0.01


def test_without_conditions_the_best_pixels_stand_apart(maps):
    _, places = find_places(maps, GRID, ())
    assert (places[0].row, places[0].column) == (6, 6)
    singles = [place for place in places if place.why == "best pixel"]
    for index, one in enumerate(singles):
        for other in singles[:index]:
            assert 100.0 * np.hypot(one.row - other.row, one.column - other.column) > APART_M * 0.999


def test_conditions_that_nothing_meets_leave_the_best_pixels(maps):
    _, places = find_places(maps, GRID, parse_conditions("light>0.99"))
    assert {place.why for place in places} <= {"best pixel", "best compromise"}


def test_files_hold_every_place_and_value(maps, tmp_path):
    front, places = find_places(maps, GRID, parse_conditions("light>0.75"))
    assert front[6, 6]
    rows = place_rows(places, maps, GRID)
    write_csv(rows, place_columns(maps), tmp_path / "places.csv")
    write_geojson(rows, {"light_2m": "1"}, tmp_path / "places.geojson")
    with (tmp_path / "places.csv").open() as file:
        table = list(csv.DictReader(file))
    document = json.loads((tmp_path / "places.geojson").read_text())
    assert len(table) == len(document["features"]) == len(places)
    assert document["coordinate_system"] == "IAU_2015:30100"
    assert "WGS 84" in document["note"]
    for row, feature, place in zip(table, document["features"], places, strict=True):
        # Snyder's formula for the south polar map, written anew.
        x, y = GRID.west + 100.0 * place.column, GRID.north - 100.0 * place.row
        longitude, latitude = feature["geometry"]["coordinates"]
        assert longitude == pytest.approx(np.degrees(np.arctan2(x, y)), abs=1e-6)
        assert latitude == pytest.approx(-90 + 2 * np.degrees(np.arctan(np.hypot(x, y) / 3474800.0)), abs=1e-6)
        # Pixel centres lie on edges of metres, where a rounded latitude may fall to either side.
        assert row["address"][:6] == grid_address(latitude, longitude).lgrs[:6]
        assert float(row["light_2m"]) == feature["properties"]["light_2m"]
        assert (float(row["x_m"]), float(row["y_m"])) == (x, y)
