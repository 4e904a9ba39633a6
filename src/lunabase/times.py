"""Times: UTC at the edges, TDB seconds past J2000 inside, regular grids, lunar local time.

TDB follows SPICE's ephemeris time: TDB - TT is the single periodic term of NAIF's leap second kernel
(amplitude 1.657 ms), within 0.03 ms of the full series. Leap seconds come from the table built into ERFA;
none is scheduled after 2017. Before 1972 TAI - UTC is held at 9 s, as SPICE does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast, overload

import erfa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from lunabase.errors import InputError

FloatArray = NDArray[np.float64]
UtcArray = NDArray[np.datetime64]
UtcLike = str | datetime | np.datetime64

_J2000_UTC_LABEL = np.datetime64("2000-01-01T12:00:00", "ns")
_TT_MINUS_TAI_S = 32.184
# NAIF leap second kernel: DELTET/K, DELTET/EB, DELTET/M.
_TDB_AMPLITUDE_S = 1.657e-3
_ORBIT_ECCENTRICITY = 1.671e-2
_MEAN_ANOMALY_RAD = 6.239996
_MEAN_MOTION_RAD_PER_S = 1.99096871e-7
_TAI_MINUS_UTC_BEFORE_1972_S = 9.0
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def _leap_table() -> tuple[FloatArray, FloatArray]:
    """Label seconds past J2000 at which TAI - UTC changes, and its values, from the one before 1972 on."""
    table = erfa.leap_seconds.get()
    table = table[table["year"] >= 1972]
    labels = np.array([f"{year:04d}-{month:02d}-01" for year, month in table[["year", "month"]]], "datetime64[ns]")
    return _label_s(labels), np.concatenate([[_TAI_MINUS_UTC_BEFORE_1972_S], table["tai_utc"]])


def _label_s(utc: UtcArray) -> FloatArray:
    """UTC labels as seconds past the label 2000-01-01T12:00:00, not counting leap seconds."""
    return np.asarray((utc - _J2000_UTC_LABEL).astype(np.int64) * 1e-9, dtype=np.float64)


_LEAP_LABEL_S, _TAI_MINUS_UTC_S = _leap_table()


def _tdb_minus_tt(tt_s: FloatArray) -> FloatArray:
    mean_anomaly_rad = _MEAN_ANOMALY_RAD + _MEAN_MOTION_RAD_PER_S * tt_s
    return _TDB_AMPLITUDE_S * np.sin(mean_anomaly_rad + _ORBIT_ECCENTRICITY * np.sin(mean_anomaly_rad))


def _tai_minus_utc(instant_s: FloatArray, change_s: FloatArray) -> FloatArray:
    return _TAI_MINUS_UTC_S[np.searchsorted(change_s, instant_s, side="right")]


def tdb_to_tt(tdb_s: ArrayLike) -> FloatArray:
    """Terrestrial Time (s past J2000 TT) of `tdb_s` (s past J2000 TDB), any shape."""
    tdb = np.asarray(tdb_s, dtype=np.float64)
    tt = tdb - _tdb_minus_tt(tdb)
    return tdb - _tdb_minus_tt(tt)


@overload
def utc_to_tdb(utc: UtcLike) -> float: ...
@overload
def utc_to_tdb(utc: UtcArray) -> FloatArray: ...
def utc_to_tdb(utc: UtcLike | UtcArray) -> float | FloatArray:
    """TDB seconds past J2000 (SPICE ET) of UTC; a scalar gives a float, an array an array of the same shape.

    Text and `datetime` are read as in `parse_utc`. Floats of this size resolve 0.24 us (2034 to 2068).
    Raises InputError for unreadable text and for "not a time".
    """
    labels = np.asarray(parse_utc(utc) if isinstance(utc, str | datetime) else utc).astype("datetime64[ns]")
    if np.isnat(labels).any():
        raise InputError("a time is missing (NaT).", where="utc", fix="Give every epoch a date.")
    label_s = np.asarray(_label_s(labels))
    tt_minus_utc_s = _tai_minus_utc(label_s, _LEAP_LABEL_S) + _TT_MINUS_TAI_S
    # The small terms first: one rounding to the 0.2 us of the sum, not three.
    tdb_s = label_s + (tt_minus_utc_s + _tdb_minus_tt(label_s + tt_minus_utc_s))
    return float(tdb_s) if labels.ndim == 0 else tdb_s


@overload
def tdb_to_utc(tdb_s: float) -> np.datetime64: ...
@overload
def tdb_to_utc(tdb_s: FloatArray) -> UtcArray: ...
def tdb_to_utc(tdb_s: float | FloatArray) -> np.datetime64 | UtcArray:
    """UTC (`datetime64[ns]`, rounded to the microsecond that a float of TDB seconds can carry) of `tdb_s`.

    Inverse of `utc_to_tdb`: exact for whole microseconds until 2068. An inserted second (the last: end of
    2016) has no label of its own in `datetime64`; it gets those of the second that follows it, as in POSIX.
    """
    tdb = np.asarray(tdb_s, dtype=np.float64)
    tt_s = tdb_to_tt(tdb)
    # Half a microsecond early, lest a rounding put midnight itself into the inserted second.
    change_tai_s = _LEAP_LABEL_S + _TAI_MINUS_UTC_S[1:] - 0.5e-6
    tai_minus_utc_s = _tai_minus_utc(tt_s - _TT_MINUS_TAI_S, change_tai_s)
    label_s = tdb - (_TT_MINUS_TAI_S + tai_minus_utc_s + _tdb_minus_tt(tt_s))
    microseconds = np.round(label_s * 1e6).astype(np.int64)
    utc = _J2000_UTC_LABEL + microseconds.astype("timedelta64[us]")
    return cast(UtcArray, utc.astype("datetime64[ns]"))  # of a scalar this is a scalar


def parse_utc(text: UtcLike) -> np.datetime64:
    """Read an ISO 8601 date or date-time as UTC `datetime64[ns]`.

    No time zone means UTC; "Z" and numeric offsets are honoured; years 1900 to 2200.
    Raises InputError when the text is no such date.
    """
    if isinstance(text, np.datetime64):
        return cast(np.datetime64, text.astype("datetime64[ns]"))
    moment = text if isinstance(text, datetime) else _read_iso(text)
    if not _FIRST_YEAR <= moment.year < _LAST_YEAR:
        raise InputError(
            f'the year of "{text}" is outside {_FIRST_YEAR} to {_LAST_YEAR}.',
            where="date",
            fix="Check the year; the sky is computed for 1900 to 2050.",
        )
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(moment, "ns")


def _read_iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError) as error:
        raise InputError(
            f'"{text}" is not a date ({error}).',
            where="date",
            fix="Write UTC as 2030-01-31 or 2030-01-31T18:30:00Z; an offset such as +08:00 is converted.",
        ) from None


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Epochs regular in UTC: start, start + step, ... (`count` of them), half open like `range`.

    A grid that crosses a leap second (1972 to 2016) keeps regular UTC labels, so one of its steps lasts a
    second longer in TDB; later grids are regular in TDB too, to within the periodic term (below 0.2 us per 10
    minutes).
    """

    start_tdb_s: float
    step_s: float
    count: int

    def __post_init__(self) -> None:
        """Refuse grids without epochs or with a step that doesn't advance."""
        if not (np.isfinite(self.start_tdb_s) and np.isfinite(self.step_s) and self.step_s >= 1e-3):
            raise InputError(f"a time step of {self.step_s} s is not usable.", where="step", fix="Use at least 1 ms.")
        if self.count < 1:
            raise InputError("the time grid has no epoch.", where="times", fix="Let the end come after the start.")

    @classmethod
    def from_utc(cls, start: UtcLike, stop_or_count: UtcLike | int, step_s: float) -> TimeGrid:
        """Grid from `start` up to but not including a stop time (UTC), or of a given count of epochs."""
        first = parse_utc(start)
        start_tdb_s = utc_to_tdb(first)
        if isinstance(stop_or_count, int | np.integer):
            return cls(start_tdb_s, float(step_s), int(stop_or_count))
        if not step_s > 0:
            return cls(start_tdb_s, float(step_s), 1)
        span_ns = int((parse_utc(stop_or_count) - first).astype(np.int64))
        return cls(start_tdb_s, float(step_s), -(-span_ns // max(round(step_s * 1e9), 1)))

    def part(self, first: int, count: int) -> TimeGrid:
        """The `count` epochs from index `first` on, as a grid of their own."""
        offset = np.timedelta64(round(first * self.step_s * 1e9), "ns")
        return TimeGrid(utc_to_tdb(tdb_to_utc(self.start_tdb_s) + offset), self.step_s, count)

    @property
    def utc(self) -> UtcArray:
        """UTC of every epoch, `datetime64[ns]`, shape (count,)."""
        offsets_ns = np.round(np.arange(self.count) * (self.step_s * 1e9)).astype("timedelta64[ns]")
        return np.asarray(tdb_to_utc(self.start_tdb_s) + offsets_ns)

    @property
    def tdb_s(self) -> FloatArray:
        """TDB seconds past J2000 of every epoch, shape (count,)."""
        return utc_to_tdb(self.utc)

    @property
    def stop_tdb_s(self) -> float:
        """End of the last step (one step after the last epoch), TDB seconds past J2000."""
        length_ns = np.timedelta64(round(self.count * self.step_s * 1e9), "ns")
        return utc_to_tdb(tdb_to_utc(self.start_tdb_s) + length_ns)


def lunar_local_time_h(sub_solar_longitude_deg: ArrayLike, longitude_deg: ArrayLike) -> FloatArray:
    """Local true solar time on the Moon, hours 0..24 with 12 at noon; arguments broadcast.

    One lunar hour is a 24th of the synodic day (about 29.5 h): the hour angle of the Sun divided by 15 deg,
    plus 12.
    """
    hour_angle_deg = np.asarray(longitude_deg, dtype=np.float64) - np.asarray(sub_solar_longitude_deg, dtype=np.float64)
    hours = np.mod(12.0 + hour_angle_deg / 15.0, 24.0)
    return np.asarray(np.where(hours >= 24.0, 0.0, hours))
