"""How the functions of the loop over steps are compiled."""

from __future__ import annotations

from numba import njit

within_step = njit(cache=True, forceinline=True, _nrt=False)
"""For functions that one step calls, at any depth; they must not allocate arrays.

Numba counts references to every array of a tuple wherever it hands the tuple on, which took five times as long as the
physics. Whoever calls `step` keeps the arrays alive, so nothing within it has to count (``_nrt``).
"""

called_by_step = njit(cache=True, _nrt=False)
"""The same for functions that few stations need: not copied into their callers, which would take long to compile."""

over_steps = njit(cache=True, _nrt=False)
"""For the loop itself: with references counted it took twice as long as all that it calls."""
