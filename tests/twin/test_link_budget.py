"""Link budgets against published ones and against what physics allows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunabase.station.links import Receiver, Transmitter
from lunabase.twin.link_budget import (
    CODE_RATES,
    REQUIRED_EB_N0_DB,
    antenna_gain_db,
    carrier_to_noise_db_hz,
    data_rate_bit_per_s,
    eb_n0_db,
    eirp_dbw,
    free_space_loss_db,
    g_over_t_db,
)


def transmitter(**changes):
    blank = {"frequency": "8.45 GHz", "rf_power": "20 W", "gain": "30 dB", "maximum_rate": "1000 Gbit/s"}
    return Transmitter.model_validate(blank | changes)


def receiver(**changes):
    return Receiver.model_validate({"g_over_t": "40 dB"} | changes)


@pytest.mark.parametrize(("frequency_mhz", "loss_db"), [(2034.70, 190.9), (1692.70, 189.3)])
def test_free_space_loss_is_that_of_a_published_budget(frequency_mhz, loss_db):
    """NOAA's link budget of EMWIN-N over GOES N (nws.noaa.gov/emwin/emwin-n-link-budget.htm), 41127 km."""
    assert free_space_loss_db(frequency_mhz * 1e6, 41_127e3) == pytest.approx(loss_db, abs=0.05)


def test_free_space_loss_is_that_of_the_standard():
    """ITU-R P.525-4, equation 5: 32.4 + 20 log f (MHz) + 20 log d (km), given to 0.1 dB."""
    frequency_mhz, range_km = np.array([400.0, 2250.0, 26_500.0]), np.array([1.0, 384_400.0, 70_000.0])
    expected_db = 32.4 + 20 * np.log10(frequency_mhz) + 20 * np.log10(range_km)
    np.testing.assert_allclose(free_space_loss_db(frequency_mhz * 1e6, range_km * 1e3), expected_db, atol=0.06)


def test_downlink_closes_with_the_margin_of_a_published_budget():
    """The same budget: EIRP 44.8 dBm, losses 0.4 + 0.2 dB, G/T -0.3 dB/K: 53.2 dB Hz; needs 2.6 + 1.0 + 2.0 dB.

    Its 53.1 dB Hz are those of up- and downlink together; they leave 7.7 dB at 9600 bit/s.
    """
    loss_db = free_space_loss_db(1692.7e6, 41_127e3) + 0.4 + 0.2
    down_db_hz = carrier_to_noise_db_hz(14.8, loss_db, -0.3)
    assert down_db_hz == pytest.approx(53.2, abs=0.05)
    both_db_hz = -10 * np.log10(10 ** (-down_db_hz / 10) + 10**-6.91)
    assert both_db_hz == pytest.approx(53.1, abs=0.05)
    assert eb_n0_db(both_db_hz, 9600.0) == pytest.approx(13.3, abs=0.05)
    sender = transmitter(
        frequency="1692.70 MHz", rf_power="1 W", gain="14.8 dB", other_loss="0.2 dB", coding="concatenated",
        implementation_loss="3 dB", margin="7.7 dB",
    )  # fmt: skip
    rate = data_rate_bit_per_s(sender, receiver(g_over_t="-0.3 dB", zenith_loss="0.4 dB"), 41_127e3)
    assert 10 * np.log10(rate / 9600.0) == pytest.approx(53.2 - 53.1, abs=0.1)


def test_gain_of_a_large_dish():
    """DSN 34 m beam waveguide antennas at 8.42 GHz: 68.4 dBi (810-005 module 104), an efficiency of 0.77."""
    assert antenna_gain_db(34.0, 8.42e9, 0.77) == pytest.approx(68.4, abs=0.05)


def test_ends_may_be_given_as_dishes():
    dish = {"frequency": "8.42 GHz", "rf_power": "10 W", "diameter": "34 m", "efficiency": 0.77, "line_loss": "1 dB"}
    assert eirp_dbw(Transmitter.model_validate({**dish, "maximum_rate": "1 Mbit/s"})) == pytest.approx(77.4, abs=0.05)
    ground = Receiver.model_validate({"diameter": "34 m", "efficiency": 0.77, "noise_temperature": "30 K"})
    assert g_over_t_db(ground, 8.42e9) == pytest.approx(68.4 - 14.77, abs=0.05)


@pytest.mark.parametrize("coding", REQUIRED_EB_N0_DB)
def test_no_code_beats_the_shannon_limit(coding):
    """Capacity of a channel with unlimited alphabet: Eb/N0 > (2^(2r) - 1) / 2r."""
    rate = CODE_RATES[coding]
    limit_db = 10 * np.log10((2 ** (2 * rate) - 1) / (2 * rate))
    assert limit_db < REQUIRED_EB_N0_DB[coding] < limit_db + 10.0


@given(st.floats(1e5, 4e8), st.floats(1.01, 10.0), st.floats(5.0, 80.0))
def test_rate_falls_with_range_and_rises_with_elevation(range_m, factor, elevation_deg):
    ground = receiver(zenith_loss="0.5 dB")
    near = data_rate_bit_per_s(transmitter(), ground, range_m, elevation_deg)
    far = data_rate_bit_per_s(transmitter(), ground, range_m * factor, elevation_deg)
    assert far * factor**2 == pytest.approx(near, rel=1e-9) or near == 1e12
    assert data_rate_bit_per_s(transmitter(), ground, range_m, elevation_deg + 5.0) >= near


def test_rate_is_capped_by_the_radio():
    assert data_rate_bit_per_s(transmitter(maximum_rate="2 Mbit/s"), receiver(), 4e8) == 2e6
