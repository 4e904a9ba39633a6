"""A campaign in words: what the console and the top of the page say."""

from __future__ import annotations

from typing import Any


def summary_lines(facts: dict[str, Any]) -> dict[str, str]:
    """What a campaign came to, a line each."""
    survival, recovery = facts["survival"], facts["recovery"]
    lines = {
        "survival": f"{facts['alive']} of {facts['runs'] - facts['failed']} runs; {percent(survival['part'])}, "
        f"95 % confidence {percent(survival['low'])} to {percent(survival['high'])}{_by_physics(facts)}",
        "availability": ", ".join(f"{name} {percent(item['mean'])}" for name, item in facts["availability"].items()),
        "science": f"{percent(facts['science_part']['mean'])} of fault-free on average; "
        f"one run in twenty below {percent(facts['science_part']['quantile_5'])}",
        "worst night": night_words(facts),
        "recovery": recovery_words(recovery),
        "alarms": f"{number(facts['alarms']['mean'])} a run; spares used {number(facts['spares_used']['mean'])}",
        "flight rules": f"broken in {facts['runs_with_broken_rules']} runs, without an alarm in "
        f"{facts['runs_with_rules_broken_silently']}",
    }
    if facts["failed"]:
        lines["failed"] = f"{facts['failed']} runs could not be flown"
    return lines


def _by_physics(facts: dict[str, Any]) -> str:
    return f"; {facts['lost_by_physics']} of {facts['lost']} losses by physics" if facts["lost"] else ""


def night_words(facts: dict[str, Any]) -> str:
    """The margin of the worst night over all runs."""
    margin = facts["worst_night_margin_wh"]
    if margin["least"] is None:
        return "unknown"
    return (
        f"margin {energy(margin['median'])} in the median, {energy(margin['quantile_5'])} in one run of twenty, "
        f"{energy(margin['least'])} at the least"
    )


def recovery_words(recovery: dict[str, Any]) -> str:
    """How long it took to recover."""
    if not recovery["upset"]:
        return "no run had to recover"
    never = f"; {recovery['not_recovered']} not by the end" if recovery["not_recovered"] else ""
    if recovery["mean_s"] is None:
        return f"{recovery['upset']} runs upset{never}"
    return (
        f"{recovery['upset']} runs upset, back after {duration(recovery['mean_s'])} on average, "
        f"{duration(recovery['longest_s'])} at the most{never}"
    )


def percent(part: float | None) -> str:
    """A part as a percentage."""
    return "unknown" if part is None or part != part else f"{100.0 * part:.1f} %"


def energy(energy_wh: float | None) -> str:
    """An energy in Wh or kWh."""
    if energy_wh is None:
        return "unknown"
    return f"{energy_wh:.0f} Wh" if abs(energy_wh) < 1000.0 else f"{energy_wh / 1000.0:.1f} kWh"


def duration(time_s: float | None) -> str:
    """A time in the unit that fits."""
    if time_s is None:
        return "unknown"
    for size_s, unit in ((86_400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if time_s >= 2 * size_s:
            return f"{time_s / size_s:.1f} {unit}"
    return f"{time_s:.0f} s"


def number(value: float | None) -> str:
    """A mean count."""
    return "unknown" if value is None else f"{value:.2g}" if abs(value) < 10 else f"{value:.0f}"
