"""The plan: activities with their times, who got what, and what did not fit and why.

This is the contract between planning, on board, the report and the pages: frozen records, one JSON
schema with a version. Times are UTC with whole seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

SCHEMA_VERSION: Literal[1] = 1


class PlanRecord(BaseModel):
    """A frozen part of a plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Activity(PlanRecord):
    """One activity; it holds its payload and resources from ``hold_start`` to ``hold_stop``."""

    id: str
    """`experiment/request#n`, n from 1."""
    request: str
    experiment: str
    partner: str
    activity_type: str
    payload: str
    host: str
    mode: str
    hold_start: AwareDatetime
    start: AwareDatetime
    stop: AwareDatetime
    hold_stop: AwareDatetime
    power_w: float
    """Power of the payload in the activity's mode."""
    data_bit: float
    """Data produced from start to stop."""
    priority: int
    resources: tuple[str, ...] = ()
    """Everything that it holds alone, with what was chosen among alternatives."""
    crew: tuple[str, ...] = ()
    """People who work on it."""
    committed: bool = False
    """Its request is promised."""
    pinned: bool = False
    """A planner fixed its time."""

    @property
    def duration_s(self) -> float:
        """Length without setup and teardown, s."""
        return (self.stop - self.start).total_seconds()


class Unplaced(PlanRecord):
    """A request that was not placed, or not fully."""

    request: str
    experiment: str
    partner: str
    priority: int
    wanted: str
    """What was asked for, in words."""
    placed: str
    """What was placed, in words."""
    reason: str
    """The binding reason, one sentence in the user's terms."""
    conflict: tuple[str, ...] = ()
    """What excludes one more activity of it together, in the user's terms; any of these left out, the others don't."""
    cheapest_change: str = ""
    """The least change found that would let it in; empty if none was found."""


class PartnerOutcome(PlanRecord):
    """What a partner gets from the plan, against its agreed share."""

    partner: str
    share: float
    """Agreed part of the resources."""
    received: float
    """Part of all planned payload energy that goes to this partner."""
    requested_s: float
    """Activity time asked for."""
    placed_s: float
    """Activity time planned."""
    energy_j: float
    """Energy of its activities."""
    data_bit: float
    """Data of its activities."""
    served: float = 1.0
    """Energy of its activities against what it is entitled to, at most 1; 1 if it is entitled to nothing."""


class GoalOutcome(PlanRecord):
    """How far the plan got with the goals of one step of the objectives."""

    goals: tuple[str, ...]
    """The goals that are weighed against each other in this step."""
    value: float
    """What was reached."""
    bound: float | None = None
    """What no plan can exceed, where it is known."""


class SolverSummary(PlanRecord):
    """How the plan was found."""

    solver: str
    status: Literal["optimal", "feasible", "empty"]
    objective: float
    bound: float
    seed: int
    work_limit: float
    """Limit in the solver's deterministic work units."""
    goals: tuple[GoalOutcome, ...] = ()
    """The objectives in their order."""


Level = Literal["long-term", "monthly", "weekly", "on board"]


class Plan(PlanRecord):
    """The activities of a planning horizon."""

    schema_version: Literal[1] = SCHEMA_VERSION
    station: str
    station_sha256: str
    phase: str
    level: Level = "monthly"
    """How far it looks and how finely: each level refines the one above and stays inside it."""
    within_sha256: str = ""
    """SHA-256 of the coarser plan (its JSON file) that this one refines; empty if there is none."""
    change_sha256: tuple[str, ...] = ()
    """SHA-256 of the change files after which it was repaired, in order."""
    start: AwareDatetime
    stop: AwareDatetime
    cell_s: int = 1
    """Holds begin on multiples of this from the start, s."""
    activities: tuple[Activity, ...]
    unplaced: tuple[Unplaced, ...]
    partners: tuple[PartnerOutcome, ...]
    solver: SolverSummary

    def seconds(self, moment: datetime) -> float:
        """Seconds from the plan's start to a moment."""
        return (moment - self.start).total_seconds()
