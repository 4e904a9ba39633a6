"""The CP-SAT model of a neighbourhood: some requests are free, all other tracks stay.

The root mean square is followed by tangents of the squares of u, which is exact at the tangents' points; the search
measures the result itself. Fixed-length tracks need literals alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from lunabase.contacts.fairness import Fairness
from lunabase.contacts.request import AntennaRequest, Track, Tracks, ViewPeriod
from lunabase.contacts.sharing import Sharing, gaps, openings
from lunabase.scheduling.effort import Effort
from lunabase.scheduling.solver import solve_model

_UNIT = 1_000_000
"""Parts of 1 in which the cost is counted."""
_TANGENTS = 24
_FINE = 1000
"""Parts of these in which the cost's weights are."""
_WORTH_A_SECOND = 6
"""Such parts for a second of tracking time: of two schedules that are equally fair, the one with more is better."""
_LEAST_RMS = 0.01
"""Below this the root mean square counts with the slope that it has here; at 0 it has none."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A possible track: where it may lie, whether it is taken, its length and ends."""

    view: ViewPeriod
    taken: cp_model.IntVar
    on: cp_model.LinearExprT
    length: cp_model.LinearExprT
    """Its length if it is taken, else 0."""


class Repair:
    """Builds the model of one neighbourhood and solves it."""

    def __init__(self, sharing: Sharing, freed: Sequence[int]) -> None:
        self.sharing = sharing
        self.demand = sharing.demand
        self.freed = tuple(freed)
        self.model = cp_model.CpModel()
        self.held: dict[str, list[cp_model.IntervalVar]] = defaultdict(list)
        free = {name: gaps(taken) for name, taken in sharing.busy_without(freed).items()}
        self.pieces: dict[int, list[_Piece]] = {}
        self.unsatisfied: list[cp_model.LinearExprT] = []
        self.given: dict[int, cp_model.LinearExprT] = {}
        for number in self.freed:
            self._add(number, free)
        for intervals in self.held.values():
            self.model.add_no_overlap(intervals)
        self._objective(sharing.measure())

    def _add(self, number: int, free: dict[str, list[tuple[int, int]]]) -> None:
        request = self.demand.requests[number]
        places = openings(request, free)
        was = self._was(number, places)
        pieces = [self._piece(request, view, track) for view, track in zip(places, was, strict=True)]
        self.pieces[number] = pieces
        total = _sum([piece.length for piece in pieces])
        self.given[number] = total
        if request.most_tracks == 1:
            self.model.add_at_most_one(piece.taken for piece in pieces)
            self.unsatisfied.append(1 - _sum([piece.taken for piece in pieces]))
        else:
            self._split(request, pieces, total, was)

    def _was(self, number: int, places: Sequence[ViewPeriod]) -> list[Track | None]:
        """The present tracks, each at the first place that holds it."""
        left = list(self.sharing.tracks[number])
        result: list[Track | None] = []
        for view in places:
            found = next(
                (t for t in left if t.antennas == view.antennas and view.on_s <= t.on_s and t.off_s <= view.off_s), None
            )
            if found:
                left.remove(found)
            result.append(found)
        return result

    def _piece(self, request: AntennaRequest, view: ViewPeriod, was: Track | None) -> _Piece:
        model = self.model
        taken = model.new_bool_var("")
        model.add_hint(taken, was is not None)
        longest = min(request.duration_s, view.off_s - view.on_s)
        shortest = request.shortest_track_s
        on = model.new_int_var(view.on_s, view.off_s - shortest, "")
        model.add_hint(on, was.on_s if was else view.on_s)
        around = request.setup_s + request.teardown_s
        length: cp_model.LinearExprT
        if longest == shortest:
            length = shortest * taken
            held = model.new_optional_fixed_size_interval_var(on - request.setup_s, shortest + around, taken, "")
        else:
            size = model.new_int_var(shortest, longest, "")
            length = model.new_int_var(0, longest, "")
            model.add_hint(size, was.length_s if was else shortest)
            model.add_hint(length, was.length_s if was else 0)
            model.add(length == size).only_enforce_if(taken)
            model.add(length == 0).only_enforce_if(~taken)
            off = model.new_int_var(view.on_s + shortest, view.off_s, "")
            model.add_hint(off, was.off_s if was else view.on_s + shortest)
            held = model.new_optional_interval_var(
                on - request.setup_s, size + around, off + request.teardown_s, taken, ""
            )
        for antenna in view.antennas:
            self.held[antenna].append(held)
        return _Piece(view, taken, on, length)

    def _split(
        self,
        request: AntennaRequest,
        pieces: Sequence[_Piece],
        total: cp_model.LinearExprT,
        was: Sequence[Track | None],
    ) -> None:
        """Let several tracks add up, one after the other."""
        model = self.model
        model.add(_sum([piece.taken for piece in pieces]) <= request.most_tracks)
        model.add(total <= request.duration_s)
        satisfied = model.new_bool_var("")
        model.add_hint(satisfied, sum(track.length_s for track in was if track) >= request.satisfied_s)
        model.add(total >= request.satisfied_s * satisfied)
        self.unsatisfied.append(1 - satisfied)
        model.add_no_overlap([self._body(piece) for piece in pieces])

    def _body(self, piece: _Piece) -> cp_model.IntervalVar:
        """The track itself, without setup and teardown."""
        end = self.model.new_int_var(piece.view.on_s, piece.view.off_s, "")
        return self.model.new_optional_interval_var(piece.on, piece.length, end, piece.taken, "")

    def _objective(self, now: Fairness) -> None:
        """Make least what `Fairness.cost` counts, in which the root mean square is linear in the sum of squares."""
        model, demand, weights = self.model, self.demand, self.sharing.weights
        by_mission: dict[int, list[int]] = defaultdict(list)
        for number in self.freed:
            by_mission[demand.mission_of[number]].append(number)
        worst = model.new_int_var(0, _UNIT, "")
        for mission, u in enumerate(now.u):
            if mission not in by_mission:
                model.add(worst >= math.floor(_UNIT * u))
        squares = [self._square(mission, own, worst) for mission, own in by_mission.items()]
        steepness = 1.0 / (2.0 * len(demand.missions) * max(now.u_rms, _LEAST_RMS))
        model.minimize(
            round(steepness * _FINE) * _sum(squares)
            + round(weights.maximum * _FINE) * worst
            + round(weights.unsatisfied / len(demand.requests) * _UNIT * _FINE) * _sum(self.unsatisfied)
            - _WORTH_A_SECOND * _sum(list(self.given.values()))
        )

    def _square(self, mission: int, own: Sequence[int], worst: cp_model.IntVar) -> cp_model.LinearExprT:
        """The square of a mission's u, from below by tangents: u^2 >= 2 a u - a^2. Also keeps `worst` above u."""
        asked_s = self.demand.requested_s[mission]
        open_s = asked_s - self._kept(mission, own) - _sum([self.given[number] for number in own])
        self.model.add(worst * asked_s >= open_s * _UNIT)
        square = self.model.new_int_var(0, _UNIT, "")
        for number in range(_TANGENTS):
            at = (number + 0.5) / _TANGENTS
            self.model.add(square * asked_s >= open_s * round(2 * at * _UNIT) - round(at * at * _UNIT * asked_s))
        return square

    def _kept(self, mission: int, freed: Iterable[int]) -> int:
        away = set(freed)
        return sum(
            min(sum(track.length_s for track in self.sharing.tracks[number]), request.duration_s)
            for number, request in enumerate(self.demand.requests)
            if self.demand.mission_of[number] == mission and number not in away
        )

    def solve(self, work: float, effort: Effort, seed: int) -> Tracks | None:
        """The freed requests' tracks in their order, found within so much of the effort; None without an answer."""
        solved = solve_model(self.model, effort, seed, work)
        return tuple(self._read(solved.solver, number) for number in self.freed) if solved.found else None

    def _read(self, solver: cp_model.CpSolver, number: int) -> tuple[Track, ...]:
        tracks = []
        for piece in self.pieces[number]:
            if solver.boolean_value(piece.taken):
                on_s = solver.value(piece.on)
                tracks.append(Track(piece.view.antennas, on_s, on_s + solver.value(piece.length)))
        return tuple(sorted(tracks, key=lambda track: track.on_s))


def _sum(terms: Sequence[cp_model.LinearExprT]) -> cp_model.LinearExpr:
    return cp_model.LinearExpr.sum(terms)
