"""The words of the station file that the planner reads: right ones load to the right values, each mistake is told once."""

import copy
import functools
import json
import operator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from small_station import SMALL

from lunabase.station.goals import DEFAULT_OBJECTIVES
from lunabase.station.load import StationFileError, load_station
from lunabase.station.model import Station
from lunabase.station.reference import json_schema
from lunabase.station.yaml_source import read_yaml

# Every number is made up for the test.
WORDS = """
places:
  crater: {name: Crater, east: 300 m, north: -0.4 km}
  camp: {name: Camp, east: 0 m, north: 0 m}
crew:
  daily_work: 6 h
  members:
    ann: {name: Ann, partner: east, qualifications: [geologist, driver]}
    bob: {name: Bob, partner: west, qualifications: [driver]}
consumables:
  argon: {name: Argon, amount: 3 kg}
resources:
  cart: {name: Cart, host: base, starts_at: camp, travel_speed: 0.36 km/h}
  sled: {name: Sled, host: base, starts_at: crater, travel_speed: 20 cm/s}
  dish: {name: Dish, host: base}
reservations:
  upkeep:
    of: [cart, camera, base, ann]
    power: 30 W
    start: 2030-03-01T06:00:00Z
    stop: 2030-03-02
    text: Wheels are looked after.
planning:
  objectives:
    - {committed: 1}
    - {value: 2.5, fairness: 1}
    - {early_finish: 1}
"""

FULL = (
    SMALL.replace("east: {name: East,", "east: {name: East, data_priority: 8,")
    .replace(
        "{start: 2030-01-01, present: [base]}",
        "{start: 2030-01-01, present: [base]}\n  manned: {start: 2031-01-01, present: [base], crew: 2}",
    )
    .replace("kind: power plant", "kind: power plant\n    crew_capacity: 4")
    .replace("payloads:\n", f"{WORDS.strip()}\npayloads:\n", 1)
    .replace("power: {on: 10 W}", "power: {on: 10 W, slow: 4 W}")
    .replace(
        "activity_types:\n",
        """\
  spare:
    {name: Spare, partner: west, host: base, objective: exploration, discipline: geology, mass: 4 kg,
     power: {on: 8 W, slow: 4 W}, data_rate: 400 kbit/s, disturbs: [dust]}
activity_types:
  collect:
    description: digs
    uses: [dish]
    uses_one_of: [cart, sled]
    place: crater
    crew: [{people: 1, qualification: geologist}, {people: 1}]
    consumes: {argon: 250 g}
    mode_when: [{mode: slow, when: {light: dark}}]
""",
    )
    .replace(
        "      panorama:",
        """\
      nightly:
        activity: collect
        payload: camera
        or_payload: [spare]
        duration: 1 h
        each: {interval: {light: dark}, shortest: 3 d}
        priority: 7
        committed: true
        deliver_within: 2 d
        constraints:
          within:
            - {variable: sun_azimuth, above: 350 deg, below: 10 deg}
            - {variable: surface_temperature, below: -100 degC}
          any_of:
            - {light: lit}
            - {earth: in view, none_of: [{relay: in view}]}
          none_of: [{link: available}]
      panorama:""",
    )
    .replace(
        "budgets:",
        """\
flight_rules:
  quiet:
    type: keep_out
    activity_types: [collect]
    disturbances: [dust]
    when: {within: [{variable: lunar_local_time, above: 22 h, below: 2 h}]}
    text: Nothing stirs around midnight.
budgets:""",
    )
)
NIGHTLY, COLLECT, QUIET = "experiments.mapping.requests.nightly", "activity_types.collect", "flight_rules.quiet"


def load(text, folder):
    path = folder / "station.yaml"
    path.write_text(text, encoding="utf-8")
    return load_station(path).station


def problems(text, folder):
    with pytest.raises(StationFileError) as caught:
        load(text, folder)
    return caught.value.problems


