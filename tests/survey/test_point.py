"""The report of a point: its numbers against published ones of this project's oracle, and its mask in a station file."""

import csv
import json
import re
from pathlib import Path

import pytest

from lunabase.progress import Ticker
from lunabase.station.load import load_station
from lunabase.survey import point_temperature
from lunabase.survey.point import point_slope_deg
from lunabase.survey.run import run_point
from lunabase.terrain.dem_file import open_dem
from lunabase.terrain.mask import read_mask

ROOT = Path(__file__).parents[2]
TERRAIN = Path(__file__).parents[2].parent / "shared" / "data" / "terrain"
SITE01, WIDER = TERRAIN / "site01_10m.tif", TERRAIN / "ldem_84S_240m.tif"
real = pytest.mark.skipif(not SITE01.is_file(), reason=f"needs the LOLA models in {TERRAIN}")


def report(place, dems, folder, days=40.0, start="2020-07-20", station=None):
    with Ticker("point") as ticker:
        return run_point(
            place, dems, (2.0, 10.0), (start, None, days, 3600.0), station, (), folder, ticker, overwrite=False
        )


@pytest.fixture(scope="module", autouse=True)
def small_map():
    """The temperature map about a point takes most of the time; these are about the report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(point_temperature, "PIXELS", 5)
        yield


@pytest.fixture(scope="module")
def ridge(tmp_path_factory, small_map):
    """The ridge from the embedded model, with the reference station's Earth stations and relay."""
    folder = tmp_path_factory.mktemp("point") / "ridge"
    return folder, *report((-89.44, 222.59), (), folder, station=ROOT / "examples" / "ilrs.yaml")


def test_the_report_is_whole(ridge):
    folder, document, _ = ridge
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "horizon.csv", "site.yaml", "nights.csv", "horizon.png", "light-bar.png", "temperature.png", "index.html", "point.json",
    }  # fmt: skip
    assert json.loads((folder / "point.json").read_text())["numbers"] == document["numbers"]
    page = (folder / "index.html").read_text()
    assert page.count("data:image/png;base64,") == 3
    assert "1.2 deg" in page
    assert "cold estimate" not in page
    assert "pixels of 1600 m" in page
    assert set(document["numbers"]["earth_stations"]) >= {"jiamusi", "neuquen"}
    assert 0.5 < document["numbers"]["relays"]["queqiao-2"] <= 1.0


def test_its_mask_and_site_make_a_station_file_that_checks(ridge, tmp_path):
    """The snippet takes the place of the example lander's own `site:`, beside the mask."""
    folder, _, snippet = ridge
    text = (ROOT / "examples" / "lander.yaml").read_text()
    pasted = re.sub(r"(?ms)^site:\n.*?(?=^\S)", snippet + "\n", text)
    assert pasted != text
    (tmp_path / "station.yaml").write_text(pasted)
    (tmp_path / "horizon.csv").write_text((folder / "horizon.csv").read_text())
    station = load_station(tmp_path / "station.yaml").station
    assert station.site.surface is not None
    assert (station.site.surface.latitude_deg, station.site.surface.longitude_deg) == (-89.44, 222.59)
    assert read_mask(folder / "horizon.csv").heights_m == (2.0, 10.0)


def test_the_nights_add_up_to_the_dark_time(ridge):
    folder, document, _ = ridge
    with (folder / "nights.csv").open() as file:
        rows = list(csv.DictReader(file))
    for height in ("2", "10"):
        hours = [float(row["duration_h"]) for row in rows if row["height_m"] == height]
        assert max(hours, default=0.0) / 24.0 == pytest.approx(
            document["numbers"][f"at_{height}_m"]["longest_dark_d"], abs=0.01
        )
        assert sum(hours) / (40.0 * 24.0) <= 1.0 - document["numbers"][f"at_{height}_m"]["light"] + 1e-9


@real
def test_the_ridge_s_year_is_that_of_its_published_horizon(tmp_path):
    """docs/explanation/horizons.md, with directions of CSPICE: 85.6 and 92.5 % of the Sun, 49.6 % of the Earth's centre."""
    document, _ = report((-89.44, 222.59), (SITE01, WIDER), tmp_path / "p", days=366.0, start="2020-01-01")
    numbers = document["numbers"]
    assert numbers["at_2_m"]["light"] == pytest.approx(0.856, abs=0.0015)
    assert numbers["at_10_m"]["light"] == pytest.approx(0.925, abs=0.0015)
    assert numbers["earth"] == pytest.approx(0.496, abs=0.0015)
    assert numbers["earth_whole"] == pytest.approx(0.450, abs=0.0015)
    assert numbers["ground_height_m"] == pytest.approx(1958.1, abs=0.05)
    assert document["warnings"] == [each for each in document["warnings"] if "1.2 deg" not in each]


@real
def test_the_slope_of_a_point_is_that_of_a_plane_through_its_neighbours():
    dem = open_dem(SITE01).read((-12_000.0, -12_000.0, -11_000.0, -11_000.0))
    column, row = 40, 50
    x, y = dem.west + 10.0 * column, dem.north - 10.0 * row
    import numpy as np

    latitude = -90.0 + 2.0 * np.degrees(np.arctan(np.hypot(x, y) / 3_474_800.0))
    heights = dem.heights_m.astype(float)
    east = (heights[row, column + 1] - heights[row, column - 1]) / 20.0
    north = (heights[row - 1, column] - heights[row + 1, column]) / 20.0
    # The point's own axes are turned against the map's, between its pixels: the same plane to some hundredths.
    found = point_slope_deg([dem], latitude, np.degrees(np.arctan2(x, y)))
    assert found == pytest.approx(np.degrees(np.arctan(np.hypot(east, north))), abs=0.6)
