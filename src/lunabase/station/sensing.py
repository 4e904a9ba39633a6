"""What the station's sensors tell of the truth: how many measure each reading, how well and how often."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from annotated_types import Interval
from pydantic import Strict

from lunabase.station.quantities import (
    DataRate,
    DataVolume,
    Duration,
    Energy,
    Fraction,
    Mass,
    Power,
    Pressure,
    TemperatureDifference,
)
from lunabase.station.record import SourcedRecord

Redundancy = Annotated[int, Strict(), Interval(ge=1, le=9)]


class SensorKind(SourcedRecord):
    """Sensors of one kind of reading."""

    count: Redundancy = 1
    """How many independent sensors measure each reading of this kind; three can outvote one."""
    every_s: Duration = 0.0
    """Time from one sample to the next; none: a sample in every step. Between samples there is no value."""
    missing: Fraction = 0.0
    """Part of the samples that never arrive, at random."""


class TemperatureSensors(SensorKind):
    """Sensors of temperatures and of what is derived from them."""

    noise_k: TemperatureDifference = 0.0
    """Standard deviation of a sample."""
    bias_k: TemperatureDifference = 0.0
    """Standard deviation, from sensor to sensor, of an offset that stays."""
    yearly_drift_k: TemperatureDifference = 0.0
    """Standard deviation, from sensor to sensor, of the change of the offset in a year."""
    resolution_k: TemperatureDifference = 0.0
    """Smallest step of a value; 0: none."""


class PowerSensors(SensorKind):
    """Sensors of electrical power."""

    noise_w: Power = 0.0
    """Standard deviation of a sample."""
    bias_w: Power = 0.0
    """Standard deviation, from sensor to sensor, of an offset that stays."""
    yearly_drift_w: Power = 0.0
    """Standard deviation, from sensor to sensor, of the change of the offset in a year."""
    resolution_w: Power = 0.0
    """Smallest step of a value; 0: none."""


class EnergySensors(SensorKind):
    """Sensors of stored energy in absolute terms."""

    noise_j: Energy = 0.0
    """Standard deviation of a sample."""
    bias_j: Energy = 0.0
    """Standard deviation, from sensor to sensor, of an offset that stays."""
    yearly_drift_j: Energy = 0.0
    """Standard deviation, from sensor to sensor, of the change of the offset in a year."""
    resolution_j: Energy = 0.0
    """Smallest step of a value; 0: none."""


class FractionSensors(SensorKind):
    """Sensors of fills and states of charge."""

    noise: Fraction = 0.0
    """Standard deviation of a sample."""
    bias: Fraction = 0.0
    """Standard deviation, from sensor to sensor, of an offset that stays."""
    yearly_drift: Fraction = 0.0
    """Standard deviation, from sensor to sensor, of the change of the offset in a year."""
    resolution: Fraction = 0.0
    """Smallest step of a value; 0: none."""


class DataSensors(SensorKind):
    """Counters of data volumes and of rates."""

    noise_bit: DataVolume = 0.0
    """Standard deviation of a sample of a volume."""
    rate_noise_bit_per_s: DataRate = 0.0
    """Standard deviation of a sample of a rate."""
    resolution_bit: DataVolume = 0.0
    """Smallest step of a volume; 0: none."""


class PressureSensors(SensorKind):
    """Sensors of pressures and partial pressures."""

    noise_pa: Pressure = 0.0
    """Standard deviation of a sample."""
    bias_pa: Pressure = 0.0
    """Standard deviation, from sensor to sensor, of an offset that stays."""
    yearly_drift_pa: Pressure = 0.0
    """Standard deviation, from sensor to sensor, of the change of the offset in a year."""
    resolution_pa: Pressure = 0.0
    """Smallest step of a value; 0: none."""


class MassSensors(SensorKind):
    """Sensors of the contents of tanks."""

    noise_kg: Mass = 0.0
    """Standard deviation of a sample."""
    bias_kg: Mass = 0.0
    """Standard deviation, from sensor to sensor, of an offset that stays."""
    yearly_drift_kg: Mass = 0.0
    """Standard deviation, from sensor to sensor, of the change of the offset in a year."""
    resolution_kg: Mass = 0.0
    """Smallest step of a value; 0: none."""


class Sensors(SourcedRecord):
    """The sensors by kind of reading; a kind that is left out is measured by one perfect sensor."""

    temperature: TemperatureSensors | None = None
    """Temperatures of the nodes and the margins to their limits."""
    power: PowerSensors | None = None
    """Powers on the bus."""
    energy: EnergySensors | None = None
    """Energy in the stores."""
    charge: FractionSensors | None = None
    """State of charge and fill of the recorders."""
    data: DataSensors | None = None
    """Data volumes and rates."""
    pressure: PressureSensors | None = None
    """Cabin pressures."""
    mass: MassSensors | None = None
    """Contents of tanks."""


class Spread(NamedTuple):
    """Standard deviations and resolution of one channel's sensors, in the channel's unit."""

    noise: float
    bias: float
    yearly_drift: float
    resolution: float


_KINDS = {
    "_bit_per_s": "data",
    "_bit": "data",
    "_kg": "mass",
    "_pa": "pressure",
    "_k": "temperature",
    "_w": "power",
    "_j": "energy",
}


def kind_of(sensors: Sensors, channel: str) -> SensorKind | None:
    """The sensors of a telemetry channel, by the unit in its name (none: a fraction); None for a perfect one."""
    stem = channel.partition(".")[0]
    found: SensorKind | None = getattr(sensors, next((_KINDS[end] for end in _KINDS if stem.endswith(end)), "charge"))
    return found


def spread_of(kind: SensorKind, channel: str) -> Spread:
    """How far the sensors of a kind are off on a channel."""
    if isinstance(kind, DataSensors):
        rate = channel.partition(".")[0].endswith("_per_s")
        return Spread(
            kind.rate_noise_bit_per_s if rate else kind.noise_bit, 0.0, 0.0, 0.0 if rate else kind.resolution_bit
        )
    return Spread(*(_value(kind, name) for name in Spread._fields))


def _value(kind: SensorKind, name: str) -> float:
    fields: dict[str, float] = kind.model_dump()
    return next(value for field, value in fields.items() if field == name or field.startswith(f"{name}_"))
