"""Project scheduling (RCPSP) beside PyJobShop and plain CP-SAT: writes docs/validation/rcpsp.md.

python -m tools.validation.rcpsp [--seconds 20]
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from statistics import mean

from benchmarks.peers.psplib import BestKnown, best_known, instances, psplib_folder
from benchmarks.peers.rcpsp import PROGRAMS, Outcome, run
from tools.validation.page import Check, Page

NAMES = {"lunabase": "Lunabase", "pyjobshop": "PyJobShop 0.0.9", "cpsat": "CP-SAT"}
BAR = "never worse at equal time"


def gap(found: Outcome, known: BestKnown) -> float:
    """How much longer than the best known schedule, %."""
    return 100.0 * (found.makespan / known.makespan - 1.0)


def measured(names: list[str], seconds: float) -> dict[str, dict[str, Outcome]]:
    """Every program on every instance in turn, by instance and program."""
    programs = [name for name in PROGRAMS if name != "pyjobshop" or importlib.util.find_spec("pyjobshop")]
    found: dict[str, dict[str, Outcome]] = {}
    for name in names:
        found[name] = {program: run(program, name, seconds) for program in programs}
        print(*found[name].values(), sep="\n", flush=True)
    return found


def add_checks(page: Page, found: dict[str, dict[str, Outcome]], known: dict[str, BestKnown]) -> None:
    """Never longer, and proven where a peer proves; nothing below what is proven elsewhere."""
    ours = [outcomes["lunabase"] for outcomes in found.values()]
    for peer in [program for program in PROGRAMS if program != "lunabase" and program in next(iter(found.values()))]:
        theirs = [outcomes[peer] for outcomes in found.values()]
        pairs = list(zip(ours, theirs, strict=True))
        longer = sum(own.makespan > other.makespan for own, other in pairs)
        unproven = sum(other.proven and not own.proven for own, other in pairs)
        page.check(Check(f"schedules longer than {NAMES[peer]}'s", longer, 0, 0, "0", BAR, digits=0))
        page.check(Check(f"proven by {NAMES[peer]}, not by us", unproven, 0, 0, "0", BAR, digits=0))
    wrong = sum(
        own.bound > known[own.instance].makespan or own.makespan < (known[own.instance].bound or 0) for own in ours
    )
    page.check(Check("against the published bounds and makespans", wrong, 0, 0, "0", "PSPLIB", digits=0))


def add_tables(page: Page, found: dict[str, dict[str, Outcome]], known: dict[str, BestKnown]) -> None:
    """The summary by set, then every instance."""
    programs = list(next(iter(found.values())))
    rows = []
    for title in ("j60", "j120"):
        some = [name for name in found if name.startswith(title)]
        for program in programs:
            outcomes = [found[name][program] for name in some]
            gaps = [gap(outcome, known[outcome.instance]) for outcome in outcomes]
            bounds = [100.0 * (1.0 - outcome.bound / known[outcome.instance].makespan) for outcome in outcomes]
            proven = sum(outcome.proven for outcome in outcomes)
            cells = [f"{mean(gaps):.2f} %", f"{max(gaps):.2f} %", f"{mean(bounds):.2f} %"]
            cpu = f"{mean(outcome.cpu_s for outcome in outcomes):.1f} s"
            rows.append([title, NAMES[program], f"{proven} of {len(some)}", *cells, cpu])
    head = ["set", "program", "proven", "mean gap", "largest gap", "bound below, mean", "CPU, mean"]
    page.table(head, rows)
    page.text("Gap: makespan above the best known one. Bound below: the program's lower bound below that makespan.")
    page.table(
        ["instance", "best known", *(NAMES[program] for program in programs)],
        [[name, _told(known[name]), *(_cell(found[name][program]) for program in programs)] for name in found],
    )
    page.text("Each cell: makespan, lower bound where it is not proven, CPU time.")


def _told(known: BestKnown) -> str:
    if known.bound == known.makespan:
        return str(known.makespan)
    return f"{known.bound or ''}..{known.makespan}"


def _cell(found: Outcome) -> str:
    bound = "" if found.proven else f" (>= {found.bound})"
    return f"{found.makespan}{bound}, {found.cpu_s:.1f} s"


def main() -> int:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=20.0, help="CPU seconds for each program and instance")
    given, folder = parser.parse_args(), psplib_folder()
    if folder is None:
        sys.exit("error: there is no folder psplib. Give the folder that holds it in LUNABASE_DATA.")
    page = Page(
        "rcpsp",
        "Project scheduling",
        "Instances of PSPLIB (Kolisch and Sprecher 1996, doi 10.1016/S0377-2217(96)00170-1; best known makespans of "
        "github ptal/kobe-scheduling) through `lunabase.scheduling`, beside PyJobShop and a plain model in CP-SAT, "
        f"in the same run: {given.seconds:g} s of CPU time each, one worker on one core, one program at a time.",
    )
    known, found = best_known(folder), measured(list(instances(folder)), given.seconds)
    add_checks(page, found, known)
    add_tables(page, found, known)
    page.text(
        "CPU time is that of the process from the problem in memory to the answer, the building of models included, "
        "imports and the compilation of kernels not. CP-SAT's own limit is wall-clock time; for the peers a watcher "
        "stops it at the same CPU time, so that a busy machine is unfair to nobody. Seeds, and all settings but "
        "one worker, are each program's defaults. Every schedule of every program was checked by "
        "`lunabase.scheduling.check`.",
    )
    return page.finish()


if __name__ == "__main__":
    sys.exit(main())
