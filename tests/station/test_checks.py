"""Each check of the station file, by one change to the starter, which has nothing wrong with it."""

import pytest

from lunabase.station.load import StationFileError, load_station
from lunabase.station.reference import starter_text

STARTER = "\n".join(line for line in starter_text().splitlines() if not line.lstrip().startswith("#"))


def problems(text, folder):
    path = folder / "station.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StationFileError) as caught:
        load_station(path)
    return caught.value.problems


ARRAY, BATTERY, BOX = (f"modules.lander.equipment.{name}" for name in ("array", "battery", "warm-box"))
GROUND, QUAKES = "experiments.ground.requests", "experiments.moonquakes.requests.quiet-hours"

ZERO = [
    ("mass: 20 kg", "mass: 0 kg", f"{ARRAY}.mass"),
    ("area: 3 m^2", "area: 0 m^2", f"{ARRAY}.area"),
    ("efficiency: 29 %", "efficiency: 0 %", f"{ARRAY}.efficiency"),
    ("emittance: 0.85", "emittance: 0", f"{ARRAY}.emittance"),
    ("capacity: 20 kWh", "capacity: 0 kWh", f"{BATTERY}.capacity"),
    ("charge_efficiency: 97 %", "charge_efficiency: 0 %", f"{BATTERY}.charge_efficiency"),
    ("discharge_efficiency: 96 %", "discharge_efficiency: 0 %", f"{BATTERY}.discharge_efficiency"),
    ("maximum_charge: 1 kW", "maximum_charge: 0 kW", f"{BATTERY}.maximum_charge"),
    ("maximum_discharge: 1 kW", "maximum_discharge: 0 kW", f"{BATTERY}.maximum_discharge"),
    ("heat_capacity: 150 kJ/K", "heat_capacity: 0 kJ/K", f"{BOX}.heat_capacity"),
    ("radiator_emissivity: 0.87", "radiator_emissivity: 0", f"{BOX}.radiator_emissivity"),
    ("capacity: 64 Gbit", "capacity: 0 Gbit", "modules.lander.equipment.recorder.capacity"),
    ("mass: 500 kg", "mass: 0 kg", "modules.lander.mass"),
    ("period: 48 h", "period: 0 h", f"{GROUND}.panorama.every.period"),
    ("duration: 1 h", "duration: 0 h", f"{GROUND}.panorama.duration"),
    ("interval: 20 min", "interval: 0 s", "load_shedding.interval"),
    ("start_below: 32 %", "start_below: 0 %", "load_shedding.start_below"),
    ("landed_mass: 900 kg", "landed_mass: 0 kg", "budgets.landed_mass"),
]


@pytest.mark.parametrize(("right", "wrong", "field"), ZERO)
def test_what_divides_or_makes_no_sense_at_zero_is_refused(right, wrong, field, tmp_path):
    assert right in STARTER
    (found,) = problems(STARTER.replace(right, wrong, 1), tmp_path)
    assert (found.field, "must be above 0" in found.problem) == (field, True)


LIMITS = [
    ("latitude: -89.44 deg", "latitude: -90.01 deg", "site.surface.latitude"),
    ("height: 1958 m", "height: 1958 km", "site.surface.height"),
    ("altitude: 837 m", "altitude: 837 km", "earth_stations.madrid.altitude"),
    ("minimum_elevation: 10 deg", "minimum_elevation: 100 deg", "earth_stations.madrid.minimum_elevation"),
    ("inclination: 62.4 deg", "inclination: 181 deg", "relays.relay.orbit.inclination"),
    ("inclination: 62.4 deg", "inclination: -1 deg", "relays.relay.orbit.inclination"),
    ("apoapsis_altitude: 16000 km", "apoapsis_altitude: 160000 km", "relays.relay.orbit.apoapsis_altitude"),
    ("maximum_slope: 15 deg", "maximum_slope: 95 deg", "modules.rover.mobility.maximum_slope"),
    ("speed: 0.05 m/s", "speed: 5 km/s", "modules.rover.mobility.speed"),
    ("radiator_tilt: 0 deg", "radiator_tilt: -5 deg", f"{BOX}.radiator_tilt"),
    ("temperature_coefficient: -0.19 %/K", "temperature_coefficient: 50 %/K", f"{ARRAY}.temperature_coefficient"),
    ("temperature_coefficient: -0.19 %/K", "temperature_coefficient: -0.19 1/K", f"{ARRAY}.temperature_coefficient"),
    ("height: 2 m ", "height: -2 m ", f"{ARRAY}.height"),
    ("{light: lit, link", "{sun_elevation: {above: 91 deg}, link",
     f"{GROUND}.profile.constraints.sun_elevation.above"),
    ("start: 2035-06-01T00:00:00Z\n  end", "start: 0001-01-01T00:00:00+14:00\n  end", "station.start"),
    ("end: 2037-06-01T00:00:00Z", "end: 9999-12-31T23:59:59-05:00", "station.end"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "field"), LIMITS)
