"""The ways in which an activity can be done: by which payload, with which resource, in which mode of the payload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from lunabase.planning.balance import RUNS
from lunabase.planning.crew_time import Need, groups_of, members_of, needs_of
from lunabase.planning.horizon import BoolArray, Horizon, IntArray
from lunabase.planning.opportunities import Clause, clauses, open_cells, together
from lunabase.planning.scene import Scene
from lunabase.station.equipment import ThermalNode
from lunabase.station.model import Station
from lunabase.station.rules import KeepOut
from lunabase.station.science import ActivityType, Request


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of doing a request's activities."""

    task: int
    index: int
    """Its place among all variants of the problem."""
    payload: str
    host: str
    resources: tuple[str, ...]
    mode: str
    power_w: float
    standby_w: float
    node: int
    """Thermal node that its payload warms, -1: none."""
    data_bit_per_s: float
    continuous: bool
    can_be_shed: bool
    held: tuple[Clause, ...]
    open: BoolArray
    """(cells,) where all constraints hold; nowhere if there is an obstacle."""
    must_touch: IntArray | None
    """(steps + 1,) how many epochs before each call for its mode; an activity touches one of them. None: no matter."""
    place: str
    """Where it happens; empty: nowhere in particular."""
    movers: tuple[str, ...]
    """Its resources that move."""
    needs: tuple[Need, ...]
    """People that it takes."""
    obstacle: str
    """Why no activity can ever be placed, or empty."""

    @property
    def extra_w(self) -> float:
        """Power beyond standby, W."""
        return max(self.power_w - self.standby_w, 0.0)

    def in_mode(self, starts_s: IntArray, hold_s: int, horizon: Horizon) -> BoolArray:
        """Which holds, by their start (n,), call for this variant's mode of the payload."""
        if self.must_touch is None:
            return np.ones(starts_s.shape, dtype=bool)
        first = np.floor(starts_s / horizon.step_s).astype(np.int64)
        last = np.ceil((starts_s + hold_s) / horizon.step_s).astype(np.int64)
        counts = self.must_touch
        return np.asarray(counts[np.minimum(last + 1, horizon.steps)] > counts[np.minimum(first, horizon.steps)])


def variants_of(scene: Scene, task: int, request: Request, held: tuple[Clause, ...], first: int) -> tuple[Variant, ...]:
    """All ways that can ever happen, in the order of the file; the very first if none can.

    `held` is what any of them needs; their indices count from `first`.
    """
    ways = list(_ways(scene, task, request, held))
    possible = [way for way in ways if way.open.any()] or ways[:1]
    return tuple(replace(way, index=first + k) for k, way in enumerate(possible))


def _ways(scene: Scene, task: int, request: Request, held: tuple[Clause, ...]) -> Iterator[Variant]:
    kind = scene.station.activity_types[request.activity]
    modes = list(_modes(scene, kind))
    for payload in (request.payload, *request.or_payload):
        for one in kind.uses_one_of or ("",):
            for mode, conditions, must_touch in modes:
                resources = (*kind.uses, *((one,) if one else ()))
                yield _variant(scene, task, request, payload, resources, mode, (*held, *conditions), must_touch)


def _modes(scene: Scene, kind: ActivityType) -> Iterator[tuple[str, tuple[Clause, ...], IntArray | None]]:
    """The payload's modes with what must not hold at any epoch, and counts of the epochs of which one must be touched.

    A mode's condition counts only where none before it does.
    """
    before: tuple[Clause, ...] = ()
    for entry in kind.mode_when:
        held = together(clauses(entry.when, scene.environment, scene.phase), scene.horizon.steps)
        if held.holds.any():
            yield entry.mode, before, np.concatenate(([0], np.cumsum(held.holds)))
            before = (*before, Clause(f"not {held.words}", ~held.holds))
    yield kind.mode, before, None


