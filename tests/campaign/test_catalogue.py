"""The fault catalogue: the example, what is refused and where, and what is drawn from it."""

import json
import math
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from lunabase.campaign.catalogue import load_catalogue
from lunabase.campaign.draw import urn_of
from lunabase.campaign.reference import faults_schema
from lunabase.errors import InputError
from lunabase.runs.fault import SIZES
from lunabase.runs.injection import inject
from lunabase.station.load import FormError, load_station
from lunabase.station.yaml_source import read_yaml

EXAMPLES = Path(__file__).parents[2] / "examples"
SPAN_S = 90 * 86_400.0
SMALL = """\
lunabase_faults: 1
faults:
  dead-string:
    subsystem: power
    text: A string is dead.
    effects: [{effect: array_loss, target: any solar_array, size: 5..15 %}]
    lasts: 2..4 d
  cold:
    subsystem: thermal
    text: A heater is off.
    effects: [{effect: heater_stuck_off, target: power-node}]
"""


@cache
def example():
    return load_catalogue(EXAMPLES / "faults.yaml").catalogue.faults


@cache
def urn(name="ilrs"):
    station = load_station(EXAMPLES / f"{name}.yaml", horizon=False).station
    present = next(iter(station.phases.values())).present
    return urn_of(example(), station, present, {"state_of_charge": 3}), station, present


def written(tmp_path, text):
    path = tmp_path / "faults.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_has_sixty_kinds_over_every_subsystem_and_every_effect():
    assert len(example()) >= 60
    assert set(Counter(kind.subsystem for kind in example().values())) == {
        "power", "thermal", "data", "computer", "sensors", "surroundings", "modules", "payloads",
    }  # fmt: skip
    assert {effect.effect for kind in example().values() for effect in kind.effects} == set(SIZES)


def test_the_schema_for_editors_takes_the_example_and_refuses_what_the_reader_refuses():
    validator = Draft202012Validator(faults_schema())
    text = (EXAMPLES / "faults.yaml").read_text(encoding="utf-8")
    assert not list(validator.iter_errors(read_yaml(text).data))
    assert list(validator.iter_errors(read_yaml(SMALL.replace("subsystem: power", "subsystem: powr")).data))
    assert json.dumps(faults_schema())


@pytest.mark.parametrize(
    ("right", "wrong", "line", "told"),
    [
        ("array_loss", "array_los", 6, "Did you mean `array_loss`"),
        ("any solar_array", "any battery", 6, "stands one of: solar_array"),
        ("any solar_array", "Any Array", 6, "not a name"),
        (", size: 5..15 %", "", 6, "size is missing"),
        ("5..15 %", "5..15 W", 6, "does not measure fraction"),
        ("5..15 %", "50..150 %", 6, "from 0 % to 100 %"),
        ("target: power-node", "target: power-node, size: 3 W", 11, "has no size"),
        ("heater_stuck_off, target: power-node", "heater_stuck_off", 11, "target is missing"),
        ("2..4 d", "2..4", 7, "no unit"),
        ("2..4 d", "-2..4 d", 7, "below 0"),
        ("lunabase_faults: 1", "lunabase_faults: 2", 1, "version"),
        ("subsystem: thermal\n", "subsystem: thermal\n    rate: 3\n", 10, "unknown key"),
        ("text: A heater is off.", "cleared_by: time\n    text: Off.", 10, "say in `lasts`"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, right, wrong, line, told):
    assert right in SMALL
    with pytest.raises(FormError) as refused:
        load_catalogue(written(tmp_path, SMALL.replace(right, wrong, 1)))
    assert told in str(refused.value)
    assert refused.value.problems[0].line == line


@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    path = written(tmp_path_factory.mktemp("faults"), "lunabase_faults: 1\nfaults:\n  x: " + text)
    with pytest.raises(InputError):
        load_catalogue(path)


def test_a_name_that_the_station_lacks_is_refused(tmp_path):
    kinds = load_catalogue(written(tmp_path, SMALL.replace("power-node", "power-nod"))).catalogue.faults
    _, station, present = urn()
    with pytest.raises(InputError, match="Did you mean `power-node`"):
        urn_of(kinds, station, present, {})


def test_a_station_without_reactor_is_spared_its_scram():
    small, _, _ = urn("lander")
    assert "reactor-scram" in small.passed_over
    assert all("reactor" not in name for name in small.kinds)


@given(st.integers(0, 2**31), st.integers(0, 10_000), st.booleans())
def test_what_is_drawn_fits_the_station_and_the_catalogue(seed, run, double):
    """`inject` refuses what does not fit; sizes and times lie within their spreads."""
    box, station, present = urn()
    faults = box.draw(run, seed, SPAN_S, double=double)
    inject(station, present, faults)
    assert len({fault.name for fault in faults}) == (2 if double else 1)
    for fault in faults:
        kind = example()[fault.name]
        spreads = [effect.spread for effect in kind.effects if effect.effect == fault.effect]
        assert spreads[0] is None or spreads[0].limits[0] <= fault.size <= spreads[0].limits[1]
        assert 0.0 <= fault.start_s < SPAN_S
        assert math.isinf(fault.stop_s) == (kind.lasts is None)


def test_each_kind_has_its_turn_before_any_comes_twice():
    box, _, _ = urn()
    drawn = [box.draw(run, 7, SPAN_S)[0].name for run in range(len(box.kinds))]
    assert sorted(drawn) == sorted(box.kinds)


def test_a_run_is_drawn_the_same_whatever_was_drawn_before():
    box, _, _ = urn()
    alone = box.draw(41, 3, SPAN_S)
    assert [box.draw(run, 3, SPAN_S) for run in range(60)][41] == alone
    assert box.draw(41, 4, SPAN_S) != alone


def test_moments_are_spread_evenly_over_the_flight():
    box, _, _ = urn()
    parts = np.sort([box.draw(run, 0, SPAN_S)[0].start_s / SPAN_S for run in range(1000)])
    # Kolmogorov-Smirnov: 1.63 / sqrt(n) at 1 % significance.
    assert np.abs(parts - np.arange(1, 1001) / 1000).max() < 1.63 / math.sqrt(1000)
