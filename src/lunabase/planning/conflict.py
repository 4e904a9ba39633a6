"""What keeps one more activity out: a minimal conflict, found by leaving out one member after another.

All members together leave no place for it; without any one of them there is one. Where a smaller set of constraints
alone excludes it, rivals and balances are left out first, so that the user hears of what can't be mended by planning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lunabase.planning.burden import Fault
from lunabase.planning.horizon import BoolArray
from lunabase.planning.trial import Member, Trial, together


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A minimal conflict of a trial."""

    trial: Trial
    members: tuple[Member, ...]
    """Without any one of these it would fit; empty if it fits as it is."""
    all_members: tuple[Member, ...] = ()
    """Everything that keeps it out somewhere."""
    fault: Fault | None = None
    """What energy and data say, where they are part of it."""

    def but_for(self, member: Member) -> BoolArray:
        """Starts that everything allows, in or out of the conflict, but for one member of it."""
        rest = (item for item in self.all_members if item.key != member.key)
        return together(rest, self.trial.start_s.size)


def exclusion(trial: Trial) -> Exclusion:
    """The minimal conflict that keeps the trial's activity out of the plan."""
    members = trial.members()
    count = trial.start_s.size
    allowed = together(members, count)
    balance = bool(allowed.any())
    if balance and trial.first_fit(allowed) is not None:
        return Exclusion(trial, ())
    kept = list(members)
    for member in members:
        rest = [other for other in kept if other is not member]
        if not _fits(trial, rest, balance):
            kept = rest
    if not balance:
        return Exclusion(trial, tuple(kept), tuple(members))
    fault = next((fault for fault in trial.faults.values() if fault is not None), None)
    balance_member = Member("balance", np.zeros(count, dtype=bool))
    return Exclusion(trial, (*kept, balance_member), tuple(members), fault)


def _fits(trial: Trial, members: list[Member], balance: bool) -> bool:
    """Whether these leave a place; energy and data are asked only where they are part of the conflict."""
    allowed = together(members, trial.start_s.size)
    if not balance:
        return bool(allowed.any())
    return trial.first_fit(allowed) is not None
