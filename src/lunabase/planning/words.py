"""What keeps an activity out, in words for people."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np

from lunabase.planning.burden import Fault
from lunabase.planning.problem import CHARGE_MARGIN, Problem
from lunabase.planning.tasks import Task
from lunabase.station.equipment import DataRecorder

OWN = "its own activities hold the places left"
CREW = "too few qualified people are free, or have working time left"
TRAVEL = "what it holds can't get there and away in time"
HEAT = "its host could not get rid of the heat"
_PLAIN_FAULTS = {
    "crew": CREW,
    "travel": TRAVEL,
    "heat": HEAT,
    "delivery": "data would reach Earth too late, its own or those of activities that wait behind them",
}


def say_conflict(problem: Problem, task: int, rival: int, places: str = "holds most of the places left") -> str:
    """What keeps a task and a rival apart; `places`: what the rival does, empty where it is in the way of one place."""
    """Why a rival keeps a task out, and which places it holds."""
    conflict, other = problem.conflicts[task, rival], problem.tasks[rival]
    held = f"{other.request_id} (priority {other.request.priority})"
    if task == rival:
        return OWN
    if conflict.kind == "disturbance":
        return f"{conflict.words} keeps it and {held} apart" + (f", which {places}" if places else "")
    if conflict.kind == "flight rule":
        return f"{conflict.words} keeps it apart from {held}" + (f", which {places}" if places else "")
    return f"{conflict.words}, and {held} {places or 'has it then'}"


def say_fault(problem: Problem, fault: Fault, task: Task) -> str:
    """What would go wrong with one more activity of a task."""
    if fault.kind in _PLAIN_FAULTS:
        return _PLAIN_FAULTS[fault.kind]
    if fault.kind == "battery":
        return _say_charge(problem, fault)
    if fault.kind == "bus":
        return f"the bus would lack {fault.value:.0f} W"
    if fault.kind == "mode":
        return f"the station would be in {problem.forecast.modes[int(fault.value)]} mode, which stops activities"
    if fault.kind == "shedding":
        charge, shed = 100 * fault.value, 100 * problem.forecast.shed_below
        return f"its payload may be shed: the stores would be at {charge:.0f} % (shedding starts at {shed:.0f} %)"
    recorders = problem.station.equipment(DataRecorder, problem.phase.present).values()
    capacity_bit, made_bit = sum(item.capacity_bit for item in recorders), task.data_bit_per_s * task.demand.minimum_s
    return (
        f"the recorder would be full: it holds {_say_data(capacity_bit)}, and an activity makes {_say_data(made_bit)}"
    )


def _say_charge(problem: Problem, fault: Fault) -> str:
    """What the stores would fall to, or already do with nothing planned, and against which limit."""
    floor, idle, charge = problem.forecast.charge_floor, problem.idle.charge, fault.value
    words = "the stores would fall to"
    when = ""
    if idle[fault.step] < floor + CHARGE_MARGIN:
        lowest = int(np.argmin(idle))
        moment = problem.horizon.moment((lowest + 1) * problem.forecast.step_s)
        words, when, charge = (
            "with nothing planned the stores already fall to",
            f" on {say_moment(moment)}",
            idle[lowest],
        )
    limit = f"less than {100 * CHARGE_MARGIN:g} % above the rule's {100 * floor:g} %"
    if charge < floor - 1e-9:
        limit = f"below the rule's {100 * floor:g} %"
    elif floor == 0.0:
        limit = f"below the {100 * CHARGE_MARGIN:g} % that the planner keeps in them"
    down = math.floor(1000 * charge + 1e-6) / 10  # rounded down: 29.96 % is below 30 %
    return f"{words} {down:.1f} %{when}, {limit}"


def say_moment(moment: datetime) -> str:
    """A time of day in a plan, for people: "3 Dec 06:30"."""
    return f"{moment.day} {moment:%b %H:%M}"


def _say_data(bits: float) -> str:
    """An amount of data for people: "1.5 Gbit"."""
    for size, unit in ((1e12, "Tbit"), (1e9, "Gbit"), (1e6, "Mbit"), (1e3, "kbit")):
        if bits >= size:
            return f"{bits / size:.3g} {unit}"
    return f"{bits:.0f} bit"