def test_values_beyond_sense_are_out_of_range(right, wrong, field, tmp_path):
    assert right in STARTER
    (found,) = problems(STARTER.replace(right, wrong, 1), tmp_path)
    assert (found.field, "out of range" in found.problem) == (field, True)


RULES = [
    # Equipment
    ("initial_charge: 90 %", "initial_charge: 4 %", f"{BATTERY}.initial_charge", "starts disconnected"),
    ("minimum_charge: 5 %", "minimum_charge: 100 %\n        # x", f"{BATTERY}.minimum_charge", "gives nothing"),
    ("absorptance: 0.90", "absorptance: 0.20", f"{ARRAY}.efficiency", "above absorptance"),
    ("initial_temperature: 288 K", "initial_temperature: 400 K", f"{BOX}.initial_temperature", "outside its survival"),
    ("operating: {minimum: 263 K", "operating: {minimum: 240 K", f"{BOX}.operating", "within the survival"),
    ("heater_setpoint: 268 K", "heater_setpoint: 320 K", f"{BOX}.heater_setpoint", "below the operating maximum"),
    ("heater_setpoint: 268 K", "heater_setpoint: 240 K", f"{BOX}.heater_setpoint", "above the survival minimum"),
    ("        rate_to_earth: 500 kbit/s  # leave a rate out where there is no such link\n        rate_to_relay: 555 kbit/s\n",
     "", "modules.lander.equipment.radio", "reaches nobody"),
    ("estimates: [mass, area, dust_loss, dust_loss_rate]", "estimates: [source, mass, type]",
     f"{ARRAY}.estimates", "source, type, which is no value"),
    ("operating: {minimum: 263 K, maximum: 313 K}\n", "operating: {minimum: 263 K, maximum: 313 K}\n        couplings: {warm-box: 1 W/K}\n",
     f"{BOX}.couplings.warm-box", "coupled to itself"),
    ("      recorder:\n", "      unit: {type: radioisotope_source, mass: 1 kg, power: 0 W, heat: 5 W, half_life: 87.7 year, fuelled: 2040-01-01}\n      recorder:\n",
     "modules.lander.equipment.unit.fuelled", "after the end"),
    ("      recorder:\n", "      unit: {type: radioisotope_source, mass: 1 kg, power: 0 W, heat: 0 W, half_life: 87.7 year, fuelled: 2030-01-01}\n      recorder:\n",
     "modules.lander.equipment.unit", "neither power nor heat"),
    # Phases and partners
    ("present: [lander, rover]", "present: [lander, rover, lander]", "phases.robotic.present", "`lander` twice"),
    ("present: [lander, rover]", "present: [lander]", "modules.rover", "no phase has this module"),
    ("present: [lander, rover]", "present: [lander, rover]\n    crew: 2", "phases.robotic.crew", "house 0"),
    ("present: [lander, rover]", "present: [lander, rover]\n  late: {start: 2040-01-01, present: [lander]}",
     "phases.late.start", "after the end"),
    ("present: [lander, rover]", "present: [lander, rover]\n  twin: {start: 2035-06-01, present: [lander]}",
     "phases.twin.start", "`robotic` starts at the same time"),
    ("institutions: {agency: An agency}", "institutions: {}", "partners.partner-a.institutions", "at least one"),
    ("    thermal_node: rover-box\n", "", "payloads.radar.thermal", "has no thermal_node"),
    # Requests
    ("tolerance: 12 h", "tolerance: 25 h", f"{GROUND}.panorama.every.tolerance", "half the period"),
    ("every: {period: 48 h, tolerance: 12 h}", "every: {period: 45 min, tolerance: 0 h}", f"{GROUND}.panorama.every",
     "shorter than setup"),
    ("total: 500 h", "total: 3 h", f"{QUAKES}.total", "less than one activity"),
    ("minimum_total: 300 h", "minimum_total: 501 h", f"{QUAKES}.success", "more time"),
    ("count: 6\n        setup", "count: 6\n        success: {minimum_count: 7}\n        setup", f"{GROUND}.profile.success",
     "more activities"),
    ("maximum_gap: 24 h", "minimum_gap: 25 h, maximum_gap: 24 h", f"{GROUND}.look-back.after[0].minimum_gap",
     "not be above maximum_gap"),
    ("request: profile,", "request: look-back,", f"{GROUND}.look-back.after", "waits for itself"),
    ("count: 6\n        setup", "count: 6\n        after: [{request: ground/look-back}]\n        setup",
     f"{GROUND}.look-back.after", "wait for each other"),
    ("{light: lit, link", "{sun_elevation: {above: 5 deg, below: 5 deg}, link", f"{GROUND}.profile.constraints.sun_elevation",
     "nothing lies in it"),
    ("{light: lit, link", "{surface_temperature: {above: 200 K, below: 100 K}, link",
     f"{GROUND}.profile.constraints.surface_temperature", "nothing lies in it"),
    ("{light: lit, link", "{sun_elevation: {}, link", f"{GROUND}.profile.constraints.sun_elevation", "give `above`"),
    ("{light: lit, link", "{light: dark, sun_visible_fraction: {above: 10 %}, link", f"{GROUND}.profile.constraints",
     "can't both hold"),
    ("{light: lit, link", "{crew: present, link", f"{GROUND}.profile.constraints.crew", "in no phase"),
    # Modes, shedding and flight rules
    ("leave: [{reading: array_power, above: 300 W", "leave: [{reading: array_power, above: 50 W", "modes.night.leave",
     "for array_power"),
    ("leave: [{reading: array_power, above: 300 W", "leave: [{reading: array_power, below: 300 W", "modes.night.leave",
     "for array_power"),
    ("{reading: state_of_charge, below: 20 %}", "{reading: state_of_charge, below: -5 %}", "modes.survival.enter[0]",
     "from 0 % to 100 %"),
    ("{reading: array_power, below: 50 W", "{reading: array_power, below: -50 W", "modes.night.enter[0]", "never below 0 W"),
    ("{reading: state_of_charge, below: 20 %}", "{reading: state_of_charge, below: true}", "modes.survival.enter[0].below",
     "found True"),
    ("nominal: {activities: all", "nominal: {activities: none", "modes.nominal.activities", "all activities run"),
    ("nominal: {activities: all", "nominal: {enter: [{reading: load, below: 1 W}], activities: all",
     "modes.nominal.enter", "no conditions"),
    ("order: [camera, radar,", "order: [camera, camera, radar,", "load_shedding.order", "`camera` twice"),
    ("order: [camera, radar, rover, seismometer]", "order: []", "load_shedding.order", "nothing can be shed"),
    ("during: listen", "during: drive-radar", "flight_rules.no-driving-while-listening.during", "exclude itself"),
    ("minimum: 30 %", "minimum: 100 %", "flight_rules.battery-floor.minimum", "stay full"),
    ("minimum: 30 %", "minimum: 4 %", "flight_rules.battery-floor.minimum", "the batteries disconnect"),
    ("  no-driving", "  bus: {type: maximum_power, maximum: 0 W, text: x}\n  no-driving", "flight_rules.bus.maximum",
     "above 0"),
    # Kinds of values
    ("present: [lander, rover]", "present: [lander, rover]\n    crew: true", "phases.robotic.crew", "whole number, found true"),
    ("present: [lander, rover]", 'present: [lander, rover]\n    crew: "3"', "phases.robotic.crew", "whole number, found '3'"),
    ("count: 6\n        setup", 'count: "6"\n        setup', f"{GROUND}.profile.count", "whole number, found '6'"),
    ("count: 6\n        setup", "count: true\n        setup", f"{GROUND}.profile.count", "whole number, found true"),
    ("standby: true", "standby: yes", "modes.nominal.standby", "expected true or false, found 'yes'"),
    ("lunabase: 1 ", "lunabase: true ", "lunabase", "the number 1"),
    ("lunabase: 1 ", 'lunabase: "1" ', "lunabase", "the number 1, found '1'"),
    ("end: 2037-06-01T00:00:00Z", "end: 20370601", "station.end", "not a date"),
    ("name: My station", "name: 7", "station.name", "expected text, found 7"),
    ("present: [lander, rover]", "present: lander", "phases.robotic.present", "expected a list, found 'lander'"),
    ("mobility: {speed: 0.05 m/s, energy_per_distance: 0.5 Wh/m, maximum_slope: 15 deg}", "mobility: fast",
     "modules.rover.mobility", "expected `key: value` lines, found 'fast'"),
    ("duration: 1 h", "duration: 3", f"{GROUND}.panorama.duration", "has no unit"),
    ("duration: {minimum: 4 h,", "duration: {minimun: 4 h, minimum: 4 h,", f"{QUAKES}.duration.minimun", "unknown key"),
    ("share: 40 %", "share: .nan", "partners.partner-b.share", "can't read the number"),
    ("partners:\n", "partners: !foo\n", "partners", "tag `!foo`"),
    ("name: My station", "name: !!python/object:os.system My station", "station.name", "means nothing here"),
    ("name: My station", "name: My station\n  <<: foo", "station.<<", "no keys to merge"),
    ("name: My station", "name: My station\n  ? [a, b]\n  : 1", "station", "a key must be a word"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "field", "words"), RULES)
