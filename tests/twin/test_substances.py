"""Mass is never made nor lost; rates, pressures and people against what is known of them."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from twin_bench import surroundings
from wear_station import STATION

from lunabase.station.model import Station
from lunabase.twin.chemistry import ATOMIC_G_PER_MOL, FORMULAS, masses_of, molar_mass_kg_per_mol
from lunabase.twin.health import healthy
from lunabase.twin.inputs import Inputs
from lunabase.twin.kernel import advance, first_readings
from lunabase.twin.layout import LOAD
from lunabase.twin.ledger import accounts, energy_balance, substance_balances
from lunabase.twin.matter import MOLAR_KG
from lunabase.twin.parameters import channels_of, names_of, parameters_of
from lunabase.twin.plant import plant_of, replanted
from lunabase.twin.segment import reloaded, segment_of
from lunabase.twin.state import WATCH, Commands, initial_state
from lunabase.twin.substances import CABIN_GASES, CREW_KG_PER_DAY

START = datetime(2035, 1, 1, tzinfo=UTC)
PRESENT = ("base",)
DAY_S = 86_400.0
TANKS = {
    name: {"module": "base", "substance": substance, "capacity": "500 kg", "amount": "100 kg"}
    for name, substance in {
        "o2": "oxygen", "n2": "nitrogen", "h2o": "water", "co2": "carbon dioxide", "h2": "hydrogen", "ch4": "methane",
        "food": "food", "grey": "waste water", "waste": "solid waste",
    }.items()
}  # fmt: skip
CABIN = {
    "module": "base", "volume": "100 m^3", "oxygen": "21 kPa", "total": "101 kPa", "oxygen_from": "o2",
    "nitrogen_from": "n2", "carbon_dioxide_to": "co2", "water_to": "h2o",
}  # fmt: skip
LIFE = {"cabin": "cabin", "water_from": "h2o", "waste_water_to": "grey", "food_from": "food", "waste_to": "waste"}
ELECTROLYSIS = {
    "module": "base", "reaction": "water electrolysis", "tanks": ["h2o", "o2", "h2"], "maximum_rate": "10 g/h",
    "energy_per_mass": "6 kWh/kg",
}  # fmt: skip
SABATIER = {
    "module": "base", "reaction": "sabatier", "tanks": ["co2", "h2", "ch4", "h2o"], "maximum_rate": "10 g/h",
    "energy_per_mass": "1 kWh/kg",
}  # fmt: skip


def holding(**section):
    data = YAML(typ="safe", pure=True).load(STATION)
    data["substances"] = section
    return Station.model_validate(data)


class Flight:
    """A station with plenty of power, lived through in the dark."""

    def __init__(self, station, steps, crew=0, step_s=60.0, array_w=500.0):
        parameters = parameters_of(station, PRESENT, START, crew)
        names = names_of(station, PRESENT)
        self.channels = channels_of(names)
        sky = surroundings(steps, step_s, array_w=array_w)
        inputs = Inputs(step_s, sky.rows, sky.array_w, sky.array_module)
        commands = Commands(0, np.ones(1, dtype=bool), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool), True, True)
        self.first = initial_state(station, PRESENT, 0)
        self.rows = np.full((steps, len(self.channels)), np.nan)
        self.start = first_readings(parameters, inputs, self.first, np.zeros(0, WATCH))[1]
        self.last = advance(
            parameters, inputs, self.first, commands, healthy(station, PRESENT), np.zeros(0, WATCH),
            np.zeros(0, dtype=bool), 0, steps, self.rows,
        )[0]  # fmt: skip
        self.names = parameters.substances.names
        self.balances = substance_balances(parameters, self.first, self.last)

    def __getitem__(self, channel):
        return self.rows[:, self.channels.index(channel)]

    def change_kg(self, stock):
        place = self.names.stocks.index(stock)
        return self.last.stock_kg[place] - self.first.stock_kg[place]

    def imbalance(self):
        """The worst of all substances, over what went through or was there."""
        worst = 0.0
        for substance, balance in self.balances.items():
            inflow, used, lost = (sum(part.values()) for part in (balance.inflow, balance.used, balance.lost))
            held = self.first.stock_kg[np.array(self.names.substances) == substance]
            through = max(inflow, used + lost, abs(balance.stored), *held, 1e-9)
            worst = max(worst, abs(inflow - used - lost - balance.stored) / through)
        return worst


@pytest.mark.parametrize("reaction", ["water electrolysis", "sabatier", "oxygen from regolith"])
def test_reactions_keep_mass(reaction):
    assert sum(masses_of(reaction, 0.03).values()) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("reaction", ["water electrolysis", "sabatier"])
def test_reactions_keep_every_element(reaction):
    for element, atomic_g in ATOMIC_G_PER_MOL.items():
        parts = {
            name: FORMULAS[name].get(element, 0) * atomic_g * 1e-3 / molar_mass_kg_per_mol(name)
            for name in masses_of(reaction, 1.0)
        }
        assert sum(parts[name] * mass for name, mass in masses_of(reaction, 1.0).items()) == pytest.approx(0, abs=1e-12)


def test_known_ratios():
    """A kilogram of oxygen takes 1.126 kg of water; one of methane 2.743 kg of CO2 and 0.503 kg of H2."""
    assert masses_of("water electrolysis", 1.0)["water"] == pytest.approx(-1.126, abs=5e-4)
    made = masses_of("sabatier", 1.0)
    assert (made["carbon dioxide"], made["hydrogen"]) == pytest.approx((-2.743, -0.503), abs=1e-3)
    np.testing.assert_allclose(MOLAR_KG, [molar_mass_kg_per_mol(gas) for gas in CABIN_GASES], rtol=1e-12)


def test_processes_fill_tanks_and_draw_their_energy():
    """10 g/h of oxygen at 6 kWh/kg for a day: 240 g, 1.44 kWh, 60 W; water and hydrogen in their ratios."""
    flight = Flight(holding(tanks=TANKS, processes={"cell": ELECTROLYSIS}), 1440)
    assert flight.change_kg("o2") == pytest.approx(0.24)
    assert flight.change_kg("h2o") == pytest.approx(-0.24 * 1.126, rel=1e-4)
    assert flight.change_kg("h2") == pytest.approx(0.24 * 0.126, rel=1e-4)
    assert accounts(flight.last)["processes_j"] == pytest.approx(1.44 * 3.6e6)
    np.testing.assert_allclose(flight.rows[:, LOAD], 50.0 + 60.0)


def test_output_follows_power():
    """Half of the load can be served once the battery is empty, so half of the oxygen is made."""
    station = holding(tanks=TANKS, processes={"cell": ELECTROLYSIS | {"maximum_rate": "1 kg/h"}})
    flight = Flight(station, 1440 * 2, array_w=3025.0)
    late = np.diff(flight["tank_kg.o2"])[-600:]
    np.testing.assert_allclose(late, 0.5 / 60.0, rtol=1e-6)
    balance = energy_balance(flight.first, flight.last)
    stored = balance.stored + sum(balance.used.values()) + sum(balance.lost.values())
    assert sum(balance.inflow.values()) == pytest.approx(stored, rel=1e-9)


def test_processes_stop_for_lack_of_input_or_room():
    tanks = TANKS | {"h2o": TANKS["h2o"] | {"amount": "0.1 kg"}}
    flight = Flight(holding(tanks=tanks, processes={"cell": ELECTROLYSIS}), 1440)
    assert flight["tank_kg.h2o"][-1] == pytest.approx(0.0, abs=1e-12)
    assert flight.change_kg("o2") == pytest.approx(0.1 / 1.126, rel=1e-4)
    assert flight.rows[-1, LOAD] == pytest.approx(50.0)
    full = TANKS | {"o2": TANKS["o2"] | {"capacity": "100.05 kg"}}
    flight = Flight(holding(tanks=full, processes={"cell": ELECTROLYSIS}), 1440)
    assert flight["tank_kg.o2"][-1] == pytest.approx(100.05)


def test_a_module_s_production_makes_oxygen_from_the_ground():
    data = YAML(typ="safe", pure=True).load(STATION)
    made = {"product": "oxygen", "energy_per_mass": "24.3 kWh/kg", "maximum_rate": "20 g/h", "into": "o2"}
    data["modules"]["base"]["production"] = made
    data["modules"]["base"]["loads"]["nominal"] = "600 W"  # 486 W of it for production
    data["substances"] = {"tanks": {"o2": TANKS["o2"] | {"capacity": "100.5 kg"}}}
    flight = Flight(Station.model_validate(data), 1440, array_w=1000.0)
    assert flight.change_kg("o2") == pytest.approx(0.48)
    assert flight.change_kg("outside regolith") == pytest.approx(-0.48 / 0.02)
    assert flight.rows[-1, LOAD] == pytest.approx(600.0)
    full = Flight(Station.model_validate(data), 1600, array_w=1000.0)
    assert full["tank_kg.o2"][-1] == pytest.approx(100.5)
    assert full.rows[-1, LOAD] == pytest.approx(114.0)
    assert flight.last.stock_kg.sum() == pytest.approx(flight.first.stock_kg.sum(), rel=1e-12)


def test_cabin_pressure_is_that_of_an_ideal_gas():
    """100 m^3 at 101 kPa and 293.15 K: n = pV/RT = 4144 mol, 21/101 of it oxygen, the rest nitrogen."""
    flight = Flight(holding(tanks=TANKS, cabins={"cabin": CABIN}), 10)
    mol = 101e3 * 100 / (8.314462618 * 293.15)
    place = flight.names.stocks.index("cabin oxygen")
    assert flight.first.stock_kg[place] == pytest.approx(mol * 21 / 101 * 0.031998)
    assert flight["pressure_pa.cabin"][-1] == pytest.approx(101e3)
    assert flight["oxygen_pressure_pa.cabin"][-1] == pytest.approx(21e3)
    assert flight.start[flight.channels.index("pressure_pa.cabin")] == pytest.approx(101e3)


def test_a_leak_empties_a_cabin_exponentially_and_the_supply_holds_it():
    alone = CABIN | {"leak": "10 %/d"}
    for tank in ("oxygen_from", "nitrogen_from"):
        del alone[tank]
    flight = Flight(holding(tanks=TANKS, cabins={"cabin": alone}), 1440 * 3)
    assert flight["pressure_pa.cabin"][-1] == pytest.approx(101e3 * np.exp(-0.3), rel=1e-9)
    kept = Flight(holding(tanks=TANKS, cabins={"cabin": CABIN | {"leak": "10 %/d"}}), 1440 * 3)
    assert kept["pressure_pa.cabin"][-1] == pytest.approx(101e3, rel=0.01)
    assert kept["oxygen_pressure_pa.cabin"][-1] == pytest.approx(21e3, rel=0.01)


def test_people_take_and_give_what_is_known_of_them():
    """NASA BVAD 2004: 0.835 kg of oxygen, 0.617 of food, 3.909 of water a day; as much comes out, 5.361 kg."""
    assert sum(CREW_KG_PER_DAY.values()) == pytest.approx(0.0, abs=1e-12)
    assert -sum(rate for rate in CREW_KG_PER_DAY.values() if rate < 0) == pytest.approx(5.361)
    station = holding(tanks=TANKS, cabins={"cabin": CABIN}, life_support=LIFE)
    flight = Flight(station, 1440 * 5, crew=4)
    assert flight.balances["oxygen"].used["crew"] == pytest.approx(0.835 * 4 * 5)
    assert flight.change_kg("food") == pytest.approx(-0.617 * 4 * 5)
    assert flight.balances["water"].used["crew"] == pytest.approx(3.909 * 4 * 5)
    assert flight.balances["carbon dioxide"].inflow["crew"] == pytest.approx(0.998 * 4 * 5)
    # What is made in the scrubber's hour stands above its 400 Pa.
    above_pa = 0.998 * 4 / 24 / 0.044009 * 8.314462618 * 293.15 / 100
    assert flight["carbon_dioxide_pressure_pa.cabin"][-1] == pytest.approx(400.0 + above_pa, rel=0.005)
    assert flight["oxygen_pressure_pa.cabin"][-1] == pytest.approx(21e3, rel=0.01)


@pytest.mark.parametrize(
    ("cabin", "life", "told"),
    [
        ({"oxygen_from": "h2o"}, {}, "oxygen_from of cabin needs a tank of oxygen, not of water"),
        ({}, {"food_from": "o2"}, "food_from of life_support needs a tank of food, not of oxygen"),
    ],
)
def test_a_tank_of_the_wrong_substance_is_told(cabin, life, told):
    with pytest.raises(ValueError, match=told):
        holding(tanks=TANKS, cabins={"cabin": CABIN | cabin}, life_support=LIFE | life)


def test_nobody_takes_nothing():
    station = holding(tanks=TANKS, cabins={"cabin": CABIN}, life_support=LIFE)
    flight = Flight(station, 1440)
    np.testing.assert_array_equal(flight.last.stock_kg, flight.first.stock_kg)


def test_without_scrubbers_the_air_goes_bad():
    """Four people in 100 m^3: 3.992 kg of CO2 a day, 1 % of an atmosphere within half a day."""
    station = holding(tanks=TANKS, cabins={"cabin": CABIN | {"carbon_dioxide": "50 kPa"}}, life_support=LIFE)
    flight = Flight(station, 720, crew=4)
    expected_pa = 3.992 / 2 / 0.044009 * 8.314462618 * 293.15 / 100
    assert flight["carbon_dioxide_pressure_pa.cabin"][-1] == pytest.approx(expected_pa, rel=1e-6)
    assert expected_pa > 1013.0


def test_deliveries_come_in_time_and_only_what_fits():
    supply = {"amount": "300 kg", "first": "2035-01-02", "every": "2 d"}
    tanks = {"food": TANKS["food"] | {"supply": supply}}
    flight = Flight(holding(tanks=tanks), 1440 * 4)
    jumps = np.flatnonzero(np.diff(np.concatenate(([100.0], flight["tank_kg.food"]))))
    # In the step that ends at the moment of delivery.
    np.testing.assert_array_equal(jumps + 1, [1440, 3 * 1440])
    assert flight["tank_kg.food"][-1] == 500.0
    assert flight.balances["food"].inflow["deliveries"] == pytest.approx(400.0)


def test_books_close_after_a_year_of_small_equal_leaks():
    """Half a million steps of one rounding each: 1e-9 of a kilogram, with 94 kg of nitrogen in the cabin."""
    station = holding(tanks=TANKS, cabins={"cabin": CABIN | {"leak": "0.05 %/d"}})
    flight = Flight(station, 500_000)
    for balance in flight.balances.values():
        inflow, used, lost = (sum(part.values()) for part in (balance.inflow, balance.used, balance.lost))
        assert abs(inflow - used - lost - balance.stored) < 1e-9


@settings(max_examples=25)
@given(
    crew=st.integers(0, 6),
    amounts=st.lists(st.floats(0.0, 5.0), min_size=9, max_size=9),
    leak=st.floats(0.0, 50.0),
    rate=st.floats(1.0, 1e4),
    steps=st.integers(1, 600),
)
def test_nothing_is_made_of_nothing(crew, amounts, leak, rate, steps):
    """Each substance's books close to 1e-9, and all masses together to rounding, whatever runs out."""
    tanks = {
        name: tank | {"amount": f"{amount} kg", "capacity": "8 kg", "leak": f"{leak} %/d"}
        for (name, tank), amount in zip(TANKS.items(), amounts, strict=True)
    }
    processes = {"cell": ELECTROLYSIS | {"maximum_rate": f"{rate} g/h"}, "reactor": SABATIER}
    cabins = {"cabin": CABIN | {"leak": f"{leak} %/d", "volume": "5 m^3"}}
    station = holding(tanks=tanks, processes=processes, cabins=cabins, life_support=LIFE)
    flight = Flight(station, steps, crew=crew)
    assert flight.imbalance() < 1e-9
    leaked = sum(balance.lost["leaks"] for balance in flight.balances.values())
    before, after = flight.first.stock_kg.sum(), flight.last.stock_kg.sum() + leaked
    assert after == pytest.approx(before, rel=1e-11)
    inside = flight.last.stock_kg[: len(flight.names.tanks) + 4]
    assert inside.min() >= -1e-12
    assert inside[: len(flight.names.tanks)].max() <= 8.0 + 1e-9


def test_processes_follow_mode_and_switch_of_their_module():
    station = holding(tanks=TANKS, processes={"cell": ELECTROLYSIS})
    parameters, well = parameters_of(station, PRESENT, START), healthy(station, PRESENT)
    state, inputs = initial_state(station, PRESENT, 0), surroundings(2)
    off = np.zeros(0, dtype=np.int64)
    nominal = Commands(0, np.ones(1, dtype=bool), off, np.zeros(0, dtype=bool), True, True)
    segment = segment_of(parameters, inputs, state, nominal, well)
    assert plant_of(parameters, inputs, segment).matter.on.tolist() == [1.0]
    for commands in (replace(nominal, mode=1), replace(nominal, module_on=np.zeros(1, dtype=bool))):
        changed = reloaded(segment, parameters, state, commands, well)
        assert replanted(plant_of(parameters, inputs, segment), changed).matter.on.tolist() == [0.0]
        fresh = segment_of(parameters, inputs, state, commands, well)
        assert plant_of(parameters, inputs, fresh).matter.on.tolist() == [0.0]
