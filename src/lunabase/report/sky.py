"""The sky from the site: a panorama with the horizon, and the Earth close up."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.record.run_record import RunRecord
from lunabase.report import amounts, palette
from lunabase.report.chart import Chart, Trace, drawn, value_axis
from lunabase.report.decimate import kept_rows
from lunabase.terrain.mask import HorizonMask

_LOWEST_DEG = -8.4
_LABEL_WIDTH = 0.04
"""Half a date's width as a part of the panorama's width, on the narrowest page."""
_MARKS = 15
_CLOSE_UP_SPAN_DEG = 60.0
_COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_HOVER = "%{text} UTC<br>azimuth %{customdata:.2f}°<br>elevation %{y:.2f}°"

FloatArray = NDArray[np.float64]


def panorama(record: RunRecord) -> Chart:
    """Azimuth and elevation of Sun and Earth over the local horizon, with time marks."""
    first_deg = -180.0 if _crosses_north(record.environment) else 0.0
    low_deg, high_deg = _elevation_range(record)
    traces = [
        *_terrain(record, first_deg, low_deg),
        *_sun_traces(record.environment, first_deg),
        _track(record.environment, "earth", first_deg, palette.EARTH, "Earth"),
        _marks(record.environment, "sun", first_deg, palette.SUN, high_deg - low_deg),
    ]
    ticks = np.arange(first_deg, first_deg + 361.0, 45.0)
    layout = {
        "hovermode": "closest",
        "xaxis": {
            "range": [first_deg, first_deg + 360.0],
            "tickvals": ticks,
            "ticktext": [f"{_COMPASS[int(tick // 45) % 8]} {tick % 360:.0f}°" for tick in ticks],
            "ticks": "outside",
            "ticklen": 8,
            "gridcolor": palette.GRID,
            "zeroline": False,
        },
        "yaxis": value_axis("elevation, deg", range=[low_deg, high_deg], fixedrange=False),
        "margin": {"l": 50, "r": 26},
    }
    return Chart("sky", _panorama_words(record), tuple(traces), layout, height_px=400, linked=False, wide=True)


def earth_close_up(record: RunRecord) -> Chart | None:
    """The Earth's path over the horizon, enlarged; none where the Earth stands too high for azimuths to mean much."""
    azimuth_deg = np.rad2deg(np.unwrap(np.deg2rad(record.environment["earth_azimuth"].to_numpy())))
    elevation_deg = record.environment["earth_elevation"].to_numpy()
    if np.ptp(azimuth_deg) > _CLOSE_UP_SPAN_DEG or elevation_deg.max() > _CLOSE_UP_SPAN_DEG:
        return None
    centre_deg = float(azimuth_deg.max() + azimuth_deg.min()) / 2.0 % 360.0
    first_deg = centre_deg - 180.0
    half_deg = max(float(np.ptp(azimuth_deg)) * 0.9, 3.0)
    low_deg, high_deg = float(elevation_deg.min()) - 1.5, float(elevation_deg.max()) + 1.5
    traces = [
        *_terrain(record, first_deg, low_deg),
        _track(record.environment, "earth", first_deg, palette.EARTH, "Earth"),
        _marks(record.environment, "earth", first_deg, palette.EARTH),
    ]
    layout = {
        "hovermode": "closest",
        "xaxis": {
            "range": [centre_deg - half_deg, centre_deg + half_deg],
            "title": {"text": "azimuth, deg", "standoff": 6},
            "gridcolor": palette.GRID,
            "zeroline": False,
        },
        "yaxis": value_axis("elevation, deg", range=[low_deg, high_deg], fixedrange=False),
        "margin": {"b": 48},
    }
    words = (
        f"The Earth moves between elevation {_degrees(elevation_deg.min())} and {_degrees(elevation_deg.max())} deg "
        f"around azimuth {centre_deg:.0f} deg and is in view {_share(record.environment['earth_in_view'])} of the time."
    )
    return Chart("earth", words, tuple(traces), layout, height_px=340, linked=False)


def _share(values: xr.DataArray) -> str:
    return amounts.percent(float(values.astype(float).mean()))


def _panorama_words(record: RunRecord) -> str:
    sun_deg = record.environment["sun_elevation"].to_numpy()
    earth_deg = record.environment["earth_elevation"].to_numpy()
    heights = " and ".join(f"{height:g} m" for height in record.horizon.heights_m) if record.horizon else ""
    horizon = f" with the horizon from {heights} above ground" if heights else ""
    return (
        f"Sky panorama{horizon}. The Sun moves between elevation "
        f"{_degrees(sun_deg.min())} and {_degrees(sun_deg.max())} deg, the Earth between "
        f"{_degrees(earth_deg.min())} and {_degrees(earth_deg.max())} deg."
    )


def _degrees(angle_deg: float) -> str:
    return amounts.minus(f"{angle_deg:.1f}")


