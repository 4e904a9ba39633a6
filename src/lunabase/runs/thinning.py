"""Telemetry of long flights: of several steps one row is kept, with the means of flows and the extremes that matter.

Powers and rates are means over the row's steps, stores and temperatures those at its end, as in a row of one step; what
could hide between two rows is kept as ``lowest.<channel>`` or ``highest.<channel>``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lunabase.times import FloatArray

LOWEST = ("state_of_charge", "operating_margin_k", "survival_margin_k")
HIGHEST = ("load_w", "unserved_w", "recorder_fill")
MOST_ROWS = 131_072
"""Without being told otherwise a flight keeps about so many rows: three months of minutes."""
NICE_EVERY = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)


def default_every(steps: int) -> int:
    """How many steps one row stands for, unless told otherwise: one up to three months of minutes."""
    return next((every for every in NICE_EVERY if steps / every <= MOST_ROWS), NICE_EVERY[-1])


def thinned(rows: FloatArray, every: int, channels: Mapping[str, int]) -> dict[str, FloatArray]:
    """Rows (steps, channels) as columns by name, one value for each ``every`` steps; the last may stand for fewer."""
    if every == 1:
        return {name: rows[:, place] for name, place in channels.items()}
    edges = np.arange(0, rows.shape[0], every)
    ends = np.append(edges[1:], rows.shape[0]) - 1
    means = np.add.reduceat(rows, edges, axis=0) / (ends + 1 - edges)[:, None] if edges.size else rows
    columns = {name: means[:, place] if _is_flow(name) else rows[ends, place] for name, place in channels.items()}
    for name in LOWEST:
        columns[f"lowest.{name}"] = np.minimum.reduceat(rows[:, channels[name]], edges)
    for name in HIGHEST:
        columns[f"highest.{name}"] = np.maximum.reduceat(rows[:, channels[name]], edges)
    return columns


def _is_flow(channel: str) -> bool:
    return channel.partition(".")[0].endswith(("_w", "_per_s"))
