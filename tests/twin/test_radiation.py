import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lunabase.twin.radiation import (
    CYCLE_S,
    EVENTS_PER_YEAR,
    MAXIMUM,
    event_dose_gy,
    quiet_dose_equivalent_sv_per_s,
    quiet_dose_gy_per_s,
    solar_events,
)

MINIMUM = MAXIMUM + timedelta(seconds=CYCLE_S / 2)
START = datetime(2035, 1, 1, tzinfo=UTC)
CYCLE = timedelta(seconds=CYCLE_S)


def test_dose_rate_is_what_was_measured_on_the_far_side():
    """Zhang et al. 2020 (doi 10.1126/sciadv.aaz1334): 13.2 uGy/h in silicon, about 1.37 mSv a day, at solar minimum."""
    assert quiet_dose_gy_per_s(MINIMUM) * 3600e6 == pytest.approx(13.2, abs=0.05)
    assert quiet_dose_equivalent_sv_per_s(MINIMUM) * 86_400e3 == pytest.approx(1.37, abs=0.01)


def test_dose_falls_with_the_suns_activity():
    """Reitz et al. 2012 (doi 10.1016/j.pss.2012.07.014): roughly 380 and 110 mSv a year at minimum and maximum."""
    ratio = quiet_dose_gy_per_s(MAXIMUM) / quiet_dose_gy_per_s(MINIMUM)
    assert ratio == pytest.approx(110 / 380)


def test_events_are_poisson_in_active_years_and_absent_in_the_others():
    counts = [len(solar_events(START, START + CYCLE, seed)) for seed in range(400)]
    expected = 7 * EVENTS_PER_YEAR
    assert np.mean(counts) == pytest.approx(expected, abs=4 * math.sqrt(expected / 400))
    assert np.var(counts) == pytest.approx(expected, rel=0.3)
    quiet = MAXIMUM + timedelta(days=365.25 * 4.6), MAXIMUM + timedelta(days=365.25 * 8.4)
    assert not any(solar_events(*quiet, seed) for seed in range(50))


def test_fluences_are_those_of_the_standard():
    """ECSS-E-ST-10-04C table I-2: above 30 MeV the log10 has mean 7.42 and deviation 1.2."""
    found = np.log10([one.fluence_per_cm2 for seed in range(100) for one in solar_events(START, START + CYCLE, seed)])
    assert np.mean(found) == pytest.approx(7.42, abs=4 * 1.2 / math.sqrt(found.size))
    assert np.std(found) == pytest.approx(1.2, rel=0.05)


def test_the_same_sun_shines_on_runs_that_begin_at_other_times():
    later = START + timedelta(days=100)
    early = {(one.start_s - 100 * 86_400, one.fluence_per_cm2) for one in solar_events(START, START + CYCLE, 7)}
    late = solar_events(later, later + CYCLE / 2, 7)
    assert late
    assert all(any(abs(one.start_s - t) < 1e-3 and f == one.fluence_per_cm2 for t, f in early) for one in late)


def test_the_worst_events_give_about_a_sievert_behind_a_shelter():
    """August 1972, 7.9e9 protons per cm2 above 30 MeV: up to about 1 Sv (Reitz et al. 2012) behind 50 to 100 kg/m2."""
    assert event_dose_gy(7.9e9, 50.0) > 0.5
    assert event_dose_gy(7.9e9, 100.0) < 1.5
    assert 0.25 < event_dose_gy(7.9e9, 80.0) < 2.5


def test_dose_goes_with_fluence_and_falls_behind_more_mass():
    doses = [event_dose_gy(1e9, mass) for mass in (0.0, 10.0, 50.0, 200.0, 1000.0)]
    assert doses == sorted(doses, reverse=True)
    assert event_dose_gy(2e9, 50.0) == pytest.approx(2 * event_dose_gy(1e9, 50.0))
    assert doses[-1] < 1e-4 * doses[1]
