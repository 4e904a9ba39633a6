"""Responses: steps that are worked through on an event until the station has recovered (service 19).

A step is followed by its wait, then by a look whether that helped. When all steps have been in vain the response is
tried again, as often as its limit on repeats allows; then it is exhausted and the next of its ladder begins, or, after
the last, Earth is alarmed. Ladders have no circles (`station.ladders`), so every chain of responses ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from lunabase.onboard.commands import Path
from lunabase.onboard.log import Entry, Severity
from lunabase.onboard.watch import Group, Readings, watch_of
from lunabase.station.autonomy import (
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

    event: str
    """The event that started it."""
    step: int = 0
    """The next step."""
    until_s: float = 0.0
    """End of the present wait."""


@dataclass(frozen=True, slots=True)
class ResponseState:
    """What is remembered of responses."""

    runs: Mapping[str, Run] = field(default_factory=lambda: MappingProxyType({}))
    tried_s: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """When each response was tried, as far as it still counts."""
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


class Answer:
    """One look at the responses: what they ask of the rest of the software, while they are worked through."""

    def __init__(
        self, responses: Responses, state: ResponseState, over: frozenset[str], readings: Readings, time_s: float
    ) -> None:
        self.responses, self.state, self.over, self.readings, self.time_s = responses, state, over, readings, time_s
        self.entries: list[Entry] = []
        self.shed = 0
        """Loads to shed."""
        self.modes: list[tuple[str, str]] = []
        """Modes to enter, and the response that wants each."""


def respond(
    responses: Responses,
    state: ResponseState,
    raised: Mapping[str, str],
    actions_off: frozenset[str],
    over: frozenset[str],
    readings: Readings,
    time_s: float,
) -> Answer:
    """Start what events ask for and carry on what runs.

    ``raised``: events of this waking and what the log calls them; ``over``: the monitors' events that don't hold now.
    """
    answer = Answer(responses, state, over, readings, time_s)
    for event, about in raised.items():
        for action, name in responses.starts.get(event, ()):
            if action not in actions_off:
                begin(answer, name, event, about)
    for name in tuple(answer.state.runs):
        if name in answer.state.runs:
            _carry_on(answer, responses.by_name[name])
    return answer


def begin(answer: Answer, name: str, event: str, about: str) -> None:
    """Start a response, or the next of its ladder if it has been tried too often; nothing if it runs."""
    response = answer.responses.by_name[name]
    if name in answer.state.runs:
        return
    if not _may_try(answer, response):
        answer.entries.append(_entry(response, "low", "response_held_back", "has been tried too often", about, event))
        _escalate(answer, response, event)
        return
    text = f"begins ({response.spec.level})"
    answer.entries.append(_entry(response, "medium", "response_started", text, about, event))
    _try(answer, response)
    _put(answer, response, Run(event, 0, answer.time_s))


def _carry_on(answer: Answer, response: Response) -> None:
    """Steps until the next wait, the recovery, or the end of all attempts."""
    run, about = answer.state.runs[response.name], _about(response)
    while answer.time_s >= run.until_s:
        if _has_waited(response, run) and _recovered(answer, response, run):
            answer.entries.append(_entry(response, "info", "response_succeeded", "has helped", about, run.event))
            _close(answer, response)
            return
        if run.step == len(response.steps):
            if not _may_try(answer, response):
                _exhaust(answer, response, run.event)
                return
            answer.entries.append(_entry(response, "low", "response_repeated", "is tried again", about, run.event))
            _try(answer, response)
            run = replace(run, step=0)
        _take(answer, response, response.steps[run.step])
        run = replace(run, step=run.step + 1)
        run = replace(run, until_s=answer.time_s + _wait_s(response, run.step))
        _put(answer, response, run)


def _wait_s(response: Response, done: int) -> float:
    """The wait after a number of steps."""
    wait_s: float = getattr(response.steps[done - 1], "wait_s", 0.0)
    return max(wait_s, _LOOK_S) if done == len(response.steps) else wait_s


def _has_waited(response: Response, run: Run) -> bool:
    return run.step > 0 and _wait_s(response, run.step) > 0.0


def _recovered(answer: Answer, response: Response, run: Run) -> bool:
    if response.recovered_group >= 0:
        return bool(answer.readings.held[response.recovered_group])
    return run.event in answer.over


def _exhaust(answer: Answer, response: Response, event: str) -> None:
    last = response.spec.then is None
    text = "did not help; Earth must act" if last else "did not help"
    severity: Severity = "high" if last else "medium"
    answer.entries.append(_entry(response, severity, "response_exhausted", text, _about(response), event))
    _close(answer, response)
    _escalate(answer, response, event)


def _escalate(answer: Answer, response: Response, event: str) -> None:
    follower = response.spec.then
    if follower is not None:
        begin(answer, follower, event, _about(response))
        if follower in answer.state.runs:
            _carry_on(answer, answer.responses.by_name[follower])


def _put(answer: Answer, response: Response, run: Run) -> None:
    answer.state = replace(answer.state, runs={**answer.state.runs, response.name: run})


def _close(answer: Answer, response: Response) -> None:
    runs = {name: run for name, run in answer.state.runs.items() if name != response.name}
    calls = any(isinstance(step, CallEarth) for step in response.steps)
    modes = {name: mode for name, mode in answer.state.modes.items() if name != response.name}
    answer.state = replace(answer.state, runs=runs, modes=modes, path="best" if calls else answer.state.path)


def _recent(answer: Answer, response: Response) -> tuple[float, ...]:
    since_s = answer.time_s - response.spec.per_s
    return tuple(tried for tried in answer.state.tried_s.get(response.name, ()) if tried > since_s)


def _may_try(answer: Answer, response: Response) -> bool:
    return len(_recent(answer, response)) < response.spec.attempts


def _try(answer: Answer, response: Response) -> None:
    tried_s = {**answer.state.tried_s, response.name: (*_recent(answer, response), answer.time_s)}
    answer.state = replace(answer.state, tried_s=tried_s)


def _take(answer: Answer, response: Response, step: Step) -> None:
    """Do one step."""
    state = answer.state = pulsed(answer.state, answer.time_s)
    match step:
        case PowerCycle():
            answer.state = replace(state, power_cycle=state.power_cycle | {step.target})
        case SwitchOver():
            answer.state = replace(state, switch_over=state.switch_over | {step.target})
        case SwitchOff():
            answer.state = replace(state, off=state.off | {step.target})
        case SwitchOn():
            answer.state = replace(state, off=state.off - {step.target})
        case Shed():
            answer.shed += step.loads
        case EnterMode():
            answer.state = replace(state, modes={**state.modes, response.name: step.mode})
            answer.modes.append((step.mode, response.name))
        case Reset():
            answer.state = replace(state, reset=True)
        case CallEarth():
            answer.state = replace(state, path=step.path)
    name = "spare_used" if isinstance(step, SwitchOver) else "response_step"
    answer.entries.append(Entry("low", "response", name, f"{words(step)}.", _about(response), because=_about(response)))


def pulsed(state: ResponseState, time_s: float) -> ResponseState:
    """The state with only those short commands that belong to this time."""
    if state.pulsed_s == time_s:
        return state
    return replace(state, pulsed_s=time_s, power_cycle=frozenset(), switch_over=frozenset(), reset=False)


def words(step: Step) -> str:
    """A step in words."""
    match step:
        case PowerCycle():
            return f"Switch {step.target} off and on"
        case SwitchOver():
            return f"Go on with the spare of {step.target}"
        case SwitchOff():
            return f"Switch {step.target} off"
        case SwitchOn():
            return f"Allow {step.target} again"
        case Shed():
            return f"Shed {step.loads} load{'s' if step.loads > 1 else ''}"
        case EnterMode():
            return f"Enter {step.mode} mode"
        case Reset():
            return "Restart the computer"
        case CallEarth():
            return {"direct": "Call Earth directly", "relay": "Call over a relay", "best": "Call Earth"}[step.path]
        case _:
            return f"Run {step.sequence}"


def _about(response: Response) -> str:
    return f"response {response.name}"


def _entry(response: Response, severity: Severity, name: str, text: str, because: str, event: str) -> Entry:
    return Entry(
        severity,
        "response",
        name,
        f"Response {response.name} {text}.",
        f"event {event}",
        about=_about(response),
        because=because,
    )
