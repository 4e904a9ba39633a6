"""Contact plans as files: our JSON and CSV, and what the DTN programs ION and HDTN read.

ION: `ionrc(5)` of github.com/nasa-jpl/ION-DTN (ici/doc/pod5/ionrc.pod): rates in bytes per second, ranges in whole
light seconds, times relative to the reference time that `@` sets. HDTN: the members that its router reads
(github.com/nasa/HDTN, module/router/src/router.cpp): whole seconds from the moment the plan is loaded, bits per second.
Both take nodes by number: the station is 1, then relays and ground stations follow in the order of the station file.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lunabase.contacts.contact_plan import ContactPlan, PlannedContact
from lunabase.errors import InputError

_BITS_PER_BYTE = 8
_COLUMNS = (
    "radio", "relay", "earth_station", "setup_start", "start", "stop", "teardown_stop", "rate_bit_per_s", "volume_bit",
    "light_time_s",
)  # fmt: skip
_SUFFIXES = {".json": "json", ".csv": "csv", ".rc": "ion", ".ionrc": "ion", ".hdtn": "hdtn"}


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop of a contact between nodes by number."""

    source: int
    destination: int
    begin_s: int
    end_s: int
    rate_bit_per_s: float
    light_s: int


def nodes(plan: ContactPlan) -> dict[str, int]:
    """Number of each node by its name."""
    return {name: number for number, name in enumerate([plan.station, *plan.relays, *plan.earth_stations], 1)}


def hops(plan: ContactPlan) -> Iterator[Hop]:
    """All hops by contact; the light time over a relay counts on its way to Earth."""
    number = nodes(plan)
    for item in plan.contacts:
        begin_s, end_s = (round((moment - plan.start).total_seconds()) for moment in (item.start, item.stop))
        here, there, light_s = number[plan.station], number[item.earth_station], max(round(item.light_time_s), 1)
        if item.relay is None:
            yield Hop(here, there, begin_s, end_s, item.rate_bit_per_s, light_s)
        else:
            between = number[item.relay]
            yield Hop(here, between, begin_s, end_s, item.rate_bit_per_s, 1)
            yield Hop(between, there, begin_s, end_s, item.relay_rate_bit_per_s, light_s)


def as_json(plan: ContactPlan) -> str:
    """All that is known of each contact."""
    facts = {
        "station": plan.station,
        "start": _utc(plan.start),
        "stop": _utc(plan.stop),
        "new_bit": plan.new_bit,
        "brought_bit": plan.brought_bit,
        "longest_gap_s": plan.longest_gap_s,
        "contacts": [_row(item) for item in plan.contacts],
    }
    return json.dumps(facts, indent=1, ensure_ascii=False) + "\n"


def as_csv(plan: ContactPlan) -> str:
    """One line per contact."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(item) for item in plan.contacts)
    return text.getvalue()


def as_ion(plan: ContactPlan) -> str:
    """Commands for ionadmin, which takes ASCII alone."""
    names = {name.encode("ascii", "replace").decode(): number for name, number in nodes(plan).items()}
    lines = [f"# {name} is node {number}" for name, number in names.items()]
    lines.append(f"@ {plan.start:%Y/%m/%d-%H:%M:%S}")
    for hop in hops(plan):
        span = f"+{hop.begin_s} +{hop.end_s} {hop.source} {hop.destination}"
        lines.append(f"a contact {span} {int(hop.rate_bit_per_s / _BITS_PER_BYTE)}")
        lines.append(f"a range {span} {hop.light_s}")
    return "\n".join(lines) + "\n"


def as_hdtn(plan: ContactPlan) -> str:
    """HDTN's contact plan; its readers pass over the names of the nodes."""
    contacts = [
        {
            "contact": number,
            "source": hop.source,
            "dest": hop.destination,
            "startTime": hop.begin_s,
            "endTime": hop.end_s,
            "rateBitsPerSec": int(hop.rate_bit_per_s),
            "owlt": hop.light_s,
        }
        for number, hop in enumerate(hops(plan))
    ]
    names = {str(number): name for name, number in nodes(plan).items()}
    return json.dumps({"contacts": contacts, "start": _utc(plan.start), "nodes": names}, indent=1) + "\n"


FORMATS: dict[str, Callable[[ContactPlan], str]] = {"json": as_json, "csv": as_csv, "ion": as_ion, "hdtn": as_hdtn}


def format_of(name: str | None, out: Path | None) -> Callable[[ContactPlan], str]:
    """The writer by --format, else by the file's extension. Raises InputError for another one."""
    fix = f"Give --format {', '.join(FORMATS)}, or a file with {', '.join(_SUFFIXES)}."
    if name is not None and name not in FORMATS:
        raise InputError(f"there is no format {name!r}.", where="--format", fix=fix)
    kind = name or _SUFFIXES.get(out.suffix.lower() if out else ".json")
    if kind is None:
        raise InputError("its extension names no format.", where=str(out), fix=fix)
    return FORMATS[kind]


def _row(item: PlannedContact) -> dict[str, str | float | None]:
    times = (_utc(moment) for moment in (item.hold_start, item.start, item.stop, item.hold_stop))
    values = (item.radio, item.relay, item.earth_station, *times, item.rate_bit_per_s, item.volume_bit)
    return dict(zip(_COLUMNS, (*values, round(item.light_time_s, 6)), strict=True))


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
