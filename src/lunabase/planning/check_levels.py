"""The checker's view of planning levels: a finer plan stays inside the coarser one that it refines."""

from __future__ import annotations

from collections.abc import Iterator

from lunabase.planning.check_case import SECOND, Case, Violation

_LEVELS = ("long-term", "monthly", "weekly", "on board")


def levels(case: Case) -> Iterator[Violation]:
    """Activities of requests that the coarser plan has are those of the coarser plan, within its cell of them."""
    coarser, plan = case.coarser, case.plan
    if coarser is None:
        return
    if plan.start < coarser.start or plan.stop > coarser.stop:
        yield Violation("level", (), plan.start, "the plan leaves the span of the coarser plan")
    if _LEVELS.index(plan.level) < _LEVELS.index(coarser.level):
        yield Violation("level", (), plan.start, f"a {plan.level} plan does not refine a {coarser.level} plan")
    planned = {item.id: item for item in coarser.activities}
    known = {item.request for item in coarser.activities}
    for item in plan.activities:
        if item.request not in known:
            continue
        if item.id not in planned:
            text = f"{item.id} is not in the coarser plan"
            yield Violation("level", (item.id,), item.hold_start, text)
        elif abs((item.hold_start - planned[item.id].hold_start).total_seconds()) > coarser.cell_s + SECOND:
            text = f"{item.id} is more than {coarser.cell_s} s from where the coarser plan has it"
            yield Violation("level", (item.id,), item.hold_start, text)
    yield from _pins(case)


def _pins(case: Case) -> Iterator[Violation]:
    """What a planner fixed in the coarser plan stands at the same time in the finer."""
    assert case.coarser is not None
    own = {item.id: item for item in case.plan.activities}
    for item in case.coarser.activities:
        if not item.pinned or item.hold_start < case.plan.start or item.hold_stop > case.plan.stop:
            continue
        found = own.get(item.id)
        if found is None or not found.pinned or abs((found.start - item.start).total_seconds()) >= SECOND:
            yield Violation(
                "pin", (item.id,), item.hold_start, f"{item.id} is pinned in the coarser plan, but not here"
            )