def test_each_rule_is_told_once_at_its_key(right, wrong, field, words, tmp_path):
    assert right in STARTER
    found = problems(STARTER.replace(right, wrong, 1), tmp_path)
    told = [item for item in found if item.field == field and words in item.problem]
    assert len(told) == 1, found
    assert [item for item in found if item.field.startswith(field)] == told


def test_an_unknown_key_hides_no_rule(tmp_path):
    """An unknown key leaves the rule between two others standing."""
    text = STARTER.replace("end: 2037-06-01T00:00:00Z", "end: 2034-06-01T00:00:00Z\n  colour: grey", 1)
    assert {"station.colour", "station.end"} <= {item.field for item in problems(text, tmp_path)}


def test_a_bad_field_hides_no_rule_of_the_others(tmp_path):
    text = STARTER.replace("initial_charge: 90 %", "initial_charge: 4 %").replace("capacity: 20 kWh", "capacity: 20 kW")
    assert {item.field for item in problems(text, tmp_path)} == {f"{BATTERY}.capacity", f"{BATTERY}.initial_charge"}


def test_a_bad_request_does_not_hide_what_is_wrong_with_its_siblings(tmp_path):
    text = STARTER.replace("duration: 1 h", "duration: 1 kg", 1).replace(
        "description: The rover drives", "mode: fast\n    description: The rover drives"
    )
    fields = {item.field for item in problems(text, tmp_path)}
    assert fields == {f"{GROUND}.panorama.duration", f"{GROUND}.profile.activity"}


