"""The Sun's particle events and the dose of a quiet day, over the solar cycle.

Events come at random in the seven active years of a cycle (2.5 years before its maximum to 4.5 after) and not at all in
the others, as in the model JPL-91 (Feynman et al. 1993, doi 10.1029/92JA02670); the logarithm of an event's
fluence of protons is normal. Rate and law are those of ECSS-E-ST-10-04C table I-2 for protons above 30 MeV.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from lunabase.twin.chance import Stream

YEAR_S = 365.25 * 86_400.0
MAXIMUM = datetime(2024, 10, 15, tzinfo=UTC)
"""Maximum of solar cycle 25 (smoothed sunspot number, SILSO). Later ones follow every `CYCLE_S`: an ESTIMATE."""
CYCLE_S = 11.0 * YEAR_S
ACTIVE_BEFORE_S, ACTIVE_AFTER_S = 2.5 * YEAR_S, 4.5 * YEAR_S
EVENTS_PER_YEAR = 5.40
LOG10_FLUENCE, LOG10_SPREAD = 7.42, 1.2
"""Mean and standard deviation of log10 of the fluence above 30 MeV of an event, protons per cm2."""
EVENT_S = 2.0 * 86_400.0
"""How long an event lasts: an ESTIMATE; most of the particles come within two days."""

QUIET_GY_PER_S = 13.2e-6 / 3600.0
"""Dose rate in silicon on the surface at solar minimum (Zhang et al. 2020, doi 10.1126/sciadv.aaz1334): 13.2 uGy/h."""
QUIET_CHARGED_GY_PER_S = 10.2e-6 / 3600.0
"""The part of it by charged particles (same source)."""
TISSUE_OVER_SILICON, QUALITY = 1.30, 4.3
"""Dose in water over that in silicon, and mean quality factor of the charged particles (same source)."""
MAXIMUM_OVER_MINIMUM = 110.0 / 380.0
"""Yearly dose equivalent of cosmic rays on the surface (Reitz et al. 2012, doi 10.1016/j.pss.2012.07.014)."""

_SPECTRUM_MEV = 26.5
"""Protons above an energy E fall as exp(-E / 26.5 MeV): the event of August 1972 (King 1974, doi 10.2514/3.62088)."""
_RANGE_CM_PER_MEV_P, _RANGE_POWER = 0.0022, 1.77
"""Range of protons in water: 0.0022 cm (E / MeV)^1.77 (Bortfeld 1997, doi 10.1118/1.598116)."""
_GY_PER_MEV_PER_G = 1.602_176_634e-10


@dataclass(frozen=True, slots=True)
class SolarEvent:
    """A solar particle event; times from the start of the run, s."""

    start_s: float
    stop_s: float
    fluence_per_cm2: float
    """Protons above 30 MeV in free space."""


def solar_events(start: datetime, stop: datetime, seed: int) -> tuple[SolarEvent, ...]:
    """The Sun's events between two moments. The same seed has the same Sun, whenever a run begins."""
    found = (event for cycle in _cycles(start, stop) for event in _events_of(cycle, seed))
    length_s, offset_s = (stop - start).total_seconds(), (MAXIMUM - start).total_seconds()
    moved = (SolarEvent(one.start_s + offset_s, one.stop_s + offset_s, one.fluence_per_cm2) for one in found)
    return tuple(event for event in moved if event.stop_s > 0.0 and event.start_s < length_s)


def _cycles(start: datetime, stop: datetime) -> range:
    first = math.floor((start - MAXIMUM).total_seconds() / CYCLE_S)
    return range(first, math.ceil((stop - MAXIMUM).total_seconds() / CYCLE_S) + 1)


def _events_of(cycle: int, seed: int) -> Iterator[SolarEvent]:
    """Events of one cycle; times from `MAXIMUM`."""
    stream = Stream(seed, f"solar cycle {cycle}")
    moment_s = cycle * CYCLE_S - ACTIVE_BEFORE_S
    while True:
        moment_s += stream.exponential() * YEAR_S / EVENTS_PER_YEAR
        if moment_s > cycle * CYCLE_S + ACTIVE_AFTER_S:
            return
        yield SolarEvent(moment_s, moment_s + EVENT_S, 10.0 ** (LOG10_FLUENCE + LOG10_SPREAD * stream.normal()))


def cycle_level(moment: datetime) -> float:
    """Solar activity from 0 at minimum to 1 at maximum: a cosine over the cycle."""
    phase = 2.0 * math.pi * (moment - MAXIMUM).total_seconds() / CYCLE_S
    return 0.5 + 0.5 * math.cos(phase)


def quiet_dose_gy_per_s(moment: datetime) -> float:
    """Dose rate in silicon of cosmic rays on the surface, without shielding, Gy/s.

    The dose rate at solar minimum, falling with the Sun's activity; the cosine between is an ESTIMATE.
    """
    return QUIET_GY_PER_S * (1.0 - (1.0 - MAXIMUM_OVER_MINIMUM) * cycle_level(moment))


def quiet_dose_equivalent_sv_per_s(moment: datetime) -> float:
    """Dose equivalent rate of cosmic rays for people on the surface without shielding, Sv/s."""
    charged = QUIET_CHARGED_GY_PER_S / QUIET_GY_PER_S
    return quiet_dose_gy_per_s(moment) * charged * TISSUE_OVER_SILICON * QUALITY


def event_dose_gy(fluence_per_cm2: float, shielding_kg_per_m2: float) -> float:
    """Dose in water of an event on the Moon's surface behind a shell of this mass per area, Gy.

    ESTIMATE good to a factor of about 2: every event has the spectrum of August 1972; protons slow down as in water and
    make no secondaries; the ground hides half of the sky.
    """
    # Gauss-Legendre over the energies that come through, in units of the spectrum's own scale.
    depth_cm = shielding_kg_per_m2 * 0.1
    least_mev = max((depth_cm / _RANGE_CM_PER_MEV_P) ** (1.0 / _RANGE_POWER), 10.0)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    energy_mev = least_mev + 0.5 * (nodes + 1.0) * 20.0 * _SPECTRUM_MEV
    per_mev = fluence_per_cm2 * np.exp((30.0 - energy_mev) / _SPECTRUM_MEV) / _SPECTRUM_MEV
    left_cm = np.maximum(_RANGE_CM_PER_MEV_P * energy_mev**_RANGE_POWER - depth_cm, 1e-9)
    left_mev = (left_cm / _RANGE_CM_PER_MEV_P) ** (1.0 / _RANGE_POWER)
    stopping = left_mev ** (1.0 - _RANGE_POWER) / (_RANGE_CM_PER_MEV_P * _RANGE_POWER)
    integral = float(np.sum(weights * per_mev * stopping)) * 10.0 * _SPECTRUM_MEV
    return 0.5 * integral * _GY_PER_MEV_PER_G
