"""Horizons of the same terrain by Lunabase, HORAYZON and GRASS r.horizon in one run, each on one core.

The table goes to the terminal; each program works in a process of its own (`benchmarks.peers.measure`), so the
numbers in it are that process's CPU time, not pytest-benchmark's, which times the whole process.
"""

import importlib.util

import pytest
from benchmarks.peers.grass import available as has_grass
from benchmarks.peers.measure import run
from benchmarks.peers.terrain import terrain_folder

REPEATS = 3
MEASURED = {}

needs_horayzon = pytest.mark.skipif(
    importlib.util.find_spec("horayzon_extpar") is None,
    reason="horayzon-extpar is not installed: pip install -e '.[peers]'",
)
needs_grass = pytest.mark.skipif(not has_grass(), reason="GRASS is not installed: apt-get install grass-core")
needs_site01 = pytest.mark.skipif(terrain_folder() is None, reason="set LUNABASE_TERRAIN to the LOLA models")

ROWS = [
    pytest.param("lunabase", 0.0, REPEATS, id="lunabase"),
    pytest.param("horayzon", 0.25, 1, id="horayzon 0.25 deg", marks=needs_horayzon),
    pytest.param("horayzon", 0.05, 1, id="horayzon 0.05 deg", marks=needs_horayzon),
    pytest.param("grass", 0.0, 1, id="r.horizon", marks=needs_grass),
]


@pytest.fixture(scope="module", autouse=True)
def table(request):
    """Print what was measured, and the ratios, when all is done."""
    yield
    lines = ["", "terrain   program          us/ray  times ours  peak MB  median  99 %    bias (deg)"]
    for (where, program, settings), found in MEASURED.items():
        ours = MEASURED.get((where, "lunabase", ""))
        times = found.us_per_ray / ours.us_per_ray if ours else float("nan")
        errors = found.errors
        lines.append(
            f"{where:9s} {program:8s} {settings:8s} {found.us_per_ray:6.3f} {times:10.1f} {found.peak_mb:9.0f}"
            f" {errors.median_deg:8.4f} {errors.within_99_deg:7.3f} {errors.bias_deg:+9.4f}"
        )
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n".join(lines))


def measure(benchmark, program, where, accuracy_deg, rounds):
    found = []
    benchmark.pedantic(lambda: found.append(run(program, where, accuracy_deg)), rounds=rounds)
    best = min(found, key=lambda each: each.us_per_ray)
    benchmark.extra_info["us_per_ray"] = best.us_per_ray
    MEASURED[where, program, best.settings] = best
    return best


@pytest.mark.benchmark(group="horizons of a fractal of 1000 x 1000 pixels of 20 m, 72 azimuths, one core")
@pytest.mark.parametrize(("program", "accuracy_deg", "rounds"), ROWS)
def test_fractal(benchmark, program, accuracy_deg, rounds):
    measure(benchmark, program, "fractal", accuracy_deg, rounds)


@needs_site01
@pytest.mark.benchmark(group="horizons of Site01, 1600 x 1600 pixels of 10 m, 360 azimuths, one core")
@pytest.mark.parametrize(("program", "accuracy_deg", "rounds"), ROWS)
def test_site01(benchmark, program, accuracy_deg, rounds):
    measure(benchmark, program, "site01", accuracy_deg, min(rounds, 2))


@needs_horayzon
@pytest.mark.parametrize("where", ["fractal", "site01"])
def test_ours_is_more_exact_and_twenty_times_as_fast(where):
    ours, peer = (MEASURED.get((where, *key)) for key in (("lunabase", ""), ("horayzon", "0.25 deg")))
    if ours is None or peer is None:
        pytest.skip("both must have been measured in this run")
    assert ours.errors.median_deg < peer.errors.median_deg
    assert ours.errors.within_99_deg < peer.errors.within_99_deg
    assert ours.us_per_ray <= 0.08
    assert peer.us_per_ray >= 20.0 * ours.us_per_ray
