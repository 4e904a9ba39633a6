"""Alarms of the air that people breathe."""

import pytest
from onboard_station import STATION
from ruamel.yaml import YAML

from lunabase.onboard.monitors import monitors_of
from lunabase.station.model import Station


def cabin_monitors(present=("base", "rover")):
    data = YAML(typ="safe", pure=True).load(STATION)
    cabin = {"module": "base", "volume": "50 m^3", "oxygen": "21 kPa", "total": "100 kPa"}
    data["substances"] = {"cabins": {"air": cabin}}
    found = monitors_of(Station.model_validate(data), present)
    return {monitor.name: monitor for monitor in found if monitor.unit == "air"}


@pytest.mark.parametrize(
    ("name", "channel", "above", "limit_pa"),
    [
        ("cabin_pressure", "pressure_pa.air", False, 90e3),
        ("cabin_oxygen", "oxygen_pressure_pa.air", False, 139 * 133.322),
        ("cabin_air", "carbon_dioxide_pressure_pa.air", True, 7000e-6 * 101_325),
    ],
)
def test_each_danger_has_its_monitor(name, channel, above, limit_pa):
    """Oxygen 139 mmHg, carbon dioxide 7000 ppm of an atmosphere, nine tenths of the cabin's own pressure."""
    monitor = cabin_monitors()[name]
    assert (monitor.trip.channel, monitor.trip.above, monitor.severity) == (channel, above, "high")
    assert monitor.trip.limit == pytest.approx(limit_pa, rel=2e-3)
    assert (monitor.clear.limit < monitor.trip.limit) == above


def test_absent_cabins_are_not_watched():
    assert not cabin_monitors(present=("rover",))
