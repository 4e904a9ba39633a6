"""Watches, step by step: for how long each condition on the estimates has held, and whether that wakes the software."""

from __future__ import annotations

from lunabase.compiled import within_step


@within_step
def count(watches, steps, armed, row, valid, held):  # type: ignore[no-untyped-def]
    """Count one step, in place; true if an armed group of watches holds as a whole.

    ``watches`` is a table with the columns channel, sign, limit, dwell_steps and group; ``steps`` (watches,) says for
    how many steps each condition has held; ``armed`` (groups,) which groups shall wake the software; ``row`` and
    ``valid`` (channels,) are the estimates. A reading that is not valid breaks its condition: it never trips
    a limit by itself. ``held`` (groups,) is scratch.
    """
    for group in range(armed.size):
        held[group] = armed[group]
    for index in range(watches.size):
        watch = watches[index]
        if valid[watch.channel] and watch.sign * (row[watch.channel] - watch.limit) > 0.0:
            steps[index] += 1
        else:
            steps[index] = 0
        if steps[index] < watch.dwell_steps:
            held[watch.group] = False
    tripped = False
    for group in range(held.size):
        tripped = tripped or held[group]
    return tripped
