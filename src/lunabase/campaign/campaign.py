"""A campaign from its options to its results: what is asked for, checked at the door; flown; summed up."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from lunabase import __version__
from lunabase.campaign import data_set
from lunabase.campaign.catalogue import CatalogueFile, FaultKind, load_catalogue
from lunabase.campaign.draw import FaultUrn, urn_of
from lunabase.campaign.engine import Tell, Workers, columns_of, fly_campaign, is_flown
from lunabase.campaign.one_run import Setup
from lunabase.campaign.summary import Facts, Objective, summarize
from lunabase.campaign.vary import Sweep, sweep_of, within
from lunabase.errors import InputError
from lunabase.record.whole import whole_file
from lunabase.runs.surroundings import Span, surroundings
from lunabase.sky.kernels import kernel_hashes, kernels_from
from lunabase.station.form import nearest
from lunabase.station.load import StationFile, load_station
from lunabase.station.model import Station
from lunabase.twin.parameters import channels_of, names_of
from lunabase.twin.sensors import sensor_set

DEFAULT_RUNS = 100
MAX_RUNS = 1_000_000
WEAR = Path("wear")
Stage = Callable[[str], AbstractContextManager[Callable[..., None]]]


@dataclass(frozen=True, slots=True)
class CampaignOptions:
    """What a user asks for."""

    station: Path
    runs: int | None = None
    start: str | None = None
    days: float = 90.0
    step_s: float = 60.0
    faults: Path | None = None
    """A catalogue to draw from; the word `wear` stands for the station's own wear."""
    double: bool = False
    no_contact_s: float = 0.0
    vary: tuple[str, ...] = ()
    maximise: tuple[str, ...] = ()
    minimise: tuple[str, ...] = ()
    seed: int = 0
    kernels: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Campaign:
    """A campaign that was checked and can be flown."""

    options: CampaignOptions
    file: StationFile
    span: Span
    sweep: Sweep
    catalogue: CatalogueFile | None
    urn: FaultUrn | None
    runs: int
    objectives: tuple[Objective, ...]

    @property
    def manifest(self) -> dict[str, Any]:
        """What makes the campaign what it is; the same manifest gives the same data set."""
        options = self.options
        return {
            "lunabase": __version__,
            "station_sha256": self.file.sha256,
            "faults": str(WEAR) if options.faults == WEAR else "catalogue" if self.catalogue else "none",
            "faults_sha256": self.catalogue.sha256 if self.catalogue else "",
            "kernels": kernel_hashes(kernels_from(options.kernels)),
            "start": str(self.span.grid.utc[0]),
            "days": options.days,
            "step_s": options.step_s,
            "runs": self.runs,
            "double": options.double,
            "no_contact_s": options.no_contact_s,
            "vary": [f"{field.name}={field.spread.text}" for field in self.sweep.fields],
            "seed": options.seed,
        }

    @property
    def kinds(self) -> Mapping[str, FaultKind]:
        """The kinds of faults of the catalogue."""
        return self.catalogue.catalogue.faults if self.catalogue else {}


def campaign_of(options: CampaignOptions) -> Campaign:
    """Check what was asked for. Raises InputError before any work is done."""
    file = load_station(options.station)
    span = Span.of(file, options.start, options.days, options.step_s)
    sweep = sweep_of(file, options.vary)
    catalogue = load_catalogue(options.faults) if options.faults not in (None, WEAR) else None
    present = file.station.phases[file.station.phase_at(_start(span))[0]].present
    sensors = _sensors(file.station, present, options)
    urn = urn_of(catalogue.catalogue.faults, file.station, present, sensors) if catalogue else None
    if options.faults == WEAR and file.station.wear is None:
        raise InputError("the station file has no `wear`.", where="--faults wear", fix="Add that section to it.")
    if options.double and urn is None:
        raise InputError("there are no faults to double.", where="--double", fix="Give a catalogue with --faults.")
    if not 0.0 <= options.no_contact_s < options.days * 86_400.0:
        fix = f"Stay below the {options.days:g} days of the flight, so that data can come down at its end."
        raise InputError("nobody would ever hear the station.", where="--no-contact", fix=fix)
    runs = options.runs if options.runs is not None else sweep.grid_points or DEFAULT_RUNS
    if not 1 <= runs <= MAX_RUNS:
        raise InputError(f"{runs} runs are out of range.", where="--runs", fix=f"Give 1 to {MAX_RUNS:,}.")
    objectives = [
        *((_objective(name, sweep), 1) for name in options.minimise),
        *((_objective(name, sweep), -1) for name in options.maximise),
    ]
    if objectives and not sweep.fields:
        raise InputError("there are no variants to compare.", where="--maximise", fix="Vary fields with --vary.")
    return Campaign(options, file, span, sweep, catalogue, urn, runs, tuple(objectives))


def fly(campaign: Campaign, folder: Path, workers: Workers, stage: Stage, tell: Tell, *, overwrite: bool) -> Facts:
    """Fly what is missing of a campaign in its folder, and sum it up there.

    Raises InputError when something else lies there.
    """
    files = {"station.yaml": campaign.file.text}
    if campaign.catalogue is not None:
        files["faults.yaml"] = campaign.catalogue.text
    data_set.begin(folder, campaign.manifest, files, overwrite=overwrite)
    if not is_flown(folder, campaign.runs):
        with stage("sky and light") as report:
            setup = setup_of(campaign, report)
        fly_campaign(setup, folder, workers, tell)
    return sum_up(campaign, folder)


def setup_of(campaign: Campaign, report: Callable[[float], None]) -> Setup:
    """What the runs need; the surroundings are worked out here, once."""
    options = campaign.options
    _, environment = surroundings(campaign.file, campaign.span, kernels_from(options.kernels), report)
    return Setup(
        sweep=campaign.sweep,
        environment=environment,
        urn=campaign.urn,
        points=tuple(campaign.sweep.points(campaign.runs, options.seed)),
        step_s=options.step_s,
        days=options.days,
        seed=options.seed,
        double=options.double,
        contact_from_s=options.no_contact_s,
        wear=options.faults == WEAR,
    )


def sum_up(campaign: Campaign, folder: Path) -> Facts:
    """What the runs in a folder come to; also written there as summary.json."""
    varied = {field.name: field.unit for field in campaign.sweep.fields}
    rows, reference = data_set.read_rows(folder), data_set.read_reference(folder)
    facts = summarize(rows, reference, campaign.kinds, varied, campaign.objectives)
    facts = {"station": campaign.file.station.station.name, **facts, "manifest": campaign.manifest}
    with whole_file(folder / "summary.json") as beside:
        beside.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def _objective(name: str, sweep: Sweep) -> str:
    """The column that a user means: its name, or a varied field by a short path."""
    columns = columns_of(sweep)
    words = name.split(".")
    fitting = [field.name for field in sweep.fields if within(words, field.path)]
    if name in columns or len(fitting) != 1:
        fitting = [column for column in columns if column == name]
    if not fitting:
        raise InputError(f"the results have no number `{name}`.", where="--maximise", fix=nearest(name, columns))
    return fitting[0]


def _start(span: Span) -> datetime:
    return datetime.fromisoformat(str(span.grid.utc[0])[:19] + "+00:00")


def _sensors(station: Station, present: tuple[str, ...], options: CampaignOptions) -> dict[str, int]:
    """How many sensors measure each telemetry channel."""
    channels = channels_of(names_of(station, present))
    found = sensor_set(station.sensors, channels, options.seed, options.step_s)
    return dict(zip(channels, np.diff(found.first_of_channel).tolist(), strict=True))
