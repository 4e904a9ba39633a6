"""A campaign in numbers: survival, availability, science, the worst night, recovery, and which faults kill."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lunabase.campaign.catalogue import FaultKind
from lunabase.campaign.statistics import first_order_index, pareto_front, rank_correlation, wilson

FUNCTIONS = ("power", "heat", "data", "science")
QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)
EXPLAINED = ("alive", "worst_night_margin_wh", "science_weight", "delivered_bit")
"""Outputs whose sensitivity to varied fields is told."""
Facts = dict[str, Any]
Objective = tuple[str, int]
"""A column, and 1 to have it small or -1 to have it large."""


def summarize(
    rows: pd.DataFrame,
    reference: pd.DataFrame,
    kinds: Mapping[str, FaultKind],
    varied: Mapping[str, str],
    objectives: Sequence[Objective],
) -> Facts:
    """Everything that the report tells, as plain values; times in s, energies in Wh, parts from 0 to 1.

    ``varied`` names the varied fields with their units. Runs that were lost count with what they returned until then;
    margins of nights are those of the others.
    """
    alive = int((rows["outcome"] == "alive").sum())
    failed = int((rows["outcome"] == "failed").sum())
    flown = rows[rows["outcome"] != "failed"]
    low, high = wilson(alive, len(flown))
    return {
        "runs": len(rows),
        "alive": alive,
        "lost": len(flown) - alive,
        "lost_by_physics": int((flown["lost_at_least_load"] == 1.0).sum()),
        "failed": failed,
        "survival": {"part": alive / len(flown) if len(flown) else math.nan, "low": low, "high": high},
        "availability": {name: _spread(flown[f"availability.{name}"]) for name in FUNCTIONS},
        "science_part": _spread(flown["science_part"]),
        "delivered_part": _spread(flown["delivered_part"]),
        "undelivered_bit": _spread(flown["undelivered_bit"]),
        "worst_night_margin_wh": _spread(flown[flown["outcome"] == "alive"]["worst_night_margin_wh"]),
        "recovery": _recovery(flown),
        "alarms": _spread(flown["alarms"]),
        "spares_used": _spread(flown["spares_used"]),
        "runs_with_broken_rules": int((flown["rules_broken"] > 0).sum()),
        "runs_with_rules_broken_silently": int((flown["rules_broken_silently"] > 0).sum()),
        "by_fault": _by_fault(flown),
        "losses": _losses(rows, kinds),
        "silent": _silent(flown),
        "reference": _reference(reference, list(varied)),
        "night": json.loads(reference["night"].iloc[0] or "{}"),
        "sensitivity": _sensitivity(flown, list(varied)),
        "varied": dict(varied),
        "objectives": [name for name, _ in objectives],
        "pareto": _pareto(flown, list(varied), objectives),
    }


def _spread(values: pd.Series[float]) -> dict[str, float | None]:
    """Mean and quantiles; None without values."""
    known = values.to_numpy(dtype=np.float64)
    known = known[np.isfinite(known)]
    if not known.size:
        return {"mean": None, **{_quantile_name(part): None for part in QUANTILES}}
    return {
        "mean": float(known.mean()),
        **{_quantile_name(part): float(np.quantile(known, part)) for part in QUANTILES},
    }


def _quantile_name(part: float) -> str:
    return {0.0: "least", 0.5: "median", 1.0: "most"}.get(part, f"quantile_{100 * part:g}")


def _recovery(flown: pd.DataFrame) -> Facts:
    times_s = flown["recovery_s"].to_numpy(dtype=np.float64)
    upset = times_s > 0.0
    back = times_s[upset & np.isfinite(times_s)]
    return {
        "upset": int(upset.sum()),
        "recovered": int(back.size),
        "not_recovered": int(np.isposinf(times_s).sum()),
        "mean_s": float(back.mean()) if back.size else None,
        "longest_s": float(back.max()) if back.size else None,
    }


def _by_fault(flown: pd.DataFrame) -> list[Facts]:
    """One entry for each fault, the deadliest first; a double fault counts for both."""
    names = sorted({name for text in flown["fault"] for name in text.split(" + ") if name})
    split = flown["fault"].str.split(" + ", regex=False)
    found = []
    for name in names:
        mine = flown[split.map(lambda parts, name=name: name in parts)]
        recovery = _recovery(mine)
        found.append(
            {
                "fault": name,
                "runs": len(mine),
                "lost": int((mine["outcome"] == "lost").sum()),
                "science_part": float(mine["science_part"].mean()),
                "lowest_margin_wh": _spread(mine["worst_night_margin_wh"])["least"],
                "recovery_mean_s": recovery["mean_s"],
                "not_recovered": recovery["not_recovered"],
                "alarms": float(mine["alarms"].mean()),
                "spares_used": float(mine["spares_used"].mean()),
            }
        )
    return sorted(found, key=lambda item: (-item["lost"], item["science_part"], item["fault"]))


def _losses(rows: pd.DataFrame, kinds: Mapping[str, FaultKind]) -> list[Facts]:
    """Every run that was lost or failed, with its faults and its cause."""
    found = []
    for row in rows[rows["outcome"] != "alive"].to_dict("records"):
        arguments = [kinds[name].excludes_survival for name in row["fault"].split(" + ") if name in kinds]
        found.append(
            {
                "run": int(row["run"]),
                "outcome": row["outcome"],
                "fault": row["fault"],
                "target": row["target"],
                "faults": json.loads(row["faults"]),
                "fault_start_s": _known(row["fault_start_s"]),
                "lost_at_s": _known(row["lost_at_s"]),
                "reason": row["reason"],
                "physical": row["lost_at_least_load"] == 1.0,
                "excludes_survival": " ".join(" ".join(text.split()) for text in arguments if text),
            }
        )
    return found


def _silent(flown: pd.DataFrame) -> list[Facts]:
    """Runs in which a rule was broken without an alarm."""
    mine = flown[flown["rules_broken_silently"] > 0]
    return [{"run": int(row["run"]), "fault": row["fault"], "target": row["target"]} for row in mine.to_dict("records")]


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _reference(reference: pd.DataFrame, varied: Sequence[str]) -> list[Facts]:
    """The fault-free flights, one for each variant."""
    names = ["outcome", *varied, "worst_night_margin_wh", "lowest_charge", "science_weight", "delivered_bit"]
    rows = reference[[*names, "activities_completed", "alarms"]].to_dict("records")
    return [
        {str(name): value if isinstance(value, str) else _known(value) for name, value in row.items()} for row in rows
    ]


def _sensitivity(flown: pd.DataFrame, varied: Sequence[str]) -> list[Facts]:
    """How each varied field moves the outputs: rank correlation, and the part of the variance it explains alone."""
    found = []
    for field in varied:
        for output in EXPLAINED:
            both = flown[[field, output]].dropna()
            x, y = both[field].to_numpy(dtype=np.float64), both[output].to_numpy(dtype=np.float64)
            if not y.size or y.min() == y.max():  # nothing to explain
                continue
            found.append(
                {
                    "field": field,
                    "output": output,
                    "rank_correlation": _known(rank_correlation(x, y)),
                    "variance_explained": _known(first_order_index(x, y)),
                }
            )
    return found


def _pareto(flown: pd.DataFrame, varied: Sequence[str], objectives: Sequence[Objective]) -> list[Facts]:
    """Variants, each the mean of its runs, that nothing else beats in all objectives."""
    if not objectives:
        return []
    names = [name for name, _ in objectives]
    means = flown.groupby(list(varied), as_index=False)[[name for name in names if name not in varied]].mean()
    means = means.dropna(subset=names)
    if means.empty:
        return []
    signed = np.stack([sign * means[name].to_numpy(dtype=np.float64) for name, sign in objectives], axis=1)
    front = means[pareto_front(signed)].sort_values(names)
    columns = [*varied, *(name for name in names if name not in varied)]
    return [{name: float(row[name]) for name in columns} for _, row in front.iterrows()]