def _variant(
    scene: Scene,
    task: int,
    request: Request,
    payload_id: str,
    resources: tuple[str, ...],
    mode: str,
    held: tuple[Clause, ...],
    must_touch: IntArray | None,
) -> Variant:
    station, payload = scene.station, scene.station.payloads[payload_id]
    kind = station.activity_types[request.activity]
    needs = needs_of(kind.crew, members_of(station, scene.phase).values())
    obstacle = _obstacle(scene, payload.host, resources) or _lack_of_people(scene, kind, needs)
    held = (
        *held,
        *_mode_clause(scene, payload.continuous),
        *_kept_out(scene, request, payload_id),
        *_reserved(scene, payload_id, resources),
    )
    return Variant(
        task=task,
        index=0,
        payload=payload_id,
        host=payload.host,
        resources=resources,
        mode=mode,
        power_w=payload.power[mode],
        standby_w=payload.standby_w,
        node=_node(scene, payload.host),
        data_bit_per_s=payload.data_rate_bit_per_s,
        continuous=payload.continuous,
        can_be_shed=payload_id in station.load_shedding.order or payload.host in station.load_shedding.order,
        held=held,
        open=open_cells(held, scene.horizon) & (not obstacle),
        must_touch=must_touch,
        place=kind.place or "",
        movers=tuple(name for name in resources if _moves(station, name)),
        needs=needs,
        obstacle=obstacle,
    )


def _obstacle(scene: Scene, host: str, uses: Iterable[str]) -> str:
    for module in (host, *(scene.module_of(name) for name in uses)):
        if module not in scene.phase.present:
            return f"its host {module} is absent in phase {scene.phase_name}"
    return ""


def _lack_of_people(scene: Scene, kind: ActivityType, needs: tuple[Need, ...]) -> str:
    if all(people <= len(who) for people, who in groups_of(needs)):
        return ""
    wanted = " and ".join(
        f"{need.people} {'person' if need.people == 1 else 'people'}"
        + (f" qualified for {need.qualification}" if need.qualification else "")
        for need in kind.crew
    )
    people = members_of(scene.station, scene.phase)
    there = f"{len(people)} people" if people else "no crew"
    return f"it needs {wanted}; phase {scene.phase_name} has {there} whose time is planned"


def _moves(station: Station, resource: str) -> bool:
    return resource in station.resources and station.resources[resource].starts_at is not None


def _mode_clause(scene: Scene, continuous: bool) -> tuple[Clause, ...]:
    """Where the expected mode lets the activity run; empty if it does so all the time."""
    runs_in = scene.forecast.mode_table[:, RUNS] >= (1 if continuous else 2)
    holds = runs_in[scene.idle.mode]
    if holds.all():
        return ()
    expected = set(scene.idle.mode.tolist())
    stops = [scene.forecast.modes[k] for k, runs in enumerate(runs_in) if not runs and k in expected]
    who = "no payload works" if continuous else "only continuous payloads work"
    return (Clause(f"time outside {' and '.join(stops)} mode (in which {who})", holds),)


def _kept_out(scene: Scene, request: Request, payload: str) -> Iterator[Clause]:
    """Flight rules that keep it out while something holds."""
    for rule in scene.station.flight_rules.values():
        if not isinstance(rule, KeepOut):
            continue
        given_off = gives_off(scene.station, request.activity, payload)
        if request.activity in rule.activity_types or given_off & set(rule.disturbances):
            held = together(clauses(rule.when, scene.environment, scene.phase), scene.horizon.steps)
            if held.holds.any():
                yield Clause(f'time outside the keep-out "{rule.text}"', ~held.holds)


def gives_off(station: Station, activity: str, payload: str) -> set[str]:
    """What an activity of a payload gives off."""
    return {*station.payloads[payload].disturbs, *station.activity_types[activity].disturbs}


def _reserved(scene: Scene, payload: str, resources: tuple[str, ...]) -> Iterator[Clause]:
    """Reservations of the payload, its resources, or the modules that carry them."""
    things = {payload, scene.station.payloads[payload].host, *resources, *(scene.module_of(r) for r in resources)}
    everywhen = np.ones(scene.horizon.steps, dtype=bool)
    for reservation in scene.station.reservations.values():
        taken = sorted(things & set(reservation.of))
        start_s = (reservation.start - scene.horizon.start).total_seconds()
        stop_s = (reservation.stop - scene.horizon.start).total_seconds()
        if taken and stop_s > 0.0 and start_s < scene.horizon.length_s:
            words = f'time outside the reservation of {taken[0]} ("{reservation.text}")'
            yield Clause(words, everywhen, ((start_s, stop_s),))


def _node(scene: Scene, host: str) -> int:
    nodes = list(scene.station.equipment(ThermalNode, scene.phase.present))
    node = scene.station.modules[host].thermal_node
    return nodes.index(node) if node in nodes else -1
