"""Runs spread over workers: batches go out to a Dask cluster, rows come back and are written part by part.

A part is a fixed stretch of run numbers and is written whole by this process alone, so that the data set is the same
for any number of workers and after any interruption. Dask costs some milliseconds a task; batches make that little.
"""

from __future__ import annotations

import logging
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster, as_completed
from distributed.scheduler import KilledWorker

from lunabase.campaign import data_set
from lunabase.campaign.one_run import Reference, Row, Setup, fly_batch, fly_references, number_columns
from lunabase.campaign.vary import Point, Sweep
from lunabase.errors import InputError, LunabaseError

_MOST_BATCHES = 100
_CONNECT_S = 30
Tell = Callable[[float, str], None]
"""Gets the finished part, 0 to 1, and a few words."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Where the runs are flown."""

    scheduler: str = ""
    """Address of a Dask scheduler; empty: a cluster of this machine."""
    count: int = 1
    """Workers of the cluster of this machine."""


def batches_of(runs: int) -> list[range]:
    """Stretches of run numbers; they depend on the number of runs alone."""
    size = max(math.ceil(runs / _MOST_BATCHES), 1)
    return [range(first, min(first + size, runs)) for first in range(0, runs, size)]


def fly_campaign(setup: Setup, folder: Path, workers: Workers, tell: Tell) -> None:
    """Fly what is missing in a campaign's folder. Raises LunabaseError when workers can't be had or die."""
    batches = batches_of(len(setup.points))
    missing = data_set.missing_batches(folder, len(batches))
    has_references = (folder / data_set.REFERENCE).is_file()
    with _cluster(workers) as client, _told():
        sent = client.scatter(setup, broadcast=True, hash=False)  # type: ignore[no-untyped-call]
        if not has_references:
            _fly_references(client, sent, setup, folder, tell)
        references = _references(setup, folder)
        _fly_batches(client, sent, setup, folder, {batch: batches[batch] for batch in missing}, references, tell)


def is_flown(folder: Path, runs: int) -> bool:
    """Whether a folder holds all runs of a campaign."""
    return (folder / data_set.REFERENCE).is_file() and not data_set.missing_batches(folder, len(batches_of(runs)))


def columns_of(sweep: Sweep) -> tuple[str, ...]:
    """Number columns of the results."""
    varied = tuple(field.name for field in sweep.fields)
    return (*varied, "fault_start_s", *number_columns(sweep.file.station))


def _points(setup: Setup) -> list[Point]:
    """The variants that are flown without faults: each one where there are faults, or else the file as it stands."""
    if setup.urn is None and not setup.wear:
        return [()]
    return list(dict.fromkeys(setup.points))


def _fly_references(client: Client, sent: Any, setup: Setup, folder: Path, tell: Tell) -> None:
    points = _points(setup)
    size = max(math.ceil(len(points) / _MOST_BATCHES), 1)
    futures = [
        client.submit(fly_references, sent, points[first : first + size], pure=False)
        for first in range(0, len(points), size)
    ]
    rows: list[Row] = []
    tell(0.0, "flying without faults")
    for future in futures:
        rows += future.result()
    failed = next((row for row in rows if row["outcome"] == "failed"), None)
    if failed is not None:
        raise LunabaseError(f"the flight without faults failed: {failed['reason']}")
    data_set.write_rows(folder / data_set.REFERENCE, rows, columns_of(setup.sweep))


def _references(setup: Setup, folder: Path) -> dict[Point, Reference]:
    """What each variant returns without faults, as it was written."""
    rows = data_set.read_reference(folder)
    known = {
        point: Reference(row["science_weight"], row["delivered_bit"])
        for point, (_, row) in zip(_points(setup), rows.iterrows(), strict=True)
    }
    return {point: known.get(point, known[next(iter(known))]) for point in setup.points}


def _fly_batches(
    client: Client,
    sent: Any,
    setup: Setup,
    folder: Path,
    batches: Mapping[int, Sequence[int]],
    references: Mapping[Point, Reference],
    tell: Tell,
) -> None:
    numbers, all_runs = columns_of(setup.sweep), len(setup.points)
    began_s, flown, lost = time.monotonic(), 0, 0
    done_before = all_runs - sum(len(runs) for runs in batches.values())
    futures: dict[Any, int] = {}
    for batch, runs in batches.items():
        needed = {setup.points[run]: references[setup.points[run]] for run in runs}
        futures[client.submit(fly_batch, sent, list(runs), needed, pure=False)] = batch
    for future in as_completed(list(futures)):  # type: ignore[no-untyped-call]
        rows = future.result()
        data_set.write_rows(data_set.part_path(folder, futures.pop(future)), rows, numbers)
        flown += len(rows)
        lost += sum(row["outcome"] != "alive" for row in rows)
        left_s = (time.monotonic() - began_s) / flown * (all_runs - done_before - flown)
        words = f"{done_before + flown} of {all_runs} runs, {lost} lost, about {_duration(left_s)} left"
        tell((done_before + flown) / all_runs, words)


def _duration(left_s: float) -> str:
    return (
        f"{left_s:.0f} s" if left_s < 100 else f"{left_s / 60:.0f} min" if left_s < 6000 else f"{left_s / 3600:.1f} h"
    )


@contextmanager
def _cluster(workers: Workers) -> Iterator[Client]:
    """A client of the given scheduler, or of a cluster on this machine that ends with the block."""
    quiet = {"distributed.worker.daemon": True, "distributed.admin.large-graph-warning-threshold": "1GB"}
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(quiet):
        if workers.scheduler:
            with _client(workers.scheduler) as client:
                yield client
            return
        local = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers.count,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        )
        with local as cluster, Client(cluster) as client:  # type: ignore[no-untyped-call]
            client.run(_ignore_interrupts)
            yield client


def _ignore_interrupts() -> None:
    """Ctrl-C reaches the workers too; this process hears it and ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _client(address: str) -> Client:
    try:
        return Client(address, timeout=_CONNECT_S)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as failed:
        fix = "Start one with `dask scheduler`, and give its address like tcp://host:8786."
        raise InputError(f"there is no Dask scheduler: {failed}.", where=f"--scheduler {address}", fix=fix) from None


@contextmanager
def _told() -> Iterator[None]:
    """Say in words that workers died."""
    try:
        yield
    except KilledWorker as killed:
        fix = "Its runs need more memory or time than the worker has; the same command goes on where it stopped."
        raise LunabaseError(f"workers died again and again: {killed}.", fix=fix) from None
