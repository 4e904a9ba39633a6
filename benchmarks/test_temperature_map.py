"""Columns of regolith per second, and the same columns by heat1d in the same run.

heat1d 0.3.2 needs `planets<0.6` and names that numpy has dropped, so it runs in an environment of its own: give its
Python as HEAT1D_PYTHON. Made with `pip install heat1d==0.3.2 "planets<0.6"`. Without it the comparison is skipped.
"""

import json
import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from lunabase.environment.regolith import Column, Regolith, albedo
from lunabase.survey.columns import LANES, Columns

LATITUDES_DEG = (0.0, 30.0, 85.0)
DAY_S = 2_551_442.976  # heat1d's lunation
CYCLES = 4
PEER = Path(__file__).parent / "peers" / "heat1d_column.py"


@pytest.fixture(scope="module")
def peer():
    python = os.environ.get("HEAT1D_PYTHON")
    if not python:
        pytest.skip("heat1d runs in an environment of its own: set HEAT1D_PYTHON")
    command = [python, PEER, json.dumps(LATITUDES_DEG), json.dumps({"NYEARSEQ": 25})]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def same_column(z_m):
    """heat1d's nodes as the boundaries between layers."""
    z = np.array(z_m)
    thickness, depth = np.diff(z), 0.5 * (z[1:] + z[:-1])
    ground = Regolith()
    fade = np.exp(-depth / ground.scale_depth_m)
    return Column(thickness, depth, 1800.0 - 700.0 * fade, 3.4e-3 - (3.4e-3 - 7.4e-4) * fade, ground)


def settled(column, flux, step_s):
    """A settled lunation of the surface, K, and the processor's ms per column and lunation."""
    mean_k = (flux.mean() / (0.95 * 5.670374419e-8)) ** 0.25
    columns = Columns.uniform(column, np.full(8 * LANES, mean_k, np.float32))
    for cycle in range(12):
        flow = columns.no_flow() if cycle < 11 else None
        surface_k, start = [], time.process_time()
        for absorbed in flux:
            columns.advance(np.full(columns.surface_k.shape, absorbed, np.float32), step_s, flow)
            surface_k.append(columns.surface_k[0, 0])
        ms = 1e3 * (time.process_time() - start) / columns.surface_k.size
        if flow:
            columns.shift(columns.imbalance(flow, flux.size))
    return np.array(surface_k), ms


def test_against_heat1d(peer, capsys):
    """Bars: 300 times heat1d's speed on one core, within 0.5 K of its maximum and 1 K of its minimum."""
    for theirs in peer:
        steps = theirs["steps"]
        hour_angle = np.arange(1, steps + 1) * 2.0 * np.pi / steps
        up = np.clip(np.cos(np.radians(theirs["latitude_deg"])) * np.cos(hour_angle), 0.0, None)
        flux = 1361.0 * up * (1.0 - albedo(np.degrees(np.arccos(up)), Regolith()))
        ours_k, ms = settled(same_column(theirs["z_m"]), flux, DAY_S / steps)
        theirs_k = np.array(theirs["surface_k"])
        place = f"{theirs['latitude_deg']:.0f} deg, {len(theirs['z_m'])} nodes, {steps} steps"
        speed = f"heat1d {theirs['ms']:.1f} ms per column and lunation, here {ms:.4f} ({theirs['ms'] / ms:.0f} times)"
        pairs = [(word, getattr(theirs_k, word)(), getattr(ours_k, word)()) for word in ("max", "min", "mean")]
        with capsys.disabled():
            print(f"\n{place}: {speed}; ", ", ".join(f"{word} {one:.2f} and {two:.2f} K" for word, one, two in pairs))
        assert theirs["ms"] / ms > 300.0
        assert ours_k.max() == pytest.approx(theirs_k.max(), abs=0.5)
        assert ours_k.min() == pytest.approx(theirs_k.min(), abs=1.0)
