"""What the station does without Earth: monitors, event-actions and responses (ECSS-E-ST-70-41C services 12 and 19).

A monitor checks a parameter and raises an event of its own name; an event-action starts a response on an event; a
response works through its steps until the station has recovered, is repeated a few times, and then gives
way to the next one. The levels of autonomy are those of ECSS-E-ST-70-11C.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, NamedTuple

from annotated_types import Interval
from pydantic import Field, Strict

from lunabase.station.constraints import LimitText
from lunabase.station.equipment import ModeName
from lunabase.station.quantities import Duration, PositiveDuration, parse_quantity
from lunabase.station.record import Flag, Identifier, Record, Rule, repeated
from lunabase.station.rules import Condition


class Parameter(NamedTuple):
    """What a monitor can look at."""

    channel: str
    """Channel of telemetry; with a thing, its name follows after a dot."""
    unit: str
    """SI unit of limits."""
    of: str = ""
    """Kind of thing that it is a parameter of; empty: the station."""


PARAMETERS: Mapping[str, Parameter] = {
    "state_of_charge": Parameter("state_of_charge", ""),
    "charge_uncertainty": Parameter("charge_uncertainty", ""),
    "array_power": Parameter("array_available_w", "W"),
    "source_power": Parameter("source_w", "W"),
    "generation": Parameter("generation_w", "W"),
    "load": Parameter("load_w", "W"),
    "heater_power": Parameter("heater_w", "W"),
    "charging_power": Parameter("charge_w", "W"),
    "unserved_power": Parameter("unserved_w", "W"),
    "load_mismatch": Parameter("load_mismatch_w", "W"),
    "recorder_fill": Parameter("recorder_fill", ""),
    "downlink_rate": Parameter("downlink_bit_per_s", "bit/s"),
    "curtailed_power": Parameter("curtailed_w", "W"),
    "lost_data_rate": Parameter("overflow_bit_per_s", "bit/s"),
    "data_mismatch": Parameter("data_mismatch_bit_per_s", "bit/s"),
    "temperature": Parameter("temperature_k", "K", "thermal node"),
    "operating_margin": Parameter("operating_margin_k", "delta_degC"),
    "survival_margin": Parameter("survival_margin_k", "delta_degC"),
    "failed_sensors": Parameter("failed_sensors", "count"),
    "silence": Parameter("silence_s", "s"),
}
"""By name. `silence` is the time since Earth was last heard: with an upper limit it is the lost-command timer."""
ParameterName = Literal[
    "state_of_charge",
    "charge_uncertainty",
    "array_power",
    "source_power",
    "generation",
    "load",
    "heater_power",
    "charging_power",
    "unserved_power",
    "load_mismatch",
    "recorder_fill",
    "downlink_rate",
    "curtailed_power",
    "lost_data_rate",
    "data_mismatch",
    "temperature",
    "operating_margin",
    "survival_margin",
    "failed_sensors",
    "silence",
]
Attempts = Annotated[int, Strict(), Interval(ge=1, le=100)]
EventSeverity = Literal["info", "low", "medium", "high"]


def limit_value(text: object, unit: str) -> float:
    """A limit in its parameter's unit. Raises ValueError with what to write instead."""
    if unit != "count":
        return parse_quantity(text, unit)
    if isinstance(text, bool) or not isinstance(text, int | float):
        raise ValueError(f"expected a plain number, found {text!r}")
    return float(text)


class Limits(Record):
    """The parameter lies between two limits."""

    type: Literal["limits"]
    low: LimitText | None = None
    """Below this it trips."""
    high: LimitText | None = None
    """Above this it trips."""
    clear_by: LimitText | None = None
    """How far it must come back within its limits before the event is over; nothing: at the limit."""

    rules = (
        Rule(("low", "high"), lambda check: check.low is None and check.high is None, "give `low`, `high`, or both"),
    )


class ExpectedValue(Record):
    """The parameter has one value."""

    type: Literal["expected"]
    value: LimitText
    """Anything else trips."""


class Delta(Record):
    """The parameter changes by no more than so much."""

    type: Literal["delta"]
    over_s: PositiveDuration
    """Time from one comparison to the next."""
    low: LimitText | None = None
    """A smaller change trips; for a fall, a negative one."""
    high: LimitText | None = None
    """A larger change trips."""

    rules = (
        Rule(("low", "high"), lambda check: check.low is None and check.high is None, "give `low`, `high`, or both"),
    )


Check = Annotated[Limits | ExpectedValue | Delta, Field(discriminator="type")]


def _bad_limits(monitor: MonitorSpec) -> str:
    try:
        low, high = monitor.limits
        clear = monitor.clear_by
    except ValueError as bad:
        return str(bad)
    if low is not None and high is not None and not low + 2.0 * clear < high and monitor.check.type != "expected":
        return "the low limit, with `clear_by`, is not below the high one"
    return "`clear_by` is negative" if clear < 0.0 else ""


