"""Modules and the equipment in them: power, heat, data, radio, and what a module consumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from lunabase.station.energy import BatteryAgeing, PowerDistribution
from lunabase.station.links import Transmitter
from lunabase.station.quantities import (
    Angle,
    Area,
    Conductance,
    DataRate,
    Duration,
    Fraction,
    FractionPerTime,
    Mass,
    MastHeight,
    MolarEnergy,
    PositiveArea,
    PositiveDataVolume,
    PositiveDuration,
    PositiveEnergy,
    PositiveEnergyPerDistance,
    PositiveEnergyPerMass,
    PositiveFraction,
    PositiveHeatCapacity,
    PositiveMass,
    PositiveMassFlow,
    PositivePower,
    PositivePowerRamp,
    PositiveTemperature,
    Power,
    Slope,
    Speed,
    Temperature,
    TemperatureCoefficient,
    Tilt,
    UtcDate,
)
from lunabase.station.record import Identifier, Name, People, Record, Rule, SourcedRecord
from lunabase.station.thermal import Face, HeatPipe

ModeName = Literal["nominal", "night", "dormant", "safe", "survival", "crewed"]
Part = Literal["energy and communication", "research", "resources", "technology", "astronomy", "vehicle"]
ModuleKind = Literal[
    "power plant",
    "communication",
    "habitat",
    "laboratory",
    "observatory",
    "rover",
    "hopper",
    "isru plant",
    "lander",
    "instrument site",
]


class TemperatureLimits(Record):
    """A range of temperatures."""

    minimum_k: Temperature
    """Lowest temperature."""
    maximum_k: Temperature
    """Highest temperature."""

    rules = (
        Rule(
            ("minimum_k", "maximum_k"),
            lambda limits: limits.minimum_k >= limits.maximum_k,
            "minimum must be below maximum",
        ),
    )


class SolarArray(SourcedRecord):
    """A solar array on the main bus."""

    type: Literal["solar_array"]
    mass_kg: PositiveMass
    """Mass."""
    area_m2: PositiveArea
    """Cell area."""
    efficiency: PositiveFraction
    """Conversion efficiency at the reference temperature, cells to bus."""
    reference_temperature_k: PositiveTemperature
    """Cell temperature at which the efficiency holds."""
    temperature_coefficient_per_k: TemperatureCoefficient
    """Relative change of efficiency per kelvin (negative for real cells)."""
    absorptance: PositiveFraction
    """Solar absorptance of the front."""
    emittance: PositiveFraction
    """Infrared emittance, mean of front and back."""
    tracking: Literal["none", "vertical_axis", "two_axes"]
    """none: fixed; vertical_axis: an upright panel that turns to the Sun's azimuth; two_axes: faces the Sun."""
    tilt_deg: Tilt = 0.0
    """Fixed arrays: angle between the panel's normal and the zenith."""
    azimuth_deg: Angle = 0.0
    """Fixed arrays: azimuth of the panel's normal, clockwise from north."""
    height_m: MastHeight
    """Height of the array's centre above ground; the horizon is taken at this height."""
    dust_loss: Fraction
    """Part of the light lost to dust on the first day."""
    dust_loss_rate_per_s: FractionPerTime = 0.0
    """Growth of the dust loss, like "0.5 %/year"."""
    dust_loss_per_landing: Fraction = 0.0
    """Growth with each landing nearby; every phase that begins after the array's own counts as one."""

    rules = (
        Rule(
            ("efficiency", "absorptance"),
            lambda array: array.efficiency > array.absorptance,
            "it makes more power than it absorbs light; efficiency can't be above absorptance",
            "efficiency",
        ),
    )


class FissionSource(SourcedRecord):
    """A fission power source."""

    type: Literal["fission_source"]
    mass_kg: PositiveMass
    """Mass."""
    power_w: PositivePower
    """Electrical power to the bus."""
    decline_per_s: FractionPerTime = 0.0
    """Part of the power lost with time since it was set up, like "0.2 %/year"."""
    ramp_w_per_s: PositivePowerRamp | None = None
    """Fastest change of power up or down in steps; without it, at once. A stop is always at once."""
    restart_s: Duration = 0.0
    """From a stop until it can give power again."""


