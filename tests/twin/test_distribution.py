"""The bus' converter, its limit, and what is cut first when power runs out."""

from pathlib import Path

import numpy as np
import pytest
from twin_bench import Bench, node, payload, store, surroundings, table

from lunabase.station.load import load_station
from lunabase.twin.layout import (
    ARRAY_POWER,
    CONVERTER_LOSS,
    DOWNLINK_RATE,
    FIRST_NODE,
    HEATER,
    HEATERS_J,
    LOAD,
    MODULES_J,
    PAYLOADS_J,
    PRODUCED_RATE,
    RADIOS_J,
    RECORDERS_J,
    UNSERVED,
)
from lunabase.twin.ledger import accounts
from lunabase.twin.parameters import RADIO, Bus, names_of, parameters_of

EXAMPLES = Path(__file__).parents[2] / "examples"
ORDER = ((RECORDERS_J, 0), (MODULES_J, 0), (HEATERS_J, 0), (RADIOS_J, 0), (PAYLOADS_J, 1), (PAYLOADS_J, 0))


def test_converter_takes_its_part_and_warms_its_node():
    bench = Bench(
        surroundings(10, array_w=400.0),
        load_w=90.0,
        nodes=node(2),
        stores=store(0),
        bus=Bus(efficiency=0.9, limit_w=1e3, node=1),
    )
    *_, rows = bench.fly()
    assert rows[0, LOAD] == pytest.approx(90.0)
    assert rows[0, ARRAY_POWER] == pytest.approx(100.0)
    assert rows[0, CONVERTER_LOSS] == pytest.approx(10.0)
    assert rows[-1, FIRST_NODE + 1] == pytest.approx(290.0 + 10.0 * 600.0 / 1e4)


def test_converter_at_its_limit():
    bench = Bench(surroundings(1, array_w=400.0), load_w=90.0, bus=Bus(0.9, 60.0))
    *_, rows = bench.fly()
    assert rows[0, LOAD] == pytest.approx(60.0)
    assert rows[0, UNSERVED] == pytest.approx(30.0)
    half = bench.but(health=bench.well(converter_part=0.5))
    assert half.fly()[-1][0, LOAD] == pytest.approx(30.0)
    dead = bench.but(health=bench.well(converter_part=0.0), bus=Bus())
    assert dead.fly()[-1][0, LOAD] == 0.0


def short(power_w, **changes):
    """100 W of loads in the order above, and only this much power: books and row of one step."""
    bench = Bench(
        surroundings(1, array_w=power_w, direct=1),
        load_w=40.0,
        nodes=node(heater_w=25.0, setpoint_k=300.0),
        stores=store(0),
        payloads=payload(2, bit_per_s=[100.0, 10.0]),
        payload_on_w=10.0,
        radios=table(RADIO, 1, power_w=30.0, earth_bit_per_s=220.0),
        **({"bus": Bus(in_order=True), "order": ORDER} | changes),
    )
    last, *_, rows = bench.fly()
    return {name: value / 60.0 for name, value in accounts(last).items()}, rows[0]


@pytest.mark.parametrize(
    ("power_w", "modules_w", "heaters_w", "radios_w", "payloads_w", "produced"),
    [
        (100.0, 40.0, 25.0, 15.0, 20.0, 110.0),
        (95.0, 40.0, 25.0, 15.0, 15.0, 10.0 + 50.0),  # the first payload works half of the step
        (88.0, 40.0, 25.0, 15.0, 8.0, 8.0),  # and the second too
        (70.0, 40.0, 25.0, 5.0, 0.0, 0.0),
        (50.0, 40.0, 10.0, 0.0, 0.0, 0.0),
        (10.0, 10.0, 0.0, 0.0, 0.0, 0.0),
    ],
)
def test_the_least_important_loads_are_cut_first(power_w, modules_w, heaters_w, radios_w, payloads_w, produced):
    books, row = short(power_w)
    got = [books[name] for name in ("modules_j", "heaters_j", "radios_j", "payloads_j", "unserved_j")]
    assert got == pytest.approx([modules_w, heaters_w, radios_w, payloads_w, 100.0 - power_w], abs=1e-9)
    assert row[PRODUCED_RATE] == pytest.approx(produced)
    assert row[LOAD] == pytest.approx(power_w)
    assert row[HEATER] == pytest.approx(heaters_w)


def test_heat_goes_where_the_power_went():
    _, row = short(50.0)
    assert row[FIRST_NODE] == pytest.approx(290.0 + 50.0 * 60.0 / 1e4)


def test_together_every_load_works_for_the_same_part():
    books, row = short(50.0, bus=Bus(in_order=False))
    assert books["modules_j"] == pytest.approx(20.0)
    assert books["payloads_j"] == pytest.approx(10.0)
    assert row[DOWNLINK_RATE] == pytest.approx(55.0)


def test_the_file_s_order_decides():
    station = load_station(EXAMPLES / "ilrs.yaml").station
    _, phase = station.phase_at(station.station.start)
    names = names_of(station, phase.present)
    order = parameters_of(station, phase.present, station.station.start).order
    told = [
        names.payloads[row["index"]] if row["account"] == PAYLOADS_J else names.modules[row["index"]]
        for row in order
        if row["account"] in (PAYLOADS_J, MODULES_J)
    ]
    present = [name for name in station.load_shedding.order if name in told]
    assert told[-len(present) :] == present[::-1]
    assert sorted(told) == sorted([*names.payloads, *names.modules])
    assert np.count_nonzero(order["account"] == HEATERS_J) == len(names.nodes)
