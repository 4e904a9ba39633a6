"""Both ends of a radio link, and how data leaves the recorder over it."""

from __future__ import annotations

from typing import Literal

from lunabase.station.quantities import (
    Decibel,
    Duration,
    Fraction,
    LossDecibel,
    PositiveDataRate,
    PositiveDiameter,
    PositiveFraction,
    PositiveFrequency,
    PositivePower,
    PositiveTemperature,
)
from lunabase.station.record import Rule, SourcedRecord

Coding = Literal[
    "uncoded", "convolutional", "concatenated", "turbo-1/2", "turbo-1/3", "turbo-1/4", "turbo-1/6", "ldpc-1/2"
]


class Transmitter(SourcedRecord):
    """The sending end of a link budget; with it the rate follows from range and elevation, whatever `rate_...` says."""

    frequency_hz: PositiveFrequency
    """Carrier frequency."""
    rf_power_w: PositivePower
    """Power into the antenna's feed; what the radio draws from the bus is its `power`."""
    gain_db: Decibel | None = None
    """Gain of the antenna over an isotropic one."""
    diameter_m: PositiveDiameter | None = None
    """Diameter of a dish, instead of its gain."""
    efficiency: PositiveFraction = 0.55
    """Efficiency of a dish."""
    line_loss_db: LossDecibel = 0.0
    """Loss between amplifier and antenna."""
    pointing_loss_db: LossDecibel = 0.0
    """Loss by pointing errors of both antennas."""
    other_loss_db: LossDecibel = 0.0
    """Polarisation and other losses."""
    implementation_loss_db: LossDecibel = 1.0
    """What modulator, receiver and decoder lose against theory."""
    coding: Coding = "turbo-1/2"
    """Code of CCSDS 131.0-B; it says which Eb/N0 is needed."""
    required_eb_n0_db: Decibel | None = None
    """Eb/N0 needed, if other than the code's."""
    margin_db: LossDecibel = 3.0
    """Margin kept in hand."""
    maximum_rate_bit_per_s: PositiveDataRate
    """Highest rate of the radio, however good the link."""

    rules = (
        Rule(
            ("gain_db", "diameter_m"),
            lambda item: (item.gain_db is None) == (item.diameter_m is None),
            "give the antenna's `gain` or its `diameter`",
        ),
    )


class Receiver(SourcedRecord):
    """The receiving end of a link budget."""

    g_over_t_db: Decibel | None = None
    """Gain over system noise temperature, in decibels over 1/K, at the radio's frequency."""
    diameter_m: PositiveDiameter | None = None
    """Diameter of the dish, instead of G/T."""
    efficiency: PositiveFraction = 0.65
    """Efficiency of the dish."""
    noise_temperature_k: PositiveTemperature | None = None
    """System noise temperature, with `diameter`."""
    zenith_loss_db: LossDecibel = 0.0
    """What the atmosphere takes from a signal from the zenith; none in space."""

    rules = (
        Rule(
            ("g_over_t_db", "diameter_m", "noise_temperature_k"),
            lambda item: (
                (item.g_over_t_db is None) == (item.diameter_m is None)
                or (item.diameter_m is None) != (item.noise_temperature_k is None)
            ),
            "give `g_over_t`, or `diameter` and `noise_temperature`",
        ),
    )


class Downlink(SourcedRecord):
    """How data leaves the recorder: only what Earth has acknowledged makes room."""

    frame_loss: Fraction = 0.0
    """Part of the frames that arrive damaged and are sent again."""
    acknowledged_after_s: Duration = 0.0
    """Time from sending to the acknowledgement, light time included; what waits is kept and not sent again."""
