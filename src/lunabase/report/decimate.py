"""Thin long series for the page so that their extremes survive."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

SERIES_POINTS = 4000
"""Most points of a drawn series."""


def kept_rows(columns: ArrayLike, limit: int = SERIES_POINTS) -> NDArray[np.intp]:
    """Indices, ascending, of at most about `limit` rows that keep every column's extremes.

    columns: shape (n,) or (n, k), any unit; NaN is allowed and never counts as an extreme. The rows are cut into equal
    buckets; of each bucket every column's lowest and highest row stays, and so do the first and the last row of all.
    Series of at most `limit` rows stay whole.
    """
    table = np.asarray(columns, dtype=np.float64)
    table = table.reshape(len(table), -1)
    count, width = table.shape
    if count <= limit:
        return np.arange(count)
    bucket_count = max(limit // (2 * width), 1)
    edges = np.linspace(0, count, bucket_count + 1).astype(np.intp)
    low = np.where(np.isnan(table), np.inf, table)
    high = np.where(np.isnan(table), -np.inf, table)
    kept = [np.array([0, count - 1])]
    for first, last in pairwise(edges):
        kept += [first + low[first:last].argmin(axis=0), first + high[first:last].argmax(axis=0)]
    return np.unique(np.concatenate(kept))
