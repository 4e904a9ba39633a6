"""Two plans compared: what moved, appeared and vanished, and what that means for requests, partners and goals."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import AwareDatetime

from lunabase.planning.plan import Activity, GoalOutcome, PartnerOutcome, Plan, PlanRecord


class Moved(PlanRecord):
    """An activity that both plans have, at another time, for another time, or done in another way."""

    id: str
    """Its id in the second plan."""
    request: str
    partner: str
    was: AwareDatetime
    """Its start in the first plan."""
    start: AwareDatetime
    """Its start in the second."""
    later_s: float
    """How much later it starts, s; negative: earlier."""
    longer_s: float
    """How much longer it lasts, s; negative: shorter."""
    instead: str
    """What it is done with now instead: payload, mode, resources and people; empty if as before."""


class Single(PlanRecord):
    """An activity that only one of the plans has."""

    id: str
    request: str
    partner: str
    start: AwareDatetime
    stop: AwareDatetime
    priority: int


class RequestChange(PlanRecord):
    """A request that gets more or less."""

    request: str
    partner: str
    count: tuple[int, int]
    """Activities in the first and the second plan."""
    placed_s: tuple[float, float]
    """Their time, s."""
    reason: str
    """Why the second plan has no more of it; empty if nothing is missing."""


class PartnerChange(PlanRecord):
    """What a partner gets in the first and in the second plan."""

    partner: str
    placed_s: tuple[float, float]
    energy_j: tuple[float, float]
    data_bit: tuple[float, float]
    served: tuple[float, float]


class GoalChange(PlanRecord):
    """A step of the objectives; None where a plan does not tell it."""

    goals: tuple[str, ...]
    value: tuple[float | None, float | None]


class PlanDifference(PlanRecord):
    """How a second plan differs from a first."""

    kept: int
    """Activities that are the same in both."""
    moved: tuple[Moved, ...]
    appeared: tuple[Single, ...]
    vanished: tuple[Single, ...]
    requests: tuple[RequestChange, ...]
    """Those that get more or less."""
    partners: tuple[PartnerChange, ...]
    objective: tuple[float, float]
    goals: tuple[GoalChange, ...]


def compare(first: Plan, second: Plan) -> PlanDifference:
    """The difference from one plan to another.

    Activities of a request are told apart by their times, not by their numbers, which say nothing where no order asks
    for one: equal ones belong together, then those of one number, then those nearest in time.
    """
    moved: list[Moved] = []
    appeared: list[Activity] = []
    vanished: list[Activity] = []
    kept = 0
    requests = dict.fromkeys(item.request for plan in (first, second) for item in plan.activities)
    for request in requests:
        pairs, gone, new = _paired(_own(first, request), _own(second, request))
        changed = [pair for pair in pairs if not _same(*pair)]
        kept += len(pairs) - len(changed)
        moved += [_moved(*pair) for pair in changed]
        vanished += gone
        appeared += new
    return PlanDifference(
        kept=kept,
        moved=tuple(sorted(moved, key=lambda item: (item.start, item.id))),
        appeared=_singles(appeared),
        vanished=_singles(vanished),
        requests=tuple(_request_changes(first, second, requests)),
        partners=_partner_changes(first, second),
        objective=(first.solver.objective, second.solver.objective),
        goals=_goal_changes(first.solver.goals, second.solver.goals),
    )


def _own(plan: Plan, request: str) -> list[Activity]:
    return sorted((item for item in plan.activities if item.request == request), key=lambda item: item.start)


def _times(item: Activity) -> tuple[object, ...]:
    return (item.hold_start, item.start, item.stop, item.hold_stop)


def _way(item: Activity) -> tuple[object, ...]:
    return (item.payload, item.mode, item.resources, item.crew)


def _same(one: Activity, other: Activity) -> bool:
    return _times(one) == _times(other) and _way(one) == _way(other)


def _paired(
    before: list[Activity], after: list[Activity]
) -> tuple[list[tuple[Activity, Activity]], list[Activity], list[Activity]]:
    """Pairs that belong together, what is left of the first, and what is left of the second."""
    pairs: list[tuple[Activity, Activity]] = []
    for belongs in (_same, lambda one, other: _times(one) == _times(other), lambda one, other: one.id == other.id):
        for one in list(before):
            match = next((other for other in after if belongs(one, other)), None)
            if match is not None:
                pairs.append((one, match))
                before.remove(one)
                after.remove(match)
    while before and after:
        pair = min(
            ((one, other) for one in before for other in after),
            key=lambda pair: (abs((pair[0].start - pair[1].start).total_seconds()), pair[0].id, pair[1].id),
        )
        pairs.append(pair)
        before.remove(pair[0])
        after.remove(pair[1])
    return pairs, before, after


def _moved(one: Activity, other: Activity) -> Moved:
    instead = [
        f"{name} {new}"
        for name, old, new in (
            ("payload", one.payload, other.payload),
            ("mode", one.mode, other.mode),
            ("with", " ".join(one.resources), " ".join(other.resources)),
            ("crew", " ".join(one.crew), " ".join(other.crew)),
        )
        if old != new
    ]
    return Moved(
        id=other.id,
        request=other.request,
        partner=other.partner,
        was=one.start,
        start=other.start,
        later_s=(other.start - one.start).total_seconds(),
        longer_s=other.duration_s - one.duration_s,
        instead=", ".join(instead),
    )


def _singles(items: Iterable[Activity]) -> tuple[Single, ...]:
    ordered = sorted(items, key=lambda item: (item.start, item.id))
    return tuple(
        Single(
            id=item.id,
            request=item.request,
            partner=item.partner,
            start=item.start,
            stop=item.stop,
            priority=item.priority,
        )
        for item in ordered
    )


def _request_changes(first: Plan, second: Plan, requests: Iterable[str]) -> Iterable[RequestChange]:
    reasons = {item.request: item.reason for item in second.unplaced}
    for request in requests:
        own = _own(first, request), _own(second, request)
        count = (len(own[0]), len(own[1]))
        placed_s = (sum(item.duration_s for item in own[0]), sum(item.duration_s for item in own[1]))
        if count != count[::-1] or placed_s != placed_s[::-1]:
            partner = (own[0] or own[1])[0].partner
            yield RequestChange(
                request=request, partner=partner, count=count, placed_s=placed_s, reason=reasons.get(request, "")
            )


def _partner_changes(first: Plan, second: Plan) -> tuple[PartnerChange, ...]:
    before = {row.partner: row for row in first.partners}
    after = {row.partner: row for row in second.partners}

    def both(name: str, field: str) -> tuple[float, float]:
        rows: tuple[PartnerOutcome | None, PartnerOutcome | None] = before.get(name), after.get(name)
        return float(getattr(rows[0], field, 0.0)), float(getattr(rows[1], field, 0.0))

    return tuple(
        PartnerChange(
            partner=name,
            placed_s=both(name, "placed_s"),
            energy_j=both(name, "energy_j"),
            data_bit=both(name, "data_bit"),
            served=both(name, "served"),
        )
        for name in dict.fromkeys([*before, *after])
    )


def _goal_changes(first: Iterable[GoalOutcome], second: Iterable[GoalOutcome]) -> tuple[GoalChange, ...]:
    before = {step.goals: step.value for step in first}
    after = {step.goals: step.value for step in second}
    steps = dict.fromkeys([*before, *after])
    return tuple(GoalChange(goals=goals, value=(before.get(goals), after.get(goals))) for goals in steps)