class MonitorSpec(Record):
    """Checks one parameter (service 12); when it trips it raises an event of its own name."""

    parameter: ParameterName
    """What is checked: an estimate, never the truth. While it is unknown nothing trips."""
    of: Identifier | None = None
    """The thing whose parameter it is, where there are several."""
    check: Check
    """The check."""
    lasting_s: Duration = 0.0
    """For how long the check must fail before it trips (repetition filter)."""
    modes: tuple[ModeName, ...] = ()
    """Modes in which it checks; without any, in all."""
    only_while: tuple[Condition, ...] = ()
    """All of these must hold, or it does not check."""
    enabled: Flag = True
    """Whether it is on at the start; Earth can switch it."""
    severity: EventSeverity = "medium"
    """Of its event."""
    text: str
    """Its event in one sentence."""

    rules = (
        Rule(
            ("parameter", "of"),
            lambda monitor: (monitor.of is not None) != bool(PARAMETERS[monitor.parameter].of),
            "`of` goes with parameters of which there are several, like `temperature`, and only with them",
            "of",
        ),
        Rule(("parameter", "check"), _bad_limits, "{}", "check"),
        Rule(("modes",), lambda monitor: repeated(monitor.modes), "it names `{}` twice", "modes"),
        Rule(
            ("parameter", "check"),
            lambda monitor: monitor.parameter == "silence" and not _is_timer(monitor.check),
            "silence is a timer: give `type: limits` and `high` alone",
            "check",
        ),
    )

    @property
    def channel(self) -> str:
        """The telemetry channel that it looks at."""
        stem = PARAMETERS[self.parameter].channel
        return f"{stem}.{self.of}" if self.of is not None else stem

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Low and high limit in the parameter's unit, of a delta check those of the change."""
        unit = PARAMETERS[self.parameter].unit
        if isinstance(self.check, ExpectedValue):
            value = limit_value(self.check.value, unit)
            return value, value
        if isinstance(self.check, Delta) and unit == "K":
            unit = "delta_degC"
        sides = (self.check.low, self.check.high)
        low, high = (None if side is None else limit_value(side, unit) for side in sides)
        return low, high

    @property
    def clear_by(self) -> float:
        """How far within the limits the event is over, in the parameter's unit."""
        if not isinstance(self.check, Limits) or self.check.clear_by is None:
            return 0.0
        unit = PARAMETERS[self.parameter].unit
        return limit_value(self.check.clear_by, "delta_degC" if unit == "K" else unit)


def _is_timer(check: Check) -> bool:
    return isinstance(check, Limits) and check.high is not None and check.low is None and check.clear_by is None


class PowerCycle(Record):
    """Switch a unit off and on again."""

    type: Literal["power_cycle"]
    target: Identifier
    """A module, payload, or equipment; `event-unit`: the unit that the event befell; `bus`, `computer`, `recorder`."""
    wait_s: Duration = 0.0
    """Time until the next step, or the look whether it helped."""


class SwitchOver(Record):
    """Go on with the spare of a unit."""

    type: Literal["switch_over"]
    target: Identifier
    """A module, payload, or equipment; `event-unit`: the unit that the event befell; `bus`, `computer`, `recorder`."""
    wait_s: Duration = 0.0
    """Time until the next step, or the look whether it helped."""


class SwitchOff(Record):
    """Switch a payload or module off, until Earth or another response switches it on."""

    type: Literal["switch_off"]
    target: Identifier
    """A payload or module; `event-unit`: the one that the event befell."""
    wait_s: Duration = 0.0
    """Time until the next step, or the look whether it helped."""


class SwitchOn(Record):
    """Allow a payload or module again that a response has switched off."""

    type: Literal["switch_on"]
    target: Identifier
    """A payload or module; `event-unit`: the one that the event befell."""
    wait_s: Duration = 0.0
    """Time until the next step, or the look whether it helped."""


class Shed(Record):
    """Shed the next loads of the order of `load_shedding`."""

    type: Literal["shed"]
    loads: Attempts
    """How many."""
    wait_s: Duration = 0.0
    """Time until the next step, or the look whether it helped."""


class EnterMode(Record):
    """Keep the station in this mode or a severer one until the response has ended; then the mode's conditions count."""

    type: Literal["mode"]
    mode: ModeName
    """The mode."""
    wait_s: Duration = 0.0
    """Time until the next step, or the look whether it helped."""


class Reset(Record):
    """Restart the computer; log, plan and counts of attempts are kept in memory that survives."""

    type: Literal["reset"]
    wait_s: Duration = 0.0
    """Time until the next step, or the look whether it helped."""


class CallEarth(Record):
    """Search for contact over one path."""

    type: Literal["call"]
    path: Literal["direct", "relay", "best"]
    """Straight to Earth, over a relay, or over whichever answers."""
    wait_s: Duration = 0.0
    """How long to call; then the next step."""