class RadioisotopeSource(SourcedRecord):
    """A radioisotope source: electricity, heat, or both."""

    type: Literal["radioisotope_source"]
    mass_kg: PositiveMass
    """Mass."""
    power_w: Power
    """Electrical power on the day of fuelling; 0 W for a heater unit."""
    heat_w: Power
    """Heat given to the thermal node on the day of fuelling."""
    half_life_s: PositiveDuration
    """Half-life of the isotope (Pu-238: 87.7 years)."""
    fuelled: UtcDate
    """Day of fuelling."""
    thermal_node: Identifier | None = None
    """The node that the heat warms; none if it is radiated away."""

    rules = (
        Rule(
            ("power_w", "heat_w"),
            lambda source: source.power_w == source.heat_w == 0.0,
            "it gives neither power nor heat",
        ),
    )


class Battery(SourcedRecord):
    """A battery on the main bus."""

    type: Literal["battery"]
    mass_kg: PositiveMass
    """Mass."""
    capacity_j: PositiveEnergy
    """Usable capacity when full."""
    charge_efficiency: PositiveFraction
    """Stored energy per energy taken from the bus."""
    discharge_efficiency: PositiveFraction
    """Energy given to the bus per energy taken from the store."""
    maximum_charge_w: PositivePower
    """Highest charging power, at the bus."""
    maximum_discharge_w: PositivePower
    """Highest discharging power, at the bus."""
    minimum_charge: Fraction
    """State of charge below which the battery disconnects."""
    initial_charge: Fraction
    """State of charge at the start."""
    thermal_node: Identifier | None = None
    """The node that warms with the battery's losses."""
    internal_loss: Fraction = 0.0
    """Part of the drawn power lost in the internal resistance at `maximum_discharge` and 25 degC. At lower power the
    part is smaller in proportion, at charge it is the same; the efficiencies hold besides."""
    internal_loss_activation_j_per_mol: MolarEnergy = 0.0
    """How the resistance grows in the cold: activation energy of Arrhenius' law; 0: not at all."""
    charges_above_k: Temperature = 0.0
    """Temperature of the node below which it takes no charge (lithium-ion: 273 K)."""
    ageing: BatteryAgeing | None = None
    """Capacity lost with time and use; none: it stays new."""

    rules = (
        Rule(
            ("initial_charge", "minimum_charge"),
            lambda battery: battery.initial_charge < battery.minimum_charge,
            "the battery starts disconnected; initial_charge must not be below minimum_charge",
            "initial_charge",
        ),
        Rule(
            ("minimum_charge",),
            lambda battery: battery.minimum_charge >= 1.0,
            "a battery that disconnects at 100 % gives nothing",
            "minimum_charge",
        ),
    )


class FuelCell(SourcedRecord):
    """A regenerative fuel cell: an electrolyser, tanks and a fuel cell."""

    type: Literal["fuel_cell"]
    mass_kg: PositiveMass
    """Mass."""
    capacity_j: PositiveEnergy
    """Chemical energy in full tanks."""
    charge_efficiency: PositiveFraction
    """Electrolyser: chemical energy stored per energy taken from the bus."""
    discharge_efficiency: PositiveFraction
    """Fuel cell: energy given to the bus per chemical energy used."""
    maximum_charge_w: PositivePower
    """Electrolyser power."""
    maximum_discharge_w: PositivePower
    """Fuel cell power."""
    initial_charge: Fraction
    """Fill of the tanks at the start."""
    thermal_node: Identifier | None = None
    """The node that warms with the losses."""
    least_charge_w: Power = 0.0
    """Electrolyser: below this power it stands still."""
    works_above_k: Temperature = 0.0
    """Temperature of the node below which neither works, as water would freeze."""

    rules = (
        Rule(
            ("least_charge_w", "maximum_charge_w"),
            lambda cell: cell.least_charge_w > cell.maximum_charge_w,
            "it could never be charged; least_charge must not be above maximum_charge",
            "least_charge",
        ),
    )


