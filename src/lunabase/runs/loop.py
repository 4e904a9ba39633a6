"""The one loop over steps: physics, what is perceived of it and what is watched, until the software has to be asked.

Compiled as a whole; Python acts only where it stops: at a planned moment, where a watch trips, or where something is
lost.
"""

from __future__ import annotations

from lunabase.compiled import over_steps
from lunabase.onboard.watching import count
from lunabase.runs.senses import perceive
from lunabase.twin.kernel import LOST, REACHED_END, TRIPPED, step


@over_steps
def live_through(  # type: ignore[no-untyped-def]
    plant, live, sense, watches, watch_steps, armed, held, base, first, last, rows, estimates
):
    """Live through the rows ``first`` to ``last`` (exclusive); the next row, and why the loop stopped there.

    ``plant`` and ``live`` as in `twin.plant`, ``sense`` as in `runs.senses`; row 0 is step ``base`` of the flight. The
    truth goes to ``rows``, shape (rows, channels), what is believed on board to ``estimates``, shape (rows, channels on
    board), or nowhere if that has no rows. ``held`` (groups,) is scratch; the rest as in `onboard.watching.count`.
    Everything is changed in place.
    """
    for index in range(first, last):
        lost = step(plant, live, index, rows[index])
        noticed = perceive(sense, base + index, rows[index])
        tripped = count(watches, watch_steps, armed, sense.row, sense.valid, held)
        if estimates.shape[0] > 0:
            for channel in range(sense.row.size):
                estimates[index, channel] = sense.row[channel]
        if lost:
            return index + 1, LOST
        if tripped or noticed:
            return index + 1, TRIPPED
    return last, REACHED_END