def test_things_and_people_load_to_the_right_values(tmp_path):
    station = load(FULL, tmp_path)
    assert (station.places["crater"].east_m, station.places["crater"].north_m) == (300.0, -400.0)
    assert station.resources["cart"].travel_speed_m_per_s == pytest.approx(0.1)
    assert station.resources["sled"].starts_at == "crater"
    assert station.resources["dish"].starts_at is None
    assert station.crew.daily_work_s == 6 * 3600.0
    assert station.crew.members["ann"].qualifications == ("geologist", "driver")
    assert station.consumables["argon"].amount_kg == 3.0
    assert [partner.data_priority for partner in station.partners.values()] == [8, 5]
    upkeep = station.reservations["upkeep"]
    assert (upkeep.of, upkeep.power_w) == (("cart", "camera", "base", "ann"), 30.0)
    assert (upkeep.start, upkeep.stop) == (datetime(2030, 3, 1, 6, tzinfo=UTC), datetime(2030, 3, 2, tzinfo=UTC))


def test_work_loads_to_the_right_values(tmp_path):
    station = load(FULL, tmp_path)
    kind = station.activity_types["collect"]
    assert (kind.uses, kind.uses_one_of, kind.place) == (("dish",), ("cart", "sled"), "crater")
    assert [(need.people, need.qualification) for need in kind.crew] == [(1, "geologist"), (1, None)]
    assert kind.consumes == {"argon": 0.25}
    assert (kind.mode_when[0].mode, kind.mode_when[0].when.light) == ("slow", "dark")
    wanted = station.experiments["mapping"].requests["nightly"]
    assert (wanted.or_payload, wanted.committed, wanted.deliver_within_s) == (("spare",), True, 2 * 86400.0)
    assert (wanted.each.interval.light, wanted.each.shortest_s) == ("dark", 3 * 86400.0)
    ranges = [(item.variable, item.above_limit, item.below_limit) for item in wanted.constraints.within]
    assert ranges[0] == ("sun_azimuth", 350.0, 10.0)
    assert ranges[1] == ("surface_temperature", None, pytest.approx(173.15))
    assert wanted.constraints.any_of[1].none_of[0].relay == "in view"
    assert wanted.constraints.none_of[0].link == "available"
    rule = station.flight_rules["quiet"]
    assert (rule.activity_types, rule.disturbances) == (("collect",), ("dust",))
    assert (rule.when.within[0].above_limit, rule.when.within[0].below_limit) == (22.0, 2.0)
    assert station.planning.objectives == ({"committed": 1.0}, {"value": 2.5, "fairness": 1.0}, {"early_finish": 1.0})


def test_the_whole_is_of_one_mind_with_pydantic_and_the_schema(tmp_path):
    data = read_yaml(FULL).data
    assert load(FULL, tmp_path) == Station.model_validate(data)
    assert list(Draft202012Validator(json_schema()).iter_errors(data)) == []


def test_without_the_words_the_defaults_hold(tmp_path):
    station = load(SMALL, tmp_path)
    assert station.planning.objectives == DEFAULT_OBJECTIVES
    assert (station.crew, station.places, station.consumables, station.reservations) == (None, {}, {}, {})
    assert station.partners["east"].data_priority == 5


UNKNOWN = [
    ("starts_at: camp", "starts_at: kamp", "resources.cart.starts_at", "no place `kamp`"),
    ("place: crater", "place: krater", f"{COLLECT}.place", "no place `krater`"),
    ("partner: east, qualifications", "partner: nord, qualifications", "crew.members.ann.partner", "no partner `nord`"),
    ("of: [cart, camera, base, ann]", "of: [cart, carl]", "reservations.upkeep.of[1]", "crew member `carl`"),
    ("uses: [dish]", "uses: [disk]", f"{COLLECT}.uses[0]", "no resource `disk`"),
    ("uses_one_of: [cart, sled]", "uses_one_of: [cart, slad]", f"{COLLECT}.uses_one_of[1]", "no resource `slad`"),
    ("qualification: geologist}", "qualification: diver}", f"{COLLECT}.crew[0].qualification", "qualification `diver`"),
    ("{argon: 250 g}", "{xenon: 250 g}", f"{COLLECT}.consumes.xenon", "no consumable `xenon`"),
    ("or_payload: [spare]", "or_payload: [spaer]", f"{NIGHTLY}.or_payload[0]", "no payload `spaer`"),
    ("activity_types: [collect]", "activity_types: [colect]", f"{QUIET}.activity_types[0]", "type `colect`"),
    ("disturbances: [dust]", "disturbances: [dusk]", f"{QUIET}.disturbances[0]", "not one of the choices"),
    ("variable: sun_azimuth", "variable: sun_asimuth", f"{NIGHTLY}.constraints.within[0].variable", "choices"),
    ("- {committed: 1}", "- {comitted: 1}", "planning.objectives[0].comitted", "not one of the choices"),
    ("any_of:\n", "anyof:\n", f"{NIGHTLY}.constraints.anyof", "unknown key"),
    ("interval: {light: dark}", "interval: {light: dim}", f"{NIGHTLY}.each.interval.light", "choices"),
    ("slow: 4 W}, data_rate: 400", "idle: 4 W}, data_rate: 400", f"{NIGHTLY}.activity", "which `spare` lacks"),
]  # fmt: skip

