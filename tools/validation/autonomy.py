"""What the reference station survives on its own: writes docs/validation/autonomy.md.

python -m tools.validation.autonomy [--out DIR] [--single 1000] [--double 200] [--silent 100]

Interrupted, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tools.validation.page import REPOSITORY, Check, Page

from lunabase.campaign.campaign import CampaignOptions, campaign_of, fly
from lunabase.campaign.data_set import read_rows
from lunabase.campaign.engine import Workers
from lunabase.campaign.words import duration, energy, percent
from lunabase.progress import Ticker
from lunabase.report.campaign import write_campaign_report

STATION, FAULTS = REPOSITORY / "examples" / "ilrs.yaml", REPOSITORY / "examples" / "faults.yaml"
START, DAYS = "2035-10-01", 90.0
"""Three months with the two longest dark spells of the year at the height of the arrays: 73 h from 10 November and 71 h
from 9 December."""
SILENT_DAYS, AFTER_DAYS = 60.0, 15.0
RECORDER_BIT = 128e9
BAR = "the goal of the release"


def campaign(name: str, out: Path, workers: int, **options: Any) -> dict[str, Any]:
    """Fly a campaign, or what is missing of it."""
    asked = campaign_of(CampaignOptions(STATION, start=START, **options))
    with Ticker(name) as ticker:
        folder = out / name
        facts = fly(asked, folder, Workers(count=workers), ticker.stage, _tell, overwrite=False)
        write_campaign_report(folder)
    return facts


def _tell(part: float, words: str) -> None:
    if round(part * 1000) % 50 == 0:
        print(words, flush=True)


def preventable(facts: dict[str, Any]) -> int:
    """Losses under faults that the station which does nothing but survive would have survived."""
    return sum(not item["physical"] for item in facts["losses"])


def check_faults(page: Page, facts: dict[str, Any], title: str) -> None:
    """The goals for runs with faults."""
    science, silent = 100.0 * facts["science_part"]["mean"], facts["runs_with_rules_broken_silently"]
    page.check(Check(f"{title}: stations lost without a physical reason", preventable(facts), 0, 0, "0", BAR, digits=0))
    page.check(Check(f"{title}: science of fault-free, mean", science, 90, 200, "> 90 %", BAR, "%"))
    page.check(Check(f"{title}: runs with a flight rule broken without an alarm", silent, 0, 0, "0", BAR, digits=0))


def told(page: Page, facts: dict[str, Any], title: str) -> None:
    """A campaign's numbers, and every loss."""
    survival, margin, recovery = facts["survival"], facts["worst_night_margin_wh"], facts["recovery"]
    page.text(f"## {title}")
    rows = [
        ["runs", str(facts["runs"])],
        ["survived", f"{facts['alive']}; {percent(survival['low'])} to {percent(survival['high'])} at 95 % confidence"],
        ["science of fault-free", f"mean {percent(facts['science_part']['mean'])}, 5 % of runs below "
         f"{percent(facts['science_part']['quantile_5'])}, least {percent(facts['science_part']['least'])}"],
        *([f"availability of {name}", f"mean {percent(item['mean'])}, least {percent(item['least'])}"]
          for name, item in facts["availability"].items()),
        ["margin of the worst night", f"fault-free {energy(facts['reference'][0]['worst_night_margin_wh'])}; median "
         f"{energy(margin['median'])}, least {energy(margin['least'])}"],
        ["recovery", f"{recovery['upset']} runs upset; mean {duration(recovery['mean_s'])}, longest "
         f"{duration(recovery['longest_s'])}; {recovery['not_recovered']} not by the end"],
        ["alarms a run", f"{facts['alarms']['mean']:.1f}"],
        ["flight rules broken", f"{facts['runs_with_broken_rules']} runs, without an alarm in "
         f"{facts['runs_with_rules_broken_silently']}"],
    ]  # fmt: skip
    page.table(["what", "measured"], rows)
    if facts["losses"]:
        page.text("Every station that was lost:")
        page.table(
            ["run", "fault", "target", "after", "why", "excluded by physics?"],
            [[str(item["run"]), item["fault"], item["target"], _after(item), item["reason"],
              ("yes. " if item["physical"] else "**no**. ") + item["excludes_survival"]] for item in facts["losses"]],
        )  # fmt: skip
    worst = [item for item in facts["by_fault"] if item["science_part"] < 0.9][:20]
    if worst:
        page.text("Faults that cost more than a tenth of the science on average:")
        page.table(
            ["fault", "runs", "lost", "science", "recovery", "not recovered"],
            [[item["fault"], str(item["runs"]), str(item["lost"]), percent(item["science_part"]),
              duration(item["recovery_mean_s"]), str(item["not_recovered"])] for item in worst],
        )  # fmt: skip


def _after(item: dict[str, Any]) -> str:
    if item["lost_at_s"] is None or item["fault_start_s"] is None:
        return ""
    return duration(item["lost_at_s"] - item["fault_start_s"])


def check_silence(page: Page, facts: dict[str, Any], folder: Path) -> None:
    """All alive, and more came down afterwards than the recorders hold: what was stored came down first."""
    rows = read_rows(folder)
    page.check(Check("no contact: stations lost", facts["lost"] + facts["failed"], 0, 0, "0", BAR, digits=0))
    least, most = float(rows["delivered_bit"].min()) / 1e9, float(rows["undelivered_bit"].max()) / 1e9
    capacity = RECORDER_BIT / 1e9
    what = "no contact: least data delivered afterwards"
    page.check(Check(what, least, capacity, 1e6, "what the recorders hold", BAR, "Gbit", 0))
    page.text(f"At the end of these flights at most {most:.1f} Gbit waited for the next contact.")


def main() -> int:
    """Fly all campaigns and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("campaigns/autonomy"))
    parser.add_argument("--single", type=int, default=1000)
    parser.add_argument("--double", type=int, default=200, help="0: none")
    parser.add_argument("--silent", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    page = Page(
        "autonomy",
        "Autonomy",
        f"`examples/ilrs.yaml` for {DAYS:g} days from {START}, at 60 s, flown from on-board goals without a plan from "
        "Earth. These are the three months with the longest dark spells of the year. Faults are those of "
        "`examples/faults.yaml`, at random moments. A loss is put down to physics where "
        "the same faults also kill the station that does nothing but survive: every module at its least load, payloads "
        "off, nothing to do; the catalogue's argument stands beside it.",
    )
    single = campaign("single", asked.out, asked.workers, runs=asked.single, days=DAYS, faults=FAULTS)
    check_faults(page, single, "single faults")
    silence = {"days": SILENT_DAYS + AFTER_DAYS, "no_contact_s": SILENT_DAYS * 86_400.0}
    silent = campaign("silent", asked.out, asked.workers, runs=asked.silent, **silence)
    check_silence(page, silent, asked.out / "silent")
    told(page, single, "Single faults")
    if asked.double:
        double = campaign("double", asked.out, asked.workers, runs=asked.double, days=DAYS, faults=FAULTS, double=True)
        told(page, double, "Double faults")
    told(page, silent, f"{SILENT_DAYS:g} days without contact, then {AFTER_DAYS:g} days with it")
    return page.finish()


if __name__ == "__main__":
    raise SystemExit(main())
