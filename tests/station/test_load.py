"""The station file: right ones load, wrong ones report everything at once with line, field and remedy."""

import contextlib
import copy
import functools
import json
import operator
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_station import SMALL

from lunabase.errors import InputError
from lunabase.station.load import StationFileError, load_station
from lunabase.station.model import Station
from lunabase.station.yaml_source import read_yaml


def load(text, folder):
    path = folder / "station.yaml"
    path.write_text(text, encoding="utf-8")
    return load_station(path)


def problems(text, folder):
    with pytest.raises(StationFileError) as caught:
        load(text, folder)
    return caught.value.problems


def line_of(text, part):
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_small_station_loads_in_si(tmp_path):
    station = load(SMALL, tmp_path).station
    assert station.modules["base"].equipment["battery"].capacity_j == pytest.approx(7 * 3.6e6)
    assert station.payloads["camera"].data_rate_bit_per_s == 500e3
    assert station.site.surface.latitude_deg == -89.0
    assert station.payloads["camera"].power["on"] == 10.0


WRONG = [
    ("mass: 4 kg", "mass: 4 kgg", "payloads.camera.mass", "unknown unit 'kgg'"),
    ("mass: 4 kg", "mass: 4 W", "payloads.camera.mass", "does not measure mass"),
    ("mass: 4 kg", "mas: 4 kg", "payloads.camera.mas", "unknown key"),
    ("host: base", "host: bas", "payloads.camera.host", "there is no module `bas`"),
    ("partner: east\n", "partner: eest\n", "experiments.mapping.partner", "there is no partner `eest`"),
    ("activity: image", "activity: imag", "experiments.mapping.requests.panorama.activity", "no activity type"),
    ("order: [camera]", "order: [camra]", "load_shedding.order[0]", "no payload or module `camra`"),
    ("type: battery", "type: batery", "modules.base.equipment.battery.type", "not one of the choices"),
    ("share: 40 %", "share: 50 %", "partners", "110 %, more than 100 %"),
    ("landed_mass: 200 kg", "landed_mass: 123 kg", "budgets.landed_mass", "weighs 124 kg"),
    ("payload_mass_limit: 20 kg", "payload_mass_limit: 3 kg", "modules.base.payload_mass_limit", "weigh 4 kg"),
    ("payload_power_limit: 40 W", "payload_power_limit: 9 W", "payloads.camera.power", "draws 10 W"),
    ("count: 2", "count: 2, every: {period: 1 d, tolerance: 1 h}", "experiments.mapping.requests.panorama", "exactly one"),
    ("latitude: -89 deg", "latitude: -91 deg", "site.surface.latitude", "between -90 and 90"),
    ("horizon: {flat: true}", "horizon: {flat: true, mask: a.csv}", "site.surface.horizon", "exactly one"),
    ("start: 2030-01-01, end", "start: 2033-01-01, end", "station.end", "later than start"),
    ("reading: state_of_charge, below: 20 %", "reading: state_of_charge, below: 20 W", "modes.survival.enter[0]", "fraction"),
    ("name: Camera", "name: Camera, estimates: [mass]", "payloads.camera.estimates", "no source"),
    ("name: Camera", "name: Camera, source: x, estimates: [mas]", "payloads.camera.estimates", "no value of this entry"),
    ("{description: takes pictures}", "{description: takes pictures, mode: scan}",
     "experiments.mapping.requests.panorama.activity", "needs power mode `scan`"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "field", "words"), WRONG)
def test_each_kind_of_error_names_line_field_and_remedy(right, wrong, field, words, tmp_path):
    assert right in SMALL
    text = SMALL.replace(right, wrong, 1)
    found = [item for item in problems(text, tmp_path) if item.field == field and words in item.problem]
    assert len(found) == 1, problems(text, tmp_path)
    assert found[0].line == line_told(text, wrong, field)