def _crosses_north(environment: xr.Dataset) -> bool:
    azimuth_deg = environment["earth_azimuth"].to_numpy()
    return bool(np.any(azimuth_deg < 60.0) and np.any(azimuth_deg > 300.0))


def _elevation_range(record: RunRecord) -> tuple[float, float]:
    series = [record.environment[f"{body}_elevation"].to_numpy() for body in ("sun", "earth")]
    if record.horizon is not None:
        series.append(record.horizon.elevations_deg.ravel())
    everything = np.concatenate(series)
    low_deg = max(_LOWEST_DEG, float(everything.min()) - 1.0)
    high_deg = min(97.0, float(everything.max()) + max(1.5, 0.06 * float(np.ptp(everything))))
    return low_deg, high_deg


def _terrain(record: RunRecord, first_deg: float, low_deg: float) -> list[Trace]:
    return [] if record.horizon is None else _horizon_traces(record.horizon, first_deg, low_deg)


def _horizon_traces(horizon: HorizonMask, first_deg: float, low_deg: float) -> list[Trace]:
    """The terrain filled up to the lowest observer's horizon, and a line for each other height."""
    azimuths_deg = first_deg + np.arange(0.0, 360.25, 0.5)
    floor = {
        "type": "scatter",
        "x": azimuths_deg[[0, -1]],
        "y": [low_deg - 20.0] * 2,
        "mode": "lines",
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    traces: list[Trace] = [floor]
    for index, height_m in enumerate(horizon.heights_m):
        lowest = index == 0
        traces.append(
            {
                "type": "scatter",
                "x": azimuths_deg,
                "y": drawn(horizon.elevation_at(azimuths_deg, height_m)),
                "mode": "lines",
                "name": f"horizon from {height_m:g} m",
                "line": {
                    "color": palette.INK if lowest else palette.QUIET,
                    "width": 1.2,
                    "dash": "solid" if lowest else "dot",
                },
                "fill": "tonexty" if lowest else "none",
                "fillcolor": palette.TERRAIN,
                "hovertemplate": "%{y:.2f}°",
                "hoverinfo": "skip",
            }
        )
    return traces


def _wrapped(azimuth_deg: FloatArray, first_deg: float) -> FloatArray:
    return np.asarray(np.mod(azimuth_deg - first_deg, 360.0) + first_deg)


def _times(environment: xr.Dataset, rows: NDArray[np.intp]) -> list[str]:
    return [amounts.moment(time) for time in environment["time"].to_numpy()[rows]]


def _track(
    environment: xr.Dataset,
    body: str,
    first_deg: float,
    colour: str,
    name: str,
    shown: NDArray[np.bool_] | None = None,
    **line: Any,
) -> Trace:
    """A body's path; broken where it crosses the edge of the panorama and where `shown` is False."""
    azimuth_deg = _wrapped(environment[f"{body}_azimuth"].to_numpy(), first_deg)
    elevation_deg = environment[f"{body}_elevation"].to_numpy()
    rows = kept_rows(np.column_stack([azimuth_deg, elevation_deg]))
    x, y = azimuth_deg[rows].copy(), elevation_deg[rows].copy()
    y[1:][np.abs(np.diff(x)) > 180.0] = np.nan
    if shown is not None:
        y[~shown[rows]] = np.nan
    return {
        "type": "scatter",
        "x": drawn(x),
        "y": drawn(y),
        "customdata": drawn(np.mod(x, 360.0)),
        "text": _times(environment, rows),
        "mode": "lines",
        "name": name,
        "line": {"color": colour, "width": 2.5} | line,
        "hovertemplate": _HOVER,
        "connectgaps": False,
    }


def _sun_traces(environment: xr.Dataset, first_deg: float) -> list[Trace]:
    """The Sun's path: full where some of the disc is visible, dotted where terrain hides it; and the disc's width."""
    visible = environment["sun_visible_fraction"].to_numpy() > 0.0
    hidden_line = {"width": 1.2, "dash": "dot"}
    return [
        _disc_band(environment, first_deg),
        _track(environment, "sun", first_deg, palette.SUN, "Sun, hidden by terrain", shown=~visible, **hidden_line),
        _track(environment, "sun", first_deg, palette.SUN, "Sun, visible", shown=visible),
    ]


def _disc_band(environment: xr.Dataset, first_deg: float) -> Trace:
    """The strip that the Sun's disc sweeps: one closed outline for each pass between the panorama's edges."""
    azimuth_deg = _wrapped(environment["sun_azimuth"].to_numpy(), first_deg)
    elevation_deg = environment["sun_elevation"].to_numpy()
    rows = kept_rows(np.column_stack([azimuth_deg, elevation_deg]))
    x, y, radius_deg = azimuth_deg[rows], elevation_deg[rows], environment["sun_angular_radius"].to_numpy()[rows]
    passes = np.split(np.arange(rows.size), np.flatnonzero(np.abs(np.diff(x)) > 180.0) + 1)
    gap = [np.array([np.nan])]
    outline_x, outline_y = [], []
    for one in passes:
        outline_x += [x[one], x[one][::-1], x[one][:1], *gap]
        upper = y[one] + radius_deg[one]
        outline_y += [upper, (y[one] - radius_deg[one])[::-1], upper[:1], *gap]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": drawn(np.concatenate(outline_x)),
        "y": drawn(np.concatenate(outline_y)),
        "fill": "toself",
        "fillcolor": "rgba(245,201,91,0.5)",
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _marks(
    environment: xr.Dataset, body: str, first_deg: float, colour: str, panorama_height_deg: float | None = None
) -> Trace:
    """Dots on a body's path at midnight UTC every so many days, with their dates.

    In a panorama (its height given) the dates keep clear of its sides and of the Earth's path; else they stand on the
    outside of the loop that the path makes.
    """
    times = environment["time"].to_numpy()
    days = max(int((times[-1] - times[0]) / np.timedelta64(1, "D")), 1)
    step = np.timedelta64(-(-days // _MARKS), "D")
    first = times[0].astype("datetime64[D]") + np.timedelta64(1, "D")
    moments = np.arange(first, times[-1], step).astype("datetime64[ns]")
    rows = np.searchsorted(times, moments).astype(np.intp)
    azimuth_deg = _wrapped(environment[f"{body}_azimuth"].to_numpy()[rows], first_deg)
    elevation_deg = environment[f"{body}_elevation"].to_numpy()[rows]
    if panorama_height_deg is None:
        places = _outward(azimuth_deg, elevation_deg)
    else:
        earth = _wrapped(environment["earth_azimuth"].to_numpy(), first_deg), environment["earth_elevation"].to_numpy()
        places = _clear((azimuth_deg - first_deg) / 360.0, azimuth_deg, elevation_deg, earth, panorama_height_deg)
    dates = [np.datetime64(moment, "D").astype(object).strftime("%-d %b") for moment in moments]
    labels = [date if place else "" for date, place in zip(dates, places, strict=True)]
    return {
        "type": "scatter",
        "x": drawn(azimuth_deg),
        "y": drawn(elevation_deg),
        "customdata": drawn(np.mod(azimuth_deg, 360.0)),
        "mode": "markers+text",
        "text": labels,
        "textposition": [place or "top center" for place in places],
        "textfont": {"size": 11, "color": palette.INK},
        "marker": {"size": 7, "color": colour, "line": {"color": "#ffffff", "width": 1}},
        "hovertemplate": _HOVER.replace("UTC", "0:00 UTC"),
        "showlegend": False,
        "cliponaxis": False,
    }


def _outward(azimuth_deg: FloatArray, elevation_deg: FloatArray) -> list[str]:
    """Where a label stands so that it lies outside the loop that the points make; a short run may have none."""
    if azimuth_deg.size == 0:
        return []
    x = (azimuth_deg - azimuth_deg.mean()) / max(float(np.ptp(azimuth_deg)), 1e-9)
    y = (elevation_deg - elevation_deg.mean()) / max(float(np.ptp(elevation_deg)), 1e-9)
    beside = np.where(x < 0.0, "middle left", "middle right")
    return [str(one) for one in np.where(np.abs(x) > 0.36, beside, np.where(y < 0.0, "bottom center", "top center"))]


def _clear(
    across: FloatArray,
    azimuth_deg: FloatArray,
    elevation_deg: FloatArray,
    earth: tuple[FloatArray, FloatArray],
    panorama_height_deg: float,
) -> list[str]:
    """Where a panorama's label stands: over its dot, under it where the Earth's path is in the way, nowhere ("") where
    it is in both; beside it where the path itself climbs through the label. At the left side it keeps off the axis; at
    the right side the margin has room for it.

    across: place of the dots from the left side, 0, to the right, 1.
    """
    beside = np.abs(earth[0][None, :] - azimuth_deg[:, None]) < 360.0 * _LABEL_WIDTH
    above_deg = (earth[1][None, :] - elevation_deg[:, None]) / panorama_height_deg
    over, under = ((beside & (side > 0.0) & (side < 0.08)).any(axis=1) for side in (above_deg, -above_deg))
    side = np.where(across < _LABEL_WIDTH, " right", " center")
    place = np.where(over, np.where(under, "", "bottom"), "top")
    labels = [f"{where}{end}" if where else "" for where, end in zip(place, side, strict=True)]
    steep = np.abs(_steps(elevation_deg)) / panorama_height_deg > 2.0 * np.abs(_steps(azimuth_deg)) / 360.0
    aside = np.where(across > 1.0 - 2.0 * _LABEL_WIDTH, "middle left", "middle right")
    return [str(beside) if climbs else label for beside, climbs, label in zip(aside, steep, labels, strict=True)]


def _steps(values: FloatArray) -> FloatArray:
    """Change of the values at each place, shape (n,); zero for a single value."""
    return np.asarray(np.gradient(values)) if values.size > 1 else np.zeros(values.size)
