"""The one loop over steps: physics, and what the software watches, until it has to be asked.

Compiled as a whole; Python acts only where it stops: at a planned moment, where a watch trips, or where something is
lost.
"""

from __future__ import annotations

from numba import njit

from lunabase.onboard.watching import count
from lunabase.twin.kernel import LOST, REACHED_END, TRIPPED, step


@njit(cache=True)
def live_through(  # type: ignore[no-untyped-def]
    plant, live, watches, watch_steps, armed, valid, held, first, last, rows
):
    """Live through the rows ``first`` to ``last`` (exclusive); the next row, and why the loop stopped there.

    ``plant`` and ``live`` as in `twin.plant`; telemetry goes to ``rows``, shape (rows, channels). ``valid`` (channels,)
    says which readings are known on board, ``held`` (groups,) is scratch; the rest as in `onboard.watching.count`.
    Everything is changed in place.
    """
    for index in range(first, last):
        lost = step(plant, live, index, rows[index])
        tripped = count(watches, watch_steps, armed, rows[index], valid, held)
        if lost:
            return index + 1, LOST
        if tripped:
            return index + 1, TRIPPED
    return last, REACHED_END
