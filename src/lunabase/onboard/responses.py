"""Responses: steps that are worked through on an event until the station has recovered (service 19).

A step is followed by its wait, then by a look whether that helped. When all steps have been in vain the response is
tried again, as often as its limit on repeats allows; then it is exhausted and the next of its ladder begins, or, after
the last, Earth is alarmed. Ladders have no circles (`station.ladders`), so every chain of responses ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from lunabase.onboard.commands import Path
from lunabase.onboard.log import Entry, Severity
from lunabase.onboard.watch import Group, Readings, watch_of
from lunabase.station.autonomy import (
    EVENT_UNIT,
    CallEarth,
    EnterMode,
    PowerCycle,
    Reset,
    ResponseSpec,
    Shed,
    Step,
    SwitchOff,
    SwitchOn,
    SwitchOver,
    Wait,
)
from lunabase.station.model import Station

_LOOK_S = 1.0
"""After a last step without a wait: the next reading shows whether it helped."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response with its sequences written out."""

    name: str
    spec: ResponseSpec
    steps: tuple[Step, ...]
    recovered: Group
    """Conditions that show that it helped; empty: the event must be over."""
    recovered_group: int = -1

    @property
    def is_for_any(self) -> bool:
        """It acts on the unit that its event befell."""
        return any(getattr(step, "target", "") == EVENT_UNIT for step in self.steps)


@dataclass(frozen=True, slots=True)
class Responses:
    """All responses and what starts them."""

    by_name: Mapping[str, Response]
    starts: Mapping[str, tuple[tuple[str, str], ...]]
    """Event -> event-actions and the responses that they start."""
    disabled: frozenset[str]
    """Event-actions that are off at the start."""


@dataclass(frozen=True, slots=True)
class Run:
    """A response that is being worked through."""

    response: str
    event: str
    """The event that started it."""
    units: tuple[str, ...]
    """The units that the event may have befallen."""
    repeats: int = 0
    """How often it has been repeated: each time the next unit is suspected."""
    step: int = 0
    """The next step."""
    until_s: float = 0.0
    """End of the present wait."""

    @property
    def unit(self) -> str:
        """The unit that is suspected now."""
        return self.units[self.repeats % len(self.units)] if self.units else ""


