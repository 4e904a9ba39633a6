"""The twin's books: what came in, what was used, what is stored, what was lost, over a whole run."""

from __future__ import annotations

from dataclasses import dataclass

from lunabase.twin.layout import ACCOUNTS
from lunabase.twin.state import State


@dataclass(frozen=True, slots=True)
class Balance:
    """In = used + stored + lost, each from its own sum; J at the bus, or bit.

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
