"""Parts of the power system that not every station describes: ageing of batteries, the distribution unit."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Interval
from pydantic import Strict

from lunabase.station.quantities import Fraction, MolarEnergy, PositiveFraction, PositiveMass, PositivePower
from lunabase.station.record import Identifier, SourcedRecord

Exponent = Annotated[float, Strict(), Interval(ge=0.2, le=2.0)]


class BatteryAgeing(SourcedRecord):
    """Capacity that a battery loses with time and with use; the two add up. It is new when the run begins."""

    calendar_loss: Fraction = 0.0
    """Part of the capacity lost in the first year at 25 degC."""
    calendar_exponent: Exponent = 0.5
    """The loss grows with time to this power; 0.5 for a growing surface film."""
    calendar_activation_j_per_mol: MolarEnergy = 0.0
    """How much faster it goes when warm: activation energy of Arrhenius' law; 0: as at 25 degC always."""
    cycle_loss: Fraction = 0.0
    """Part of the capacity lost in the first 1000 full cycles, counted by the energy drawn."""
    cycle_exponent: Exponent = 1.0
    """The loss grows with the number of cycles to this power."""


class PowerDistribution(SourcedRecord):
    """The main bus' converter and switches, between sources and stores on one side and all loads on the other."""

    type: Literal["power_distribution"]
    mass_kg: PositiveMass
    """Mass."""
    efficiency: PositiveFraction = 1.0
    """Power to the loads per power taken from sources and stores."""
    maximum_w: PositivePower
    """Highest power to the loads."""
    thermal_node: Identifier | None = None
    """The node that warms with its losses."""
    cuts: Literal["in_order", "together"] = "in_order"
    """When power runs out. in_order: switches cut the least important loads (the order of `load_shedding`; then
    payloads, radios, heaters, modules); together: every load works for a part of the step."""