def line_told(text, wrong, field):
    """The line where the field's last key stands: in what was changed, or else its own line before or after."""
    key = field.split(".")[-1].split("[")[0]
    changed = next(number for number, line in enumerate(text.splitlines(), 1) if wrong.splitlines()[0] in line)
    told = [number for number, line in enumerate(text.splitlines(), 1) if f"{key}:" in line]
    return min(told, key=lambda number: abs(number - changed))


def test_unknown_key_names_the_nearest(tmp_path):
    (problem,) = problems(
        SMALL.replace("modules:", "modules:", 1).replace("load_shedding:", "load_sheding:"), tmp_path
    )[1:]
    assert problem.fix == "Did you mean `load_shedding`?"


def test_all_errors_come_in_one_go(tmp_path):
    text = SMALL
    for right, wrong, _, _ in (WRONG[0], WRONG[3], WRONG[8], WRONG[9]):
        text = text.replace(right, wrong, 1)
    fields = {item.field for item in problems(text, tmp_path)}
    assert {"payloads.camera.mass", "payloads.camera.host", "partners"} <= fields


def test_message_is_file_line_field(tmp_path):
    text = SMALL.replace("mass: 4 kg", "mass: 4 W")
    with pytest.raises(StationFileError) as caught:
        load(text, tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/station.yaml:{line_of(text, 'mass: 4 W')}: payloads.camera.mass: ")
    assert caught.value.exit_code == 2


def test_duplicate_keys_are_errors(tmp_path):
    found = problems(SMALL.replace("    mass: 100 kg", "    mass: 100 kg\n    mass: 90 kg"), tmp_path)
    assert "given twice" in found[0].problem


def test_merge_keys_and_yaml_1_2_words(tmp_path):
    text = SMALL.replace(
        "payloads:\n  camera:\n    {name: Camera,",
        "payloads:\n  spare: {<<: *base, name: Spare}\n  camera: &base\n    {name: Camera,",
    )
    # The alias is used before its anchor: a YAML error; the other way round it works.
    assert "YAML" in problems(text, tmp_path)[0].problem
    late = SMALL.replace("activity_types:", "  spare: {<<: *base, name: Spare}\nactivity_types:").replace(
        "camera:\n    {name: Camera,", "camera: &base\n    {name: Camera,"
    )
    assert load(late, tmp_path).station.payloads["spare"].power["on"] == 10.0


@pytest.mark.parametrize("text", ["", "[]", "a: [", "\t", "lunabase", "&a [*a]", "? {a: b} : c", "a: &x\n  b: *x\n"])
def test_what_is_no_station_file_is_refused(text, tmp_path):
    with pytest.raises(InputError):
        load(text, tmp_path)


def test_alias_bomb_is_refused(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(InputError, match="too deep or too many"):
        load("\n".join(lines), tmp_path)


def test_missing_folder_and_binary_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_station(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="can't be read"):
        load_station(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        load_station(tmp_path / "binary.yaml")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/stdin"])
def test_devices_are_refused_at_once(device):
    with pytest.raises(InputError, match="no regular file"):
        load_station(Path(device))


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(InputError, match="no regular file"):
        load_station(tmp_path / "pipe.yaml")


def test_a_huge_file_is_refused(tmp_path):
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(30_000_000)
    with pytest.raises(InputError, match="larger than 20 MB"):
        load_station(tmp_path / "huge.yaml")


def test_an_empty_file_says_so(tmp_path):
    (problem,) = problems("# nothing yet\n", tmp_path)
    assert (problem.line, problem.problem) == (1, "the file is empty")


def test_a_control_character_is_one_message_with_its_line(tmp_path):
    text = SMALL.replace("name: Small", "name: Sm\u0001all")
    (problem,) = problems(text, tmp_path)
    assert (problem.line, "U+0001" in problem.problem) == (line_of(text, "\u0001"), True)


def test_no_message_breaks_its_line_or_colours_the_terminal(tmp_path):
    text = SMALL.replace("host: base", r'host: "a\n\e[31m"').replace("data_rate:", r'"x\ny": 1, data_rate:')
    with pytest.raises(StationFileError) as caught:
        load(text, tmp_path)
    assert len(str(caught.value).split("\n")) == len(caught.value.problems)
    assert "\x1b[31m" not in str(caught.value)


def test_very_many_errors_are_counted_not_listed(tmp_path):
    text = SMALL.replace("activity_types:", "".join(f"  p{n}: {{nam: x}}\n" for n in range(5000)) + "activity_types:")
    with pytest.raises(StationFileError) as caught:
        load(text, tmp_path)
    assert len(caught.value.problems) == 200
    shown = str(caught.value).splitlines()
    assert len(shown) == 201
    # Each has eight missing keys and an unknown one; the first two hundred are shown.
    assert shown[-1].endswith(f"and {5000 * 9 - 200} more")


def test_an_excess_is_shown_with_the_digits_that_matter(tmp_path):
    mass = problems(SMALL.replace("landed_mass: 200 kg", "landed_mass: 123.99999 kg"), tmp_path)[0]
    assert "weighs 124 kg" in mass.problem
    assert "the 123.99999 kg that" in mass.problem
    shares = problems(SMALL.replace("share: 40 %", "share: 40.00004 %"), tmp_path)[0]
    assert "100.00004 %" in shares.problem


def test_a_sum_that_rounds_to_its_limit_keeps_it(tmp_path):
    """0.1 + 0.2 is more than 0.3 in binary."""
    text = SMALL.replace("mass: 100 kg", "mass: 0.1 kg").replace("mass: 20 kg", "mass: 0.1 kg")
    text = text.replace("mass: 4 kg", "mass: 0.1 kg").replace("landed_mass: 200 kg", "landed_mass: 0.3 kg")
    assert load(text, tmp_path).station.budgets.landed_mass_kg == 0.3


LINES = SMALL.strip("\n").splitlines()


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(0, len(LINES) - 1),
    replacement=st.sampled_from(["", "x: 1", "  - 1", "null", "{", "mass: [1]", "\u0000", "a: b: c"]),
)
def test_a_broken_line_never_raises_anything_else(number, replacement, tmp_path_factory):
    text = "\n".join(replacement if index == number else line for index, line in enumerate(LINES))
    with contextlib.suppress(InputError):
        assert load(text, tmp_path_factory.mktemp("fuzz")).station.partners


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(value, path=()):
    """Every path in plain data."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from places(item, (*path, key))


DATA = read_yaml(SMALL).data
PLACES = [path for path in places(DATA) if path]


@settings(max_examples=200, deadline=None)
@given(value=ANY_JSON, path=st.sampled_from(PLACES))
def test_any_value_anywhere_loads_or_gives_problems_with_lines(value, path, tmp_path_factory):
    data = copy.deepcopy(DATA)
    functools.reduce(operator.getitem, path[:-1], data)[path[-1]] = value
    text = json.dumps(data, indent=1, allow_nan=True)
    found = ()
    try:
        station = load(text, tmp_path_factory.mktemp("fuzz")).station
        # Read field by field, it is what pydantic makes of the whole; an empty optional key means its default.
        assert value is None or station == Station.model_validate(read_yaml(text).data)
    except StationFileError as wrong:
        found = wrong.problems
    assert all(1 <= item.line <= len(text.splitlines()) and item.problem for item in found)


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("value", [{}, []], ids=["mapping", "list"])
def test_an_empty_value_anywhere_loads_or_gives_problems(value, path, tmp_path):
    data = copy.deepcopy(DATA)
    functools.reduce(operator.getitem, path[:-1], data)[path[-1]] = value
    with contextlib.suppress(StationFileError):
        assert load(json.dumps(data, indent=1), tmp_path).station.partners is not None