@dataclass(frozen=True, slots=True)
class ResponseState:
    """What is remembered of responses."""

    runs: Mapping[str, Run] = field(default_factory=lambda: MappingProxyType({}))
    """By response, or by response and unit for those that act on whatever unit their event befell."""
    tried_s: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """When each was tried, as far as it still counts."""
    off: frozenset[str] = frozenset()
    """Payloads and modules that responses or Earth have switched off."""
    path: Path = "best"
    modes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Modes that running responses hold the station in at least, by response."""
    pulsed_s: float = -1.0
    """When the units below were cycled, switched over, or the computer reset."""
    power_cycle: frozenset[str] = frozenset()
    switch_over: frozenset[str] = frozenset()
    reset: bool = False

    @property
    def wake_s(self) -> float:
        """The end of the next wait (infinite: none)."""
        return min((run.until_s for run in self.runs.values()), default=float("inf"))


def responses_of(station: Station) -> Responses:
    """The responses of a station; at autonomy level E2 events start nothing."""
    autonomy = station.autonomy
    if autonomy is None or autonomy.execution == "E2":
        return Responses({}, {}, frozenset())
    starts: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, action in autonomy.event_actions.items():
        starts[action.event] = (*starts.get(action.event, ()), (name, action.start))
    return Responses(
        by_name={
            name: Response(
                name, spec, tuple(autonomy.steps_of(spec)), tuple(watch_of(one) for one in spec.recovered_when)
            )
            for name, spec in autonomy.responses.items()
        },
        starts=starts,
        disabled=frozenset(name for name, action in autonomy.event_actions.items() if not action.enabled),
    )


Raised = tuple[str, tuple[str, ...], str]
"""An event: its name, the units that it may have befallen, and what the log calls it."""


class Answer:
    """One look at the responses: what they ask of the rest of the software, while they are worked through."""

    def __init__(
        self,
        responses: Responses,
        state: ResponseState,
        holding: Collection[tuple[str, tuple[str, ...]]],
        readings: Readings,
        time_s: float,
    ) -> None:
        self.responses, self.state, self.holding = responses, state, holding
        self.readings, self.time_s = readings, time_s
        self.entries: list[Entry] = []
        self.shed = 0
        """Loads to shed."""
        self.modes: list[tuple[str, str]] = []
        """Modes to enter, and the response that wants each."""


def respond(
    responses: Responses,
    state: ResponseState,
    raised: Iterable[Raised],
    actions_off: frozenset[str],
    holding: Collection[tuple[str, tuple[str, ...]]],
    readings: Readings,
    time_s: float,
) -> Answer:
    """Start what events ask for and carry on what runs.

    ``raised``: events of this waking; ``holding``: events that are not over, with their units.
    """
    answer = Answer(responses, state, holding, readings, time_s)
    for event, units, about in raised:
        for action, name in responses.starts.get(event, ()):
            if action not in actions_off:
                begin(answer, name, event, units, about)
    for key in tuple(answer.state.runs):
        if key in answer.state.runs:
            _carry_on(answer, key)
    return answer


def begin(answer: Answer, name: str, event: str, units: tuple[str, ...], about: str) -> None:
    """Start a response, or the next of its ladder if it has been tried too often; nothing if it runs."""
    response = answer.responses.by_name[name]
    run = Run(name, event, units, until_s=answer.time_s)
    key = _key(response, units)
    if key in answer.state.runs:
        return
    if not _may_try(answer, response, key):
        answer.entries.append(_entry(key, run, "low", "response_held_back", "has been tried too often", about))
        _escalate(answer, response, run)
        return
    text = f"begins ({response.spec.level})"
    answer.entries.append(_entry(key, run, "medium", "response_started", text, about))
    _try(answer, response, key)
    _put(answer, key, run)


def _key(response: Response, units: tuple[str, ...]) -> str:
    return f"{response.name} ({' or '.join(units) or 'unknown'})" if response.is_for_any else response.name


def _carry_on(answer: Answer, key: str) -> None:
    """Steps until the next wait, the recovery, or the end of all attempts."""
    run, about = answer.state.runs[key], f"response {key}"
    response = answer.responses.by_name[run.response]
    while answer.time_s >= run.until_s:
        if _has_waited(response, run) and _recovered(answer, response, run):
            answer.entries.append(_entry(key, run, "info", "response_succeeded", "has helped", about))
            _close(answer, response, key)
            return
        if run.step == len(response.steps):
            if not _may_try(answer, response, key):
                _exhaust(answer, response, key, run)
                return
            answer.entries.append(_entry(key, run, "low", "response_repeated", "is tried again", about))
            _try(answer, response, key)
            run = replace(run, step=0, repeats=run.repeats + 1)
        _take(answer, key, run, response.steps[run.step])
        run = replace(run, step=run.step + 1)
        run = replace(run, until_s=answer.time_s + _wait_s(response, run.step))
        _put(answer, key, run)


def _wait_s(response: Response, done: int) -> float:
    """The wait after a number of steps."""
    wait_s: float = getattr(response.steps[done - 1], "wait_s", 0.0)
    return max(wait_s, _LOOK_S) if done == len(response.steps) else wait_s


def _has_waited(response: Response, run: Run) -> bool:
    return run.step > 0 and _wait_s(response, run.step) > 0.0


def _recovered(answer: Answer, response: Response, run: Run) -> bool:
    if response.recovered_group >= 0:
        return bool(answer.readings.held[response.recovered_group])
    return (run.event, run.units) not in answer.holding


def _exhaust(answer: Answer, response: Response, key: str, run: Run) -> None:
    last = response.spec.then is None
    text = "did not help; Earth must act" if last else "did not help"
    severity: Severity = "high" if last else "medium"
    answer.entries.append(_entry(key, run, severity, "response_exhausted", text, f"response {key}"))
    _close(answer, response, key)
    _escalate(answer, response, run)


def _escalate(answer: Answer, response: Response, run: Run) -> None:
    name = response.spec.then
    if name is not None:
        begin(answer, name, run.event, run.units, f"response {_key(response, run.units)}")
        key = _key(answer.responses.by_name[name], run.units)
        if key in answer.state.runs:
            _carry_on(answer, key)


def _put(answer: Answer, key: str, run: Run) -> None:
    answer.state = replace(answer.state, runs={**answer.state.runs, key: run})


def _close(answer: Answer, response: Response, key: str) -> None:
    runs = {name: run for name, run in answer.state.runs.items() if name != key}
    modes = {name: mode for name, mode in answer.state.modes.items() if name != key}
    calls = any(isinstance(step, CallEarth) for step in response.steps)
    answer.state = replace(answer.state, runs=runs, modes=modes, path="best" if calls else answer.state.path)


def _recent(answer: Answer, response: Response, key: str) -> tuple[float, ...]:
    since_s = answer.time_s - response.spec.per_s
    return tuple(tried for tried in answer.state.tried_s.get(key, ()) if tried > since_s)


def _may_try(answer: Answer, response: Response, key: str) -> bool:
    return len(_recent(answer, response, key)) < response.spec.attempts


def _try(answer: Answer, response: Response, key: str) -> None:
    tried_s = {**answer.state.tried_s, key: (*_recent(answer, response, key), answer.time_s)}
    answer.state = replace(answer.state, tried_s=tried_s)


def _take(answer: Answer, key: str, run: Run, step: Step) -> None:
    """Do one step."""
    state = answer.state = pulsed(answer.state, answer.time_s)
    named = getattr(step, "target", "")
    target = frozenset({run.unit if named == EVENT_UNIT else named}) - {""}
    match step:
        case PowerCycle():
            answer.state = replace(state, power_cycle=state.power_cycle | target)
        case SwitchOver():
            answer.state = replace(state, switch_over=state.switch_over | target)
        case SwitchOff():
            answer.state = replace(state, off=state.off | target)
        case SwitchOn():
            answer.state = replace(state, off=state.off - target)
        case Shed():
            answer.shed += step.loads
        case EnterMode():
            answer.state = replace(state, modes={**state.modes, key: step.mode})
            answer.modes.append((step.mode, key))
        case Reset():
            answer.state = replace(state, reset=True)
        case CallEarth():
            answer.state = replace(state, path=step.path)
    name = "spare_used" if isinstance(step, SwitchOver) else "response_step"
    about = f"response {key}"
    answer.entries.append(Entry("low", "response", name, f"{words(step, run.unit)}.", about, because=about))


def pulsed(state: ResponseState, time_s: float) -> ResponseState:
    """The state with only those short commands that belong to this time."""
    if state.pulsed_s == time_s:
        return state
    return replace(state, pulsed_s=time_s, power_cycle=frozenset(), switch_over=frozenset(), reset=False)


def words(step: Step, unit: str = "") -> str:
    """A step in words; ``unit``: the one that the event befell."""
    target = getattr(step, "target", "")
    target = (unit or "the unit concerned") if target == EVENT_UNIT else target
    match step:
        case PowerCycle():
            return f"Switch {target} off and on"
        case SwitchOver():
            return f"Go on with the spare of {target}"
        case SwitchOff():
            return f"Switch {target} off"
        case SwitchOn():
            return f"Allow {target} again"
        case Shed():
            return f"Shed {step.loads} load{'s' if step.loads > 1 else ''}"
        case EnterMode():
            return f"Enter {step.mode} mode"
        case Reset():
            return "Restart the computer"
        case Wait():
            return "Wait"
        case CallEarth():
            return {"direct": "Call Earth directly", "relay": "Call over a relay", "best": "Call Earth"}[step.path]
        case _:
            return f"Run {step.sequence}"


def _entry(key: str, run: Run, severity: Severity, name: str, text: str, because: str) -> Entry:
    cause = f"event {run.event} {run.unit}".rstrip() if run.event else "a command from Earth"
    return Entry(severity, "response", name, f"Response {key} {text}.", cause, about=f"response {key}", because=because)