class ThermalNode(SourcedRecord):
    """A part of the station that has one temperature."""

    type: Literal["thermal_node"]
    heat_capacity_j_per_k: PositiveHeatCapacity
    """Heat capacity."""
    radiator_area_m2: Area
    """Radiator area, seeing the sky."""
    radiator_emissivity: PositiveFraction
    """Infrared emissivity of the radiator."""
    radiator_absorptance: Fraction
    """Solar absorptance of the radiator."""
    radiator_tilt_deg: Tilt = 0.0
    """Angle between the radiator's normal and the zenith; its azimuth is taken away from the Sun."""
    radiator_closes_below_k: Temperature = 0.0
    """Heat switch: below this temperature the radiator gives off no heat; 0 K: always open."""
    radiator_opens_above_k: Temperature | None = None
    """The heat switch opens again above this temperature; without it, above `radiator_closes_below`."""
    ground_conductance_w_per_k: Conductance
    """Heat path between node and ground surface, insulation included."""
    heater_w: Power
    """Heater power, taken from the main bus."""
    heater_setpoint_k: Temperature
    """The heater comes on below this temperature (with 2 K hysteresis)."""
    initial_temperature_k: PositiveTemperature
    """Temperature at the start."""
    operating: TemperatureLimits
    """Limits within which the equipment may work."""
    survival: TemperatureLimits
    """Limits beyond which the equipment is lost."""
    couplings: Mapping[Identifier, Conductance] = Field(default_factory=dict)
    """Heat paths to other nodes."""
    faces: Mapping[Identifier, Face] = Field(default_factory=dict)
    """Outer surfaces besides the radiator; they see Sun, sky and ground."""
    heat_pipes: Mapping[Identifier, HeatPipe] = Field(default_factory=dict)
    """Heat pipes to other nodes."""

    rules = (
        Rule(
            ("operating", "survival"),
            lambda node: (
                node.operating.minimum_k < node.survival.minimum_k or node.operating.maximum_k > node.survival.maximum_k
            ),
            "the operating limits must lie within the survival limits",
            "operating",
        ),
        Rule(
            ("initial_temperature_k", "survival"),
            lambda node: not node.survival.minimum_k <= node.initial_temperature_k <= node.survival.maximum_k,
            "the node starts outside its survival limits",
            "initial_temperature",
        ),
        Rule(
            ("radiator_closes_below_k", "radiator_opens_above_k"),
            lambda node: (
                node.radiator_opens_above_k is not None and node.radiator_opens_above_k < node.radiator_closes_below_k
            ),
            "radiator_opens_above must not be below radiator_closes_below",
            "radiator_opens_above",
        ),
        Rule(
            ("heater_setpoint_k", "operating", "survival"),
            lambda node: not node.survival.minimum_k <= node.heater_setpoint_k < node.operating.maximum_k,
            "the heater must come on above the survival minimum and below the operating maximum",
            "heater_setpoint",
        ),
    )


class DataRecorder(SourcedRecord):
    """A data recorder."""

    type: Literal["data_recorder"]
    mass_kg: PositiveMass
    """Mass."""
    capacity_bit: PositiveDataVolume
    """Capacity."""
    power_w: Power
    """Power while the station is awake."""


class Radio(SourcedRecord):
    """A radio to Earth, to a relay, or to both."""

    type: Literal["radio"]
    mass_kg: PositiveMass
    """Mass."""
    rate_to_earth_bit_per_s: DataRate = 0.0
    """Data rate straight to Earth; 0 bit/s if it has no direct link."""
    rate_to_relay_bit_per_s: DataRate = 0.0
    """Data rate to a relay; 0 bit/s if it has none."""
    power_w: Power
    """Power while sending."""
    transmitter: Transmitter | None = None
    """Its link budget; with it the twin sends at what the link carries at each moment, where the other end is known."""

    rules = (
        Rule(
            ("rate_to_earth_bit_per_s", "rate_to_relay_bit_per_s"),
            lambda radio: radio.rate_to_earth_bit_per_s == radio.rate_to_relay_bit_per_s == 0.0,
            "it reaches nobody; give rate_to_earth, rate_to_relay or both",
        ),
    )