LIMITS = [
    ("above: 350 deg", "above: 350 K", f"{NIGHTLY}.constraints.within[0]", "does not measure angle"),
    ("above: 350 deg", "above: 350", f"{NIGHTLY}.constraints.within[0]", "no unit"),
    ("above: 350 deg", "above: true", f"{NIGHTLY}.constraints.within[0].above", "found True"),
    ("above: 350 deg, below: 10 deg", "above: -10 deg, below: 10 deg", f"{NIGHTLY}.constraints.within[0]", "0 to 360 deg"),
    ("above: 350 deg, below: 10 deg", "above: 10 deg, below: 10 deg", f"{NIGHTLY}.constraints.within[0]", "nothing lies"),
    (", above: 350 deg, below: 10 deg", "", f"{NIGHTLY}.constraints.within[0]", "give `above`, `below` or both"),
    ("below: -100 degC", "above: 200 K, below: 200 K", f"{NIGHTLY}.constraints.within[1]", "nothing lies in it"),
    ("below: -100 degC", "below: -300 degC", f"{NIGHTLY}.constraints.within[1]", "runs from 0 K to"),
    ("surface_temperature, below: -100 degC", "solar_flux, above: 1 kW", f"{NIGHTLY}.constraints.within[1]", "flux"),
    ("surface_temperature, below: -100 degC", "sun_elevation, above: 91 deg", f"{NIGHTLY}.constraints.within[1]",
     "-90 to 90 deg"),
    ("surface_temperature, below: -100 degC", "earth_visible_fraction, above: 120 %",
     f"{NIGHTLY}.constraints.within[1]", "0 % to 100 %"),
    ("above: 22 h", "above: 25 h", f"{QUIET}.when.within[0]", "0 to 24 h"),
    ("above: 22 h", 'above: "22:00"', f"{QUIET}.when.within[0]", "can't read"),
    ("{light: lit}\n", "{light: lit, sun_visible_fraction: {below: 20 %}}\n", f"{NIGHTLY}.constraints.any_of[0]",
     "can't both hold"),
    ("{earth: in view, none_of:", "{earth: in view, sun_elevation: {}, none_of:",
     f"{NIGHTLY}.constraints.any_of[1].sun_elevation", "give `above`"),
    ("any_of:\n            - {light: lit}\n", "any_of:\n            - {}\n", f"{NIGHTLY}.constraints.any_of",
     "asks for nothing"),
    ("none_of: [{link: available}]", "none_of: [{}]", f"{NIGHTLY}.constraints.none_of", "asks for nothing"),
    ("interval: {light: dark}", "interval: {}", f"{NIGHTLY}.each.interval", "asks for nothing"),
    ("when: {light: dark}", "when: {}", f"{COLLECT}.mode_when[0].when", "asks for nothing"),
    ("when: {within: [{variable: lunar_local_time, above: 22 h, below: 2 h}]}", "when: {}", f"{QUIET}.when",
     "asks for nothing"),
]  # fmt: skip

