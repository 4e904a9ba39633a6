"""The change file: right ones load, wrong ones report everything at once with line, field and remedy."""

import contextlib
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.planning.change import changed_environment, changed_station, merged
from lunabase.runs.change_file import change_markdown, load_change
from lunabase.station.load import FormError, load_station

ROOT = Path(__file__).parents[2]
STATION = load_station(ROOT / "examples" / "ilrs.yaml").station
EXAMPLE = re.search(r"```yaml\n(.*?)```", change_markdown(), re.DOTALL)[1]


def load(text, folder):
    path = folder / "change.yaml"
    path.write_text(text, encoding="utf-8")
    return load_change(path, STATION).change


def problems(text, folder):
    with pytest.raises(FormError) as caught:
        load(text, folder)
    return caught.value.problems


def test_the_example_of_the_reference_page_loads_in_si(tmp_path):
    change = load(EXAMPLE, tmp_path)
    assert change.now == datetime(2035, 1, 9, 6, tzinfo=UTC)
    assert change.power[0].less_w == 500.0
    assert change.charge.value == pytest.approx(0.71)
    assert change.requests["topography"]["panorama"].minimum_duration_s == 3600.0
    assert [pin.activity for pin in change.pins] == ["shadow-ice/hop#1"]


WRONG = [
    ("now: 2035-01-09T06:00:00Z", "text: x", "now", "missing"),
    ("of: [prospect]", "of: [prospct]", "unavailable[0].of[0]", "there is no resource, payload, module or person"),
    ("stop: 2035-01-14", "stop: 2035-01-04", "unavailable[0].stop", "stop must come after start"),
    ("less: 500 W", "less: 500", "power[0].less", "has no unit"),
    ("value: 71 %", "value: 171 %", "charge.value", "between 0 and 1"),
    ("[heat-flow/go-down]", "[heat-flow/go-up]", "cancel[0]", "there is no request `heat-flow/go-up`"),
    ("  topography:", "  topografy:", "requests.topografy", "there is no experiment"),
    ("payload: topography-camera", "payload: camera", "requests.topography.panorama.payload", "there is no payload"),
    ("activity: take-images", "activity: scoop", "requests.topography.panorama.activity", "lacks"),
    ("pin: [shadow-ice/hop#1]", "pin: [shadow-ice/hup#1]", "pin[0]", "there is no request"),
    ("{activity_type: hop,", "{activity_type: hup,", "forbid[0].activity_type", "there is no activity type"),
    ("{activity_type: hop,", "{activity_type: hop, payload: nils,", "forbid[0]", "exactly one of"),
    ("{activity_type: hop,", "{", "forbid[0]", "exactly one of"),
]


@pytest.mark.parametrize(("part", "instead", "field", "words"), WRONG)
def test_each_error_has_its_line_and_field(part, instead, field, words, tmp_path):
    text = EXAMPLE.replace(part, instead)
    assert text != EXAMPLE
    first = next(item for item in problems(text, tmp_path) if item.field == field)
    assert words in first.problem
    assert (
        field in ("now", "requests.topografy")
        or instead.split(":")[0].strip("{, ") in text.splitlines()[first.line - 1]
    )


def test_a_missing_file_says_where_to_look(tmp_path):
    with pytest.raises(InputError, match=r"there is no such file.*change-file.md"):
        load_change(tmp_path / "none.yaml", STATION)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.integers(0, len(EXAMPLE)), st.integers(0, 40))
def test_mangled_files_give_an_input_error_or_a_change(tmp_path_factory, noise, place, cut):
    folder = tmp_path_factory.mktemp("change")
    with contextlib.suppress(InputError):
        load(EXAMPLE[:place] + noise + EXAMPLE[place + cut :], folder)


def test_a_change_alters_station_and_environment(tmp_path, lander_run):
    environment = lander_run.environment
    begin = environment["time"].values[0].astype("datetime64[s]").item()
    day = f"{begin:%Y-%m-%dT}"
    text = (
        f"now: {begin:%Y-%m-%d}\nlost_contacts: [{{start: {day}02:00:00Z, stop: {day}03:00:00Z}}]\n"
        f"power: [{{start: {day}01:30:30Z, stop: {day}01:31:30Z, less: 40 W}}]\ncharge: {{at: {day}01:00:10Z, value: 50 %}}\n"
        f"unavailable: [{{of: [lander], start: {day}02:00:00Z, stop: {day}03:00:00Z, text: dust}}]\n"
    )
    path = tmp_path / "change.yaml"
    path.write_text(text, encoding="utf-8")
    change = load_change(path, lander_run.station).change
    after = changed_environment(environment, change)
    seconds = (after["time"].values - after["time"].values[0]) / np.timedelta64(1, "s")
    silent = (seconds >= 7200) & (seconds < 10800)
    for name in ("contact", "relay_contact"):
        if name in after:
            assert not after[name].values[..., silent].any()
            assert (after[name].values[..., ~silent] == environment[name].values[..., ~silent]).all()
    step_s = seconds[1]
    lost = after["lost_generation"].values
    assert set(np.flatnonzero(lost)) == {k for k in range(len(lost)) if k * step_s < 5490 and (k + 1) * step_s > 5430}
    assert np.flatnonzero(~np.isnan(after["known_charge"].values)).tolist() == [3610 // step_s]
    assert changed_station(lander_run.station, change).reservations["change-unavailable-1"].of == ("lander",)


def test_of_two_changes_the_later_now_and_charge_count(tmp_path):
    one = load("now: 2035-01-03\ncharge: {at: 2035-01-03, value: 50 %}\ncancel: [topography/panorama]", tmp_path)
    two = load("now: 2035-01-05\ncharge: {at: 2035-01-05, value: 60 %}\npin: [shadow-ice/hop#1]", tmp_path)
    both = merged((one, two))
    assert both.now == two.now
    assert both.charge.value == 0.6
    assert both.cancel == ("topography/panorama",)
    assert len(both.pins) == 1
    assert merged(()) is None
