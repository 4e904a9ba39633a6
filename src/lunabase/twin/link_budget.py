"""Link budgets: from transmitter, path and receiver to a data rate.

    C/N0 = EIRP - free-space loss - other losses + G/T - 10 log10 k,
    rate = C/N0 / (required Eb/N0 * margin * implementation loss),

as in the link design tables of CCSDS 401.0-B. All functions take and give numpy arrays or plain numbers; decibels are
named ``_db``. There is no interference, fading or rain in it: what the weather takes is a margin.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from lunabase.station.links import Coding, Receiver, Transmitter
from lunabase.times import FloatArray

LIGHT_M_PER_S = 299_792_458.0
BOLTZMANN_DBW_PER_K_HZ = -228.599_17
"""10 log10 of 1.380649e-23 J/K (SI, exact)."""
_LOWEST_DEG = 5.0
"""Below this elevation the flat atmosphere is no longer a fair picture; ground antennas don't work there."""

REQUIRED_EB_N0_DB: Mapping[Coding, float] = {
    "uncoded": 9.6,
    "convolutional": 4.2,
    "concatenated": 2.6,
    "turbo-1/2": 1.0,
    "turbo-1/3": 0.4,
    "turbo-1/4": 0.1,
    "turbo-1/6": -0.1,
    "ldpc-1/2": 1.0,
}
"""Energy per data bit over noise density that each code of CCSDS 131.0-B needs on a channel with white noise.

Read off the curves of CCSDS 130.1-G-2 to about 0.1 dB: at a bit error rate of 1e-5 uncoded and convolutional (7, 1/2),
1e-6 for it with Reed-Solomon (255, 223); at a frame error rate of about 1e-5 the turbo codes of 8920 bits and the LDPC
code of 16384 bits. ESTIMATES to that accuracy; a radio may state its own value.
"""
CODE_RATES: Mapping[Coding, float] = {
    "uncoded": 1.0,
    "convolutional": 1 / 2,
    "concatenated": 223 / 255 / 2,
    "turbo-1/2": 1 / 2,
    "turbo-1/3": 1 / 3,
    "turbo-1/4": 1 / 4,
    "turbo-1/6": 1 / 6,
    "ldpc-1/2": 1 / 2,
}
"""Data bits per symbol of each code."""


def decibel(ratio: ArrayLike) -> FloatArray:
    """10 log10 of a ratio of powers."""
    return np.asarray(10.0 * np.log10(ratio))


def free_space_loss_db(frequency_hz: ArrayLike, range_m: ArrayLike) -> FloatArray:
    """Free-space basic transmission loss between isotropic antennas, dB (ITU-R P.525-4, equation 4)."""
    return 2.0 * decibel(4.0 * np.pi * np.asarray(range_m) * np.asarray(frequency_hz) / LIGHT_M_PER_S)


def antenna_gain_db(diameter_m: ArrayLike, frequency_hz: ArrayLike, efficiency: ArrayLike) -> FloatArray:
    """Gain of a round aperture over an isotropic antenna, dB."""
    size = np.pi * np.asarray(diameter_m) * np.asarray(frequency_hz) / LIGHT_M_PER_S
    return decibel(np.asarray(efficiency) * size**2)


def atmospheric_loss_db(zenith_db: float, elevation_deg: ArrayLike) -> FloatArray:
    """Loss of a flat atmosphere, dB: the zenith's over the sine of the elevation (as in ITU-R P.676 above 5 deg)."""
    sine = np.sin(np.radians(np.maximum(np.asarray(elevation_deg, dtype=np.float64), _LOWEST_DEG)))
    return np.asarray(zenith_db / sine)


def eirp_dbw(transmitter: Transmitter) -> float:
    """Equivalent isotropically radiated power after feed and pointing, dBW."""
    gain_db = transmitter.gain_db
    if transmitter.diameter_m is not None:
        gain_db = float(antenna_gain_db(transmitter.diameter_m, transmitter.frequency_hz, transmitter.efficiency))
    assert gain_db is not None  # a transmitter has one of the two
    return float(decibel(transmitter.rf_power_w)) + gain_db - transmitter.line_loss_db - transmitter.pointing_loss_db


def g_over_t_db(receiver: Receiver, frequency_hz: float) -> float:
    """Gain over system noise temperature of a receiving station, dB/K."""
    if receiver.g_over_t_db is not None:
        return receiver.g_over_t_db
    assert receiver.diameter_m is not None  # a receiver has one of the two, and with a dish its temperature
    assert receiver.noise_temperature_k is not None
    gain_db = float(antenna_gain_db(receiver.diameter_m, frequency_hz, receiver.efficiency))
    return gain_db - float(decibel(receiver.noise_temperature_k))


def carrier_to_noise_db_hz(eirp_dbw: ArrayLike, loss_db: ArrayLike, g_over_t_db: ArrayLike) -> FloatArray:
    """Received power over noise density, dB Hz."""
    received_db: FloatArray = np.subtract(eirp_dbw, loss_db) + np.asarray(g_over_t_db)
    return np.asarray(received_db - BOLTZMANN_DBW_PER_K_HZ)


def eb_n0_db(carrier_to_noise_db_hz: ArrayLike, rate_bit_per_s: ArrayLike) -> FloatArray:
    """Energy per data bit over noise density, dB."""
    return np.asarray(np.subtract(carrier_to_noise_db_hz, decibel(rate_bit_per_s)))


def data_rate_bit_per_s(
    transmitter: Transmitter, receiver: Receiver, range_m: ArrayLike, elevation_deg: ArrayLike = 90.0
) -> FloatArray:
    """Highest data rate that closes the link with its margin, at most what the radio can do, bit/s.

    ``elevation_deg`` is that of the transmitter at the receiver, for the atmosphere above it.
    """
    loss_db = (
        free_space_loss_db(transmitter.frequency_hz, range_m)
        + atmospheric_loss_db(receiver.zenith_loss_db, elevation_deg)
        + transmitter.other_loss_db
    )
    noise_db_hz = carrier_to_noise_db_hz(
        eirp_dbw(transmitter), loss_db, g_over_t_db(receiver, transmitter.frequency_hz)
    )
    rate_db = noise_db_hz - required_eb_n0_db(transmitter) - transmitter.implementation_loss_db - transmitter.margin_db
    return np.minimum(10.0 ** (rate_db / 10.0), transmitter.maximum_rate_bit_per_s)


def required_eb_n0_db(transmitter: Transmitter) -> float:
    """Eb/N0 at which the code still works: the radio's own value, or that of its code."""
    own_db = transmitter.required_eb_n0_db
    return REQUIRED_EB_N0_DB[transmitter.coding] if own_db is None else own_db