USES = [
    # Places and travel
    (", travel_speed: 0.36 km/h", "", "resources.cart", "both `starts_at` and `travel_speed`"),
    ("starts_at: camp, ", "", "resources.cart", "both `starts_at` and `travel_speed`"),
    ("travel_speed: 20 cm/s", "travel_speed: 0 m/s", "resources.sled.travel_speed", "above 0"),
    ("uses_one_of: [cart, sled]", "uses_one_of: []", f"{COLLECT}.place", "nothing that it holds can move"),
    (", starts_at: crater, travel_speed: 20 cm/s", "", f"{COLLECT}.place", "`sled`"),
    ("uses_one_of: [cart, sled]", "uses_one_of: [cart, sled, dish]", f"{COLLECT}.uses_one_of", "`dish` twice"),
    ("surface: {latitude: -89 deg, longitude: 10 deg, height: 0 m, horizon: {flat: true}}",
     "orbit: {periapsis_altitude: 100 km, apoapsis_altitude: 100 km, inclination: 90 deg, raan: 0 deg,"
     " argument_of_periapsis: 0 deg, mean_anomaly: 0 deg, epoch: 2030-01-01}", "places", "in orbit has no places"),
    # People
    ("crew: 2}", "crew: 3}", "phases.manned.crew", "`crew` lists 2"),
    ("{people: 1}]", "{people: 2}]", COLLECT + ".crew", "3 people"),
    ("{people: 1}]", "{people: 1, qualification: geologist}]", COLLECT + ".crew", "2 people"),
    ("{people: 1}]", "{people: 0}]", f"{COLLECT}.crew[1].people", "too small"),
    ("people: 1, q", "people: two, q", f"{COLLECT}.crew[0].people", "whole number"),
    ("daily_work: 6 h", "daily_work: 0 h", "crew.daily_work", "above 0"),
    ("daily_work: 6 h", "daily_work: 25 h", "crew.daily_work", "between 0 and 86400"),
    # Amounts
    ("{argon: 250 g}", "{argon: 0 g}", f"{COLLECT}.consumes.argon", "above 0"),
    ("{argon: 250 g}", "{argon: 250 J}", f"{COLLECT}.consumes.argon", "does not measure mass"),
    ("{argon: 250 g}", "{argon: 3.1 kg}", f"{COLLECT}.consumes.argon", "there are 3 kg"),
    ("amount: 3 kg", "amount: 0 kg", "consumables.argon.amount", "above 0"),
    # Requests
    ("priority: 7", "priority: 7\n        count: 2", NIGHTLY, "exactly one of"),
    ("priority: 7", "priority: 7\n        total: 9 h", NIGHTLY, "exactly one of"),
    ("        each: {interval: {light: dark}, shortest: 3 d}\n", "", NIGHTLY, "exactly one of"),
    ("shortest: 3 d", "shortest: 3 m", f"{NIGHTLY}.each.shortest", "does not measure duration"),
    ("or_payload: [spare]", "or_payload: [camera]", f"{NIGHTLY}.or_payload", "`camera` twice"),
    ("committed: true", "committed: 1", f"{NIGHTLY}.committed", "true or false"),
    ("deliver_within: 2 d", "deliver_within: 0 s", f"{NIGHTLY}.deliver_within", "above 0"),
    ("data_priority: 8", "data_priority: 11", "partners.east.data_priority", "too large"),
    ("data_priority: 8", "data_priority: high", "partners.east.data_priority", "whole number"),
    # Reservations and rules
    ("stop: 2030-03-02", "stop: 2030-03-01T06:00:00Z", "reservations.upkeep.stop", "stop must come after start"),
    ("stop: 2030-03-02", "stop: 2030-02-02", "reservations.upkeep.stop", "stop must come after start"),
    ("stop: 2030-03-02", "stop: tomorrow", "reservations.upkeep.stop", "not a date"),
    ("of: [cart, camera, base, ann]\n    power: 30 W\n", "of: []\n", "reservations.upkeep", "nothing is reserved"),
    ("of: [cart, camera, base, ann]", "of: [cart, cart]", "reservations.upkeep.of", "`cart` twice"),
    ("power: 30 W\n", "power: -30 W\n", "reservations.upkeep.power", "out of range"),
    ("    activity_types: [collect]\n    disturbances: [dust]\n", "", QUIET, "nothing is kept out"),
    # Goals
    ("early_finish: 1", "value: 1", "planning.objectives", "`value` twice"),
    ("{early_finish: 1}", "{early_finish: 0}", "planning.objectives[2].early_finish", "too small"),
    ("{early_finish: 1}", "{early_finish: -1}", "planning.objectives[2].early_finish", "too small"),
    ("{early_finish: 1}", "{early_finish: 1e9}", "planning.objectives[2].early_finish", "too large"),
    ("{early_finish: 1}", "{early_finish: much}", "planning.objectives[2].early_finish", "expected a number"),
    ("{early_finish: 1}", "{early_finish: true}", "planning.objectives[2].early_finish", "expected a number"),
    ("{early_finish: 1}", "{}", "planning.objectives", "names no goal"),
    ("{early_finish: 1}", "early_finish", "planning.objectives[2]", "expected `key: value`"),
    ("    - {committed: 1}\n    - {value: 2.5, fairness: 1}\n    - {early_finish: 1}\n", "      []\n",
     "planning.objectives", "at least one"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "field", "words"), [*UNKNOWN, *LIMITS, *USES])
