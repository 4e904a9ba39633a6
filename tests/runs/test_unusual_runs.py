"""Runs off the beaten track go through to the report: in orbit, a day long, in the darkest week."""

from pathlib import Path

import pytest

from lunabase.report import write_report
from lunabase.runs.planning import RunOptions
from lunabase.runs.run import run_station
from lunabase.station.load import load_station

EXAMPLES = Path(__file__).parents[2] / "examples"
ORBIT = """  orbit: {periapsis_altitude: 100 km, apoapsis_altitude: 100 km, inclination: 86 deg, raan: 0 deg,
    argument_of_periapsis: 0 deg, mean_anomaly: 0 deg, epoch: 2030-01-16}

"""


def test_a_station_in_orbit(no_progress, tmp_path):
    text = (EXAMPLES / "lander.yaml").read_text()
    surface, after = text.index("  surface:"), text.index("phases:")
    (tmp_path / "orbit.yaml").write_text(text[:surface] + ORBIT + text[after:])
    record = run_station(load_station(tmp_path / "orbit.yaml"), RunOptions(days=1.0), no_progress)
    write_report(record, tmp_path / "report.html")
    telemetry = record.telemetry
    assert record.summary.outcome == "alive"
    assert telemetry.notna().all().all()
    # The arrays feel the shadow that the sky shows: no power in the dark half of an orbit, power in the other.
    dark = (record.environment["sun_visible_fraction"] == 0.0).to_numpy()
    assert 0.2 < dark.mean() < 0.5
    assert telemetry["array_available_w"].to_numpy()[dark].max() == 0.0
    assert telemetry["array_available_w"].to_numpy()[~dark].mean() > 50.0


@pytest.mark.parametrize("start", ["2035-12-01", "2035-11-10"])
def test_a_single_winter_day(start, no_progress, tmp_path):
    record = run_station(load_station(EXAMPLES / "ilrs.yaml"), RunOptions(start, 1.0), no_progress)
    write_report(record, tmp_path / "report.html")
    assert record.summary.outcome == "alive"
    assert "<h1" in (tmp_path / "report.html").read_text()