def test_a_bad_entry_of_equipment_is_not_blamed_on_the_module(tmp_path):
    """The only battery is malformed: that is one error, not also a station without a battery."""
    (found,) = problems(STARTER.replace("capacity: 20 kWh", "capacity: 20 kW"), tmp_path)
    assert found.field == f"{BATTERY}.capacity"


def test_an_empty_optional_section_means_its_default(tmp_path):
    path = tmp_path / "station.yaml"
    begin, end = STARTER.index("relays:"), STARTER.index("modules:")
    path.write_text(f"{STARTER[:begin]}relays:\n  # none yet\n{STARTER[end:]}", encoding="utf-8")
    assert load_station(path).station.relays == {}


def test_an_empty_needed_section_is_told_to_be_empty(tmp_path):
    begin, end = STARTER.index("partners:"), STARTER.index("earth_stations:")
    found = problems(f"{STARTER[:begin]}partners:\n{STARTER[end:]}", tmp_path)
    assert ("partners", "it is empty") in {(item.field, item.problem) for item in found}


def test_a_crew_needs_phases_with_and_without_it_known(tmp_path):
    text = (
        STARTER.replace("present: [lander, rover]", "present: [lander, rover]\n    crew: 1")
        .replace("kind: rover", "kind: rover\n    crew_capacity: 1")
        .replace("{light: lit, link", "{crew: absent, link")
    )
    (found,) = problems(text, tmp_path)
    assert "absent in no phase" in found.problem


def test_long_circles_of_requests_are_found(tmp_path):
    """A thousand requests in one circle: no recursion, one problem."""
    requests = "\n".join(
        f"      r{number}: {{activity: take-images, payload: camera, duration: 1 h, count: 1, priority: 1,"
        f" after: [{{request: r{(number + 1) % 1000}}}]}}"
        for number in range(1000)
    )
    begin = STARTER.index("  ground:\n    title")
    text = f"{STARTER[:begin]}  circle:\n    title: Circle\n    partner: partner-a\n    objective: exploration\n    requests:\n{requests}\n{STARTER[begin:]}"
    (found,) = problems(text, tmp_path)
    assert "wait for each other" in found.problem