def test_each_mistake_is_told_once_with_its_line(right, wrong, field, words, tmp_path):
    assert FULL.count(right) >= 1
    text = FULL.replace(right, wrong, 1)
    found = problems(text, tmp_path)
    assert [(item.field, words in item.problem) for item in found] == [(field, True)], found
    lines = text.splitlines()
    key = field.split(".")[-1].split("[")[0]
    told = [number for number, line in enumerate(lines, 1) if key in line]
    assert min(abs(found[0].line - number) for number in told) <= 3
    assert "{" not in found[0].problem


@pytest.mark.parametrize("word", ["any_of", "none_of"])
def test_conditions_within_conditions_load_to_a_sensible_depth_and_no_further(word, tmp_path):
    def nested(depth):
        inner = f"{{{word}: [" * depth + "{light: lit}" + "]}" * depth
        return FULL.replace("none_of: [{link: available}]", f"none_of: [{inner}]")

    constraints = load(nested(10), tmp_path).experiments["mapping"].requests["nightly"].constraints.none_of[0]
    for _ in range(10):
        (constraints,) = getattr(constraints, word)
    assert constraints.light == "lit"
    for depth in (100, 400, 20_000):
        found = problems(nested(depth), tmp_path)
        assert any("deep" in item.problem or "not valid YAML" in item.problem for item in found), found


def test_a_condition_that_contains_itself_is_refused(tmp_path):
    text = FULL.replace("none_of: [{link: available}]", "none_of: &all [{any_of: *all}, {any_of: *all}]")
    told = [item for item in problems(text, tmp_path) if "contains itself" in item.problem]
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "&all" in line)
    assert [(item.line, item.field.rpartition(".")[2]) for item in told] == [(line, "any_of"), (line, "any_of")]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "cart", "5 deg", "1 h", "light"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["any_of", "light", "above", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)
DATA = read_yaml(FULL).data


def places(value, path=()):
    """Every path in plain data."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from places(item, (*path, key))


OWN = ("places", "crew", "consumables", "resources", "reservations", "planning", "flight_rules")
PLACES = [
    path for path in places(DATA) if path and (path[0] in OWN or {"collect", "nightly", "data_priority"} & set(path))
]


@settings(max_examples=80, deadline=None)
@given(value=ANY_JSON, path=st.sampled_from(PLACES))
def test_any_value_anywhere_loads_or_gives_problems_with_lines(value, path, tmp_path_factory):
    data = copy.deepcopy(DATA)
    functools.reduce(operator.getitem, path[:-1], data)[path[-1]] = value
    text = json.dumps(data, indent=1, allow_nan=True)
    found = ()
    try:
        station = load(text, tmp_path_factory.mktemp("fuzz"))
        assert value is None or station == Station.model_validate(read_yaml(text).data)
    except StationFileError as wrong:
        found = wrong.problems
    assert all(1 <= item.line <= len(text.splitlines()) and item.problem for item in found)
