"""Project scheduling by Lunabase, PyJobShop and plain CP-SAT in one run: the same CPU time, one core each.

The table goes to the terminal; each program works in a process of its own (`benchmarks.peers.rcpsp`), so the numbers
in it are that process's CPU time, not pytest-benchmark's.
"""

import importlib.util

import pytest
from benchmarks.peers.psplib import best_known, instances, psplib_folder
from benchmarks.peers.rcpsp import PROGRAMS, run

SECONDS = 20.0
MEASURED = {}
FOLDER = psplib_folder()
NAMES = list(instances(FOLDER)) if FOLDER else []

pytestmark = [
    pytest.mark.skipif(FOLDER is None, reason="set LUNABASE_DATA to the folder that holds psplib"),
    pytest.mark.benchmark(group=f"PSPLIB instances, {SECONDS:g} s of CPU time"),
]
needs_pyjobshop = pytest.mark.skipif(
    importlib.util.find_spec("pyjobshop") is None, reason="pyjobshop is not installed: pip install -e '.[peers]'"
)


@pytest.fixture(scope="module", autouse=True)
def table(request):
    """Print what was measured when all is done."""
    yield
    known = best_known(FOLDER) if FOLDER else {}
    lines = ["", "instance   best known  program     makespan  bound  proven   CPU s"]
    for (name, program), found in MEASURED.items():
        lines.append(
            f"{name:10s} {known[name].makespan:10d}  {program:10s} {found.makespan:9d} {found.bound:6d}"
            f"  {found.proven!s:6s} {found.cpu_s:7.2f}"
        )
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n".join(lines))


@pytest.mark.parametrize(
    "program",
    [pytest.param(name, marks=needs_pyjobshop if name == "pyjobshop" else ()) for name in PROGRAMS],
)
@pytest.mark.parametrize("name", NAMES)
def test_instance(benchmark, name, program):
    found = benchmark.pedantic(lambda: run(program, name, SECONDS), rounds=1)
    benchmark.extra_info["makespan"] = found.makespan
    MEASURED[name, program] = found
    ours = MEASURED.get((name, "lunabase"))
    if ours is not None:
        assert ours.makespan <= found.makespan
        assert ours.proven >= found.proven
