"""Stations that ask for a given number of activities in a year, made from the reference station's payloads."""

from pathlib import Path

import yaml

from lunabase.station.model import Station

STATION = Path(__file__).parents[1] / "examples" / "ilrs.yaml"
YEAR_H = 365 * 24
_CONSTRAINTS = ({}, {"light": "lit"}, {"link": "available"}, {"earth": "in view"}, {})


def asking_for(activities: int) -> Station:
    """The reference station with other requests: rhythms, counts, totals and pairs, about so many in all.

    Each payload asks for 30 % of the year; together they ask for more than the hosts can power at once.
    """
    data = yaml.safe_load(STATION.read_text(encoding="utf-8"))
    present = set(data["phases"]["robotic"]["present"])
    names = [name for name, item in data["payloads"].items() if item["host"] in present]
    data["activity_types"] = {"work": {"description": "The payload works."}}
    data["flight_rules"] = {
        name: rule for name, rule in data["flight_rules"].items() if rule["type"] in ("minimum_charge", "maximum_power")
    }
    data["experiments"] = {}
    each = activities / len(names)
    for place, name in enumerate(names):
        item = data["payloads"][name]
        data["experiments"][f"of-{name}"] = {
            "title": name,
            "partner": item["partner"],
            "objective": item["objective"],
            "requests": _requests(place, name, each),
        }
    return Station.model_validate(data)


def _requests(place: int, payload: str, count: float) -> dict:
    """Half of a payload's activities in a rhythm, a quarter counted with others that follow them, a quarter in all."""
    hold_h = max(round(0.3 * YEAR_H / count), 1)
    base = {"activity": "work", "payload": payload, "constraints": _CONSTRAINTS[place % len(_CONSTRAINTS)]}
    period_h = max(round(YEAR_H / (count / 2)), 2)
    pairs = max(round(count / 8), 1)
    return {
        "rhythm": base
        | {
            "duration": f"{hold_h} h",
            "every": {"period": f"{period_h} h", "tolerance": f"{max(period_h // 4, 1)} h"},
            "priority": 3 + place % 5,
        },
        "first": base | {"duration": f"{hold_h} h", "count": min(pairs, 10_000), "priority": 4 + place % 3},
        "second": base
        | {
            "duration": f"{hold_h} h",
            "count": min(pairs, 10_000),
            "after": [{"request": "first", "maximum_gap": "72 h"}],
            "priority": 5,
        },
        "pieces": base
        | {
            "duration": {"minimum": f"{hold_h} h", "maximum": f"{2 * hold_h} h"},
            "total": f"{max(round(hold_h * count / 4), 2)} h",
            "priority": 2 + place % 4,
        },
    }
