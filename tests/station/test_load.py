"""The station file: right ones load, wrong ones report everything at once with line, field and remedy."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_station import SMALL

from lunabase.errors import InputError
from lunabase.station.load import StationFileError, load_station


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
    ("type: battery", "type: batery", "modules.base.equipment.battery", "not one of the choices"),
    ("share: 40 %", "share: 50 %", "partners", "110.0%, more than 100 %"),
    ("landed_mass: 200 kg", "landed_mass: 123 kg", "budgets.landed_mass", "weighs 124 kg"),
    ("payload_mass_limit: 20 kg", "payload_mass_limit: 3 kg", "modules.base.payload_mass_limit", "weigh 4 kg"),
    ("payload_power_limit: 40 W", "payload_power_limit: 9 W", "payloads.camera.power", "draws 10 W"),
    ("count: 2", "count: 2, every: {period: 1 d, tolerance: 1 h}", "experiments.mapping.requests.panorama", "exactly one"),
    ("latitude: -89 deg", "latitude: -91 deg", "site.surface.latitude", "between -90 and 90"),
    ("horizon: {flat: true}", "horizon: {flat: true, mask: a.csv}", "site.surface.horizon", "exactly one"),
    ("start: 2030-01-01, end", "start: 2033-01-01, end", "station", "later than start"),
    ("reading: state_of_charge, below: 20 %", "reading: state_of_charge, below: 20 W", "modes.survival.enter[0]", "fraction"),
    ("name: Camera", "name: Camera, estimates: [mass]", "payloads.camera", "no source"),
    ("name: Camera", "name: Camera, source: x, estimates: [mas]", "payloads.camera", "does not have"),
    ("{description: takes pictures}", "{description: takes pictures, mode: scan}",
     "experiments.mapping.requests.panorama.activity", "needs power mode `scan`"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "field", "words"), WRONG)
def test_each_kind_of_error_names_line_field_and_remedy(right, wrong, field, words, tmp_path):
    assert right in SMALL
    text = SMALL.replace(right, wrong, 1)
    found = [item for item in problems(text, tmp_path) if item.field == field and words in item.problem]
    assert len(found) == 1, problems(text, tmp_path)
    first = text.splitlines()[found[0].line - 1].split(":")[0].strip(" -{")
    key = field.split(".")[-1].split("[")[0]
    assert key in text.splitlines()[found[0].line - 1] or key == first


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


SECTIONS = ["site", "phases", "modules", "payloads", "experiments", "modes", "budgets", "partners"]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(value=ANY_JSON, section=st.sampled_from(SECTIONS))
def test_any_value_in_any_section_gives_input_errors_only(value, section, tmp_path_factory):
    text = SMALL.replace(f"\n{section}:", f"\n{section}: {json.dumps(value)}\nold-{section}:")
    with pytest.raises(InputError):
        load(text, tmp_path_factory.mktemp("fuzz"))
