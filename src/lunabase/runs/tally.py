"""What is counted over every step of a flight, however few of its rows are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from lunabase.times import FloatArray
from lunabase.twin.layout import (
    ARRAY_AVAILABLE,
    OPERATING_MARGIN,
    OVERFLOW_RATE,
    STATE_OF_CHARGE,
    STORED_ENERGY,
    UNSERVED,
)

DARK_W = 1.0
"""Arrays that could give less than this are in the dark."""
J_PER_WH = 3600.0


@dataclass
class Tally:
    """Sums and extremes, fed piece by piece."""

    start: datetime
    step_s: float
    steps: int = 0
    served: int = 0
    """Steps in which the bus carried every load."""
    within_limits: int = 0
    """Steps in which every thermal node was within its operating limits."""
    recording: int = 0
    """Steps in which no data were lost."""
    modes: dict[str, int] = field(default_factory=dict)
    """Steps in each mode."""
    science: int = 0
    """Steps in modes that run all activities."""
    lowest_charge: float = 1.0
    lowest_charge_s: float = 0.0
    worst_margin_wh: float = float("inf")
    """Least energy above the stores' floors in the dark; of all steps where the arrays never go dark."""
    worst_margin_s: float = 0.0
    last_served_s: float = 0.0
    """End of the last step in which the bus carried every load."""
    _in_the_dark: bool = False

    def add(self, rows: FloatArray, floor_j: float) -> None:
        """Count the rows (steps, channels) of the next steps."""
        if rows.shape[0] == 0:
            return
        served = rows[:, UNSERVED] <= 0.0
        self.served += int(served.sum())
        self.within_limits += int((rows[:, OPERATING_MARGIN] >= 0.0).sum())
        self.recording += int((rows[:, OVERFLOW_RATE] <= 0.0).sum())
        lowest = int(rows[:, STATE_OF_CHARGE].argmin())
        if rows[lowest, STATE_OF_CHARGE] < self.lowest_charge:
            self.lowest_charge, self.lowest_charge_s = float(rows[lowest, STATE_OF_CHARGE]), self._end_s(lowest)
        self._add_night(rows, floor_j)
        if served.any():
            self.last_served_s = self._end_s(int(np.flatnonzero(served)[-1]))
        self.steps += rows.shape[0]

    def _add_night(self, rows: FloatArray, floor_j: float) -> None:
        dark = rows[:, ARRAY_AVAILABLE] < DARK_W
        if dark.any() and not self._in_the_dark:
            self._in_the_dark, self.worst_margin_wh = True, float("inf")
        if dark.any() or not self._in_the_dark:
            margin_wh = np.where(dark | (not self._in_the_dark), rows[:, STORED_ENERGY] - floor_j, np.inf) / J_PER_WH
            worst = int(margin_wh.argmin())
            if margin_wh[worst] < self.worst_margin_wh:
                self.worst_margin_wh, self.worst_margin_s = float(margin_wh[worst]), self._end_s(worst)

    def add_mode(self, name: str, steps: int, all_activities: bool) -> None:
        """Count steps in a mode."""
        self.modes[name] = self.modes.get(name, 0) + steps
        self.science += steps * all_activities

    def moment(self, time_s: float) -> datetime:
        """UTC of a time since the start."""
        return self.start + timedelta(seconds=time_s)

    def part(self, steps: int) -> float:
        """Part of the flight that so many steps are."""
        return steps / self.steps if self.steps else 1.0

    def _end_s(self, row: int) -> float:
        return (self.steps + row + 1) * self.step_s