class RobotArm(SourcedRecord):
    """A robot arm."""

    type: Literal["robot_arm"]
    mass_kg: PositiveMass
    """Mass."""
    power_w: Power
    """Power while moving."""


Equipment = Annotated[
    SolarArray
    | FissionSource
    | RadioisotopeSource
    | Battery
    | FuelCell
    | PowerDistribution
    | ThermalNode
    | DataRecorder
    | Radio
    | RobotArm,
    Field(discriminator="type"),
]


class Mobility(Record):
    """How a rover or hopper moves. For later releases: checked here, not simulated yet."""

    speed_m_per_s: Speed
    """Driving speed."""
    energy_per_distance_j_per_m: PositiveEnergyPerDistance
    """Energy per metre on its own battery or, while on the station's grid, on the bus."""
    maximum_slope_deg: Slope
    """Steepest slope."""


class Production(Record):
    """What an ISRU plant makes. The module's loads contain the power for its highest output.

    With `into` the twin makes oxygen from regolith, and its power follows the output; otherwise nothing is made.
    """

    product: Name
    """The product."""
    energy_per_mass_j_per_kg: PositiveEnergyPerMass
    """Energy per kilogram of product."""
    maximum_rate_kg_per_s: PositiveMassFlow
    """Highest output."""
    into: Identifier | None = None
    """Tank that the oxygen goes into."""
    regolith_yield: PositiveFraction = 0.02
    """Oxygen won per mass of regolith."""
    modes: tuple[Identifier, ...] = ("nominal", "crewed")
    """Modes of the station in which it works."""

    rules = (
        Rule(
            ("product", "into"),
            lambda made: made.into is not None and made.product != "oxygen",
            "only oxygen is simulated; leave `into` out",
            "into",
        ),
    )


class Module(SourcedRecord):
    """A part of the station with its equipment: a habitat, a laboratory, a power plant, a rover ..."""

    name: Name
    """Its name."""
    part: Part
    """The part of the station it belongs to."""
    kind: ModuleKind
    """What kind of module it is."""
    mass_kg: PositiveMass
    """Structure and everything not listed as equipment or payload."""
    loads: Mapping[ModeName, Power]
    """What the module itself draws in each mode; modes that are not listed draw the nominal load."""
    equipment: Mapping[Identifier, Equipment] = Field(default_factory=dict)
    """The equipment."""
    thermal_node: Identifier | None = None
    """The node that the module's loads and payloads warm."""
    crew_capacity: People = 0
    """People it can house; no phase may have more. What a crew consumes is for later releases: not simulated yet."""
    mobility: Mobility | None = None
    """How it moves, if it does (not simulated yet)."""
    production: Production | None = None
    """What it makes, if it does."""
    payload_mass_limit_kg: Mass | None = None
    """Payload mass it can carry."""
    payload_power_limit_w: Power | None = None
    """Power it can give to payloads at one time."""

    rules = (
        Rule(
            ("loads",),
            lambda module: "nominal" not in module.loads,
            "loads must give at least `nominal`; other modes draw the same unless listed",
            "loads",
        ),
        Rule(
            ("loads", "production"),
            lambda module: any(module.load_w(mode) < module.production_w(mode) for mode in module.loads),
            "in a mode in which it produces, its load must contain the power for the highest output",
            "loads",
        ),
    )

    def production_w(self, mode: str) -> float:
        """What of the load in a mode goes into production at its highest output, W; 0 if nothing is made."""
        made = self.production
        if made is None or made.into is None or mode not in made.modes:
            return 0.0
        return made.maximum_rate_kg_per_s * made.energy_per_mass_j_per_kg

    def load_w(self, mode: str) -> float:
        """Load of the module itself in a mode, with its production, W."""
        loads: Mapping[str, float] = self.loads  # type: ignore[assignment]
        return loads.get(mode, loads["nominal"])
