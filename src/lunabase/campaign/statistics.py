"""What many runs say together: confidence, rank correlation, and which variants nothing else beats."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
CONFIDENCE = 0.95


def wilson(successes: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Confidence interval of a probability from so many successes (Wilson 1927, doi 10.1080/01621459.1927.10502953).

    Unlike the normal approximation it holds where all or none succeed. From 0 to 1 without trials.
    """
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    part = successes / trials
    centre = part + z * z / (2 * trials)
    half = z * math.sqrt(part * (1.0 - part) / trials + z * z / (4 * trials * trials))
    width = 1.0 + z * z / trials
    return max((centre - half) / width, 0.0), min((centre + half) / width, 1.0)


def ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1, equal values sharing their mean rank; shape (n,)."""
    order = np.argsort(values, kind="stable")
    ranked = np.empty(values.size)
    ranked[order] = np.arange(1, values.size + 1, dtype=np.float64)
    unique, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    sums = np.bincount(inverse, weights=ranked, minlength=unique.size)
    return np.asarray((sums / counts)[inverse])


def rank_correlation(one: FloatArray, other: FloatArray) -> float:
    """Spearman's rank correlation of two series, shape (n,); NaN where one of them is constant."""
    if one.size < 3:
        return math.nan
    a, b = ranks(one) - (one.size + 1) / 2.0, ranks(other) - (other.size + 1) / 2.0
    spread = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / spread if spread > 0.0 else math.nan


def first_order_index(inputs: FloatArray, output: FloatArray) -> float:
    """Part of the output's variance that one input explains alone: Sobol's first-order index, by slices.

    The runs are sorted by the input and cut into about sqrt(n) slices; the variance of the slices' means, less what
    scatter within them makes of it, over the variance of all (given-data estimate, Plischke 2010, doi
    10.1016/j.ress.2009.11.005). Shapes (n,). It is NaN for a constant output, and within about 1/sqrt(n) of the truth.
    """
    total = float(np.var(output))
    if output.size < 9 or total <= 0.0:
        return math.nan
    slices = np.array_split(output[np.argsort(inputs, kind="stable")], max(math.isqrt(output.size), 2))
    means, counts = np.array([part.mean() for part in slices]), np.array([part.size for part in slices])
    between = float(np.average((means - output.mean()) ** 2, weights=counts))
    within = sum(float(part.var(ddof=1)) for part in slices if part.size > 1) / output.size
    return min(max((between - within) / total, 0.0), 1.0)


def pareto_front(objectives: FloatArray) -> npt.NDArray[np.bool_]:
    """Which rows (n, objectives) no other row beats in one objective without losing in another; less is better."""
    front = np.ones(objectives.shape[0], dtype=np.bool_)
    for index, row in enumerate(objectives):
        beaten = np.all(objectives <= row, axis=1) & np.any(objectives < row, axis=1)
        front[index] = not beaten.any()
    return front
