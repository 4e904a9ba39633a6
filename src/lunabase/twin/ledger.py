"""The twin's books: what came in, what was used, what is stored, what was lost, over a whole run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lunabase.station.substances import Substance
from lunabase.twin.layout import ACCOUNTS
from lunabase.twin.matter import BROUGHT, COLUMNS, CREW_GAVE, CREW_TOOK, LEAKED, MADE, USED
from lunabase.twin.parameters import FloatArray, Parameters
from lunabase.twin.state import State


@dataclass(frozen=True, slots=True)
class Balance:
    """In = used + stored + lost, each from its own sum; J at the bus, bit, or kg.

    It compares stores with charging and losses, and the loads one by one with the load served. What arrays deliver
    follows from load and charging, so an error that shifts both alike does not show.
    """

    inflow: dict[str, float]
    used: dict[str, float]
    stored: float
    lost: dict[str, float]


def accounts(state: State) -> dict[str, float]:
    """The accounts of `layout.ACCOUNTS` by name."""
    return dict(zip(ACCOUNTS, (state.ledger + state.ledger_low).tolist(), strict=True))


def energy_balance(first: State, last: State) -> Balance:
    """Energy of a run from its first to its last state, J. Array power that nobody took is not generated."""
    sums = accounts(last)
    return Balance(
        inflow={
            "solar arrays": sums["array_taken_j"],
            "fission": sums["fission_j"],
            "radioisotope": sums["radioisotope_j"],
        },
        used={
            "modules": sums["modules_j"],
            "payloads": sums["payloads_j"],
            "heaters": sums["heaters_j"],
            "radios": sums["radios_j"],
            "recorders": sums["recorders_j"],
            "processes": sums["processes_j"],
        },
        stored=float(last.store_j.sum() - first.store_j.sum()),
        lost={
            "charging": sums["charge_loss_j"],
            "discharging": sums["discharge_loss_j"],
            "converter": sums["converter_loss_j"],
            "ageing and damage of stores": sums["faded_j"],
            "dumped by sources": sums["dumped_j"],
        },
    )


def data_balance(first: State, last: State) -> Balance:
    """Science data of a run, bit."""
    sums = accounts(last)
    return Balance(
        inflow={"payloads": sums["produced_bit"]},
        used={"sent to Earth": sums["sent_direct_bit"], "sent by relay": sums["sent_relay_bit"]},
        stored=float(last.recorder_bit.sum() - first.recorder_bit.sum()),
        lost={"recorder full": sums["overflow_bit"], "recorder off": sums["unrecorded_bit"]},
    )


def substance_balances(parameters: Parameters, first: State, last: State) -> dict[Substance, Balance]:
    """Every substance that the station holds, kg; what goes to the ground and to space is vented."""
    names = parameters.substances.names
    books = (last.books_kg + last.books_low_kg).reshape(-1, COLUMNS)
    change_kg = last.stock_kg - first.stock_kg + last.stock_low_kg - first.stock_low_kg
    held = {}
    for substance in dict.fromkeys(names.substances[: names.inside]):
        rows = [place for place in range(names.inside) if names.substances[place] == substance]
        out = books[names.outside(substance)]
        held[substance] = _substance_balance(books[rows].sum(axis=0), out, float(change_kg[rows].sum()))
    return held


def _substance_balance(inside: FloatArray, outside: FloatArray, stored: float) -> Balance:
    """One substance, from the sums of its stocks' books and the books of its stock outside."""
    both = inside + outside
    taken_outside = outside[USED] + outside[CREW_TOOK]
    return Balance(
        inflow={
            "processes": float(both[MADE]),
            "deliveries": float(both[BROUGHT]),
            "crew": float(both[CREW_GAVE]),
            "ground": float(-taken_outside),
        },
        used={"processes": float(-both[USED]), "crew": float(-both[CREW_TOOK])},
        stored=stored,
        lost={"leaks": float(-both[LEAKED]), "vented": float(np.sum(outside) - taken_outside)},
    )