class Wait(Record):
    """Give the station time to recover by itself."""

    type: Literal["wait"]
    wait_s: PositiveDuration
    """How long."""


class RunSequence(Record):
    """Run the steps of a sequence."""

    type: Literal["run"]
    sequence: Identifier
    """The sequence."""


Step = Annotated[
    PowerCycle | SwitchOver | SwitchOff | SwitchOn | Shed | EnterMode | Reset | CallEarth | Wait | RunSequence,
    Field(discriminator="type"),
]


class Sequence(Record):
    """Steps that several responses share."""

    steps: tuple[Step, ...]
    """The steps, one after the other."""

    rules = (
        Rule(("steps",), lambda sequence: not sequence.steps, "it has no steps", "steps"),
        Rule(
            ("steps",),
            lambda sequence: any(isinstance(step, RunSequence) for step in sequence.steps),
            "a sequence can't run another: it might never end",
            "steps",
        ),
    )


class ResponseSpec(Record):
    """What is done about an event, how one sees that it helped, and what follows if it did not."""

    level: Literal["unit", "subsystem", "station"]
    """How far it reaches."""
    steps: tuple[Step, ...]
    """The steps, one after the other; after each one's wait the station may have recovered, then the rest is left."""
    recovered_when: tuple[Condition, ...] = ()
    """All of these show that it has recovered."""
    recovered_when_over: Flag = False
    """Or: it has recovered when the event that started it is over."""
    attempts: Attempts = 1
    """How often it is tried in `per` before it is exhausted."""
    per_s: PositiveDuration = 86_400.0
    """The time over which attempts count."""
    then: Identifier | None = None
    """The response that follows when it is exhausted; without one, Earth is alarmed and left to act."""
    text: str = ""
    """What it is for."""

    rules = (
        Rule(("steps",), lambda response: not response.steps, "it has no steps", "steps"),
        Rule(
            ("recovered_when", "recovered_when_over"),
            lambda response: bool(response.recovered_when) == response.recovered_when_over,
            "say how one sees that it helped: either `recovered_when` or `recovered_when_over: true`",
        ),
    )


class EventAction(Record):
    """Starts a response on an event (service 19)."""

    event: Identifier
    """A monitor's name, or one of the events of the software."""
    start: Identifier
    """The response."""
    enabled: Flag = True
    """Whether it is on at the start; Earth can switch it."""


EVENT_UNIT = "event-unit"
"""As a target: the unit that the event befell, a payload, module, node, or the channel of a sensor."""
SOFTWARE_EVENTS: Mapping[str, str] = {
    "sensor-failed": "A sensor is not believed any more.",
    "payload-silent": "A payload does not answer.",
    "module-silent": "None of the payloads of a module answers.",
    "brown-out": "The bus did not carry all loads.",
    "computer-restarted": "The computer has restarted.",
    "node-cold": "A node is below its operating limits.",
    "node-hot": "A node is above its operating limits.",
    "recorder-full": "The recorder is nearly full.",
    "cabin-pressure": "A cabin has lost a tenth of its pressure.",
    "cabin-oxygen": "A cabin has too little oxygen.",
    "cabin-air": "A cabin has too much carbon dioxide.",
    "flight-rule-broken": "A flight rule does not hold.",
}
"""Events besides those of the monitors that can start responses, by name."""
ENDLESS = ("brown-out", "computer-restarted", "flight-rule-broken")
"""Events of the software that happen at a moment; the others last until what they tell of is over."""


class Autonomy(Record):
    """The autonomy of the station."""

    execution: Literal["E2", "E3", "E4"] = "E4"
    """E2: carries out the plan by time. E3: also reacts to events. E4: also decides on goals by itself."""
    failure: Literal["F1", "F2"] = "F2"
    """F1: makes itself safe and waits there for Earth. F2: also returns to work by itself."""
    builtin_monitors: Flag = True
    """Whether the limits given elsewhere in the file (nodes, payloads, flight rules, recorder) are monitored too."""
    monitors: Mapping[Identifier, MonitorSpec] = Field(default_factory=dict)
    """The monitors, by the name of their event."""
    event_actions: Mapping[Identifier, EventAction] = Field(default_factory=dict)
    """What events start."""
    responses: Mapping[Identifier, ResponseSpec] = Field(default_factory=dict)
    """The responses."""
    sequences: Mapping[Identifier, Sequence] = Field(default_factory=dict)
    """Steps that responses share."""
    wait_until: Mapping[Identifier, tuple[Condition, ...]] = Field(default_factory=dict)
    """Activity types that begin only once all conditions hold: from their planned start they wait, until their stop."""

    def steps_of(self, response: ResponseSpec) -> Iterator[Step]:
        """The steps of a response, with those of the sequences that it runs."""
        for step in response.steps:
            if isinstance(step, RunSequence):
                yield from self.sequences[step.sequence].steps
            else:
                yield step
