"""Campaigns of the example lander: the same rows on one and many workers, and after being killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster

from lunabase.campaign import data_set
from lunabase.campaign.campaign import CampaignOptions, campaign_of, fly
from lunabase.campaign.engine import Workers, batches_of
from lunabase.errors import InputError, LunabaseError
from lunabase.report.campaign import campaign_html
from lunabase.runs.fly import fly as fly_station

ROOT = Path(__file__).parents[2]
LANDER, FAULTS = ROOT / "examples" / "lander.yaml", ROOT / "examples" / "faults.yaml"
DAYS = 5.0


def options(**more):
    return CampaignOptions(**({"station": LANDER, "faults": FAULTS, "days": DAYS, "runs": 12} | more))


def silent(part, words=""):
    del part, words


@pytest.fixture(scope="module")
def flown(no_progress, tmp_path_factory):
    """Flies a campaign once; workers are threads of this process, so that they start at once."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0") as cluster:
        workers = Workers(cluster.scheduler_address)

        @cache
        def make(asked):
            folder = tmp_path_factory.mktemp("campaign") / "it"
            facts = fly(campaign_of(asked), folder, workers, no_progress, silent, overwrite=False)
            return folder, facts

        yield make


def test_every_run_has_its_row_and_the_summary_counts_them(flown):
    folder, facts = flown(options())
    rows = data_set.read_rows(folder)
    assert rows["run"].tolist() == list(range(12))
    assert rows["fault"].nunique() == 12
    assert facts["alive"] == (rows["outcome"] == "alive").sum()
    assert facts["alive"] + facts["lost"] + facts["failed"] == 12
    assert {item["run"] for item in facts["losses"]} == set(rows["run"][rows["outcome"] != "alive"])
    assert json.loads((folder / "summary.json").read_text()) == json.loads(json.dumps(facts))


def test_a_run_flown_alone_is_the_row_of_the_campaign(flown, no_progress):
    """A row tells enough to fly it again: the same flight, number for number."""
    from lunabase.campaign.campaign import setup_of
    from lunabase.campaign.one_run import Reference, fly_run

    folder, _ = flown(options())
    row = data_set.read_rows(folder).iloc[7]
    reference = data_set.read_reference(folder).iloc[0]
    setup = setup_of(campaign_of(options()), silent)
    alone = fly_run(setup, 7, Reference(reference["science_weight"], reference["delivered_bit"]))
    for name, value in alone.items():
        assert value == row[name] or (value != value and row[name] != row[name]), name
    flight = fly_station(
        setup.sweep.file.station,
        setup.environment,
        faults=setup.faults(7)[0],
        seed=int(row["seed"]),
        keep_telemetry=False,
    )
    assert flight.summary.measures.lowest_charge == row["lowest_charge"]


def test_faults_are_told_as_they_were_flown(flown):
    folder, _ = flown(options(double=True))
    rows = data_set.read_rows(folder)
    for text, names in zip(rows["faults"], rows["fault"], strict=True):
        faults = json.loads(text)
        assert " + ".join(dict.fromkeys(fault["name"] for fault in faults)) == names
        assert len({fault["name"] for fault in faults}) == 2


def test_a_smaller_battery_leaves_less_for_the_night(flown):
    """The lander in its night: margins rank exactly as the capacities do."""
    path = "modules.lander.equipment.battery.capacity"
    asked = options(
        faults=None, runs=None, days=20.0, vary=("modules.battery.capacity=5, 6, 8 kWh",),
        minimise=("modules.battery.capacity",), maximise=("worst_night_margin_wh",),
    )  # fmt: skip
    folder, facts = flown(asked)
    rows = data_set.read_rows(folder)
    assert rows[path].tolist() == [5.0, 6.0, 8.0]
    assert (np.diff(rows["worst_night_margin_wh"]) > 0).all()
    found = {(item["field"], item["output"]): item["rank_correlation"] for item in facts["sensitivity"]}
    assert found[path, "worst_night_margin_wh"] == pytest.approx(1.0)
    assert [item[path] for item in facts["pareto"]] == [5.0, 6.0, 8.0]  # each trades size against margin


def test_a_station_without_a_battery_dies_whatever_it_does(flown, tmp_path):
    """The lander's only store is off the bus through its first night: no software can help."""
    text = FAULTS.read_text(encoding="utf-8")
    entry = text[text.index("  battery-lost:") : text.index("  fuel-cell-stack-lost:")]
    only = tmp_path / "only.yaml"
    only.write_text(f"lunabase_faults: 1\nfaults:\n{entry}", encoding="utf-8")
    _, facts = flown(options(faults=only, runs=2, days=28.0))
    assert facts["lost"] == facts["lost_by_physics"] >= 1
    assert all("only store" in item["excludes_survival"] for item in facts["losses"])


def test_what_was_stored_while_nobody_listened_comes_down_afterwards(flown):
    """The lander's radio carries five days of science in the quarter of an hour that is left."""
    _, heard = flown(options(faults=None, runs=1))
    _, unheard = flown(options(faults=None, runs=1, no_contact_s=(DAYS - 0.01) * 86_400.0))
    assert heard["reference"][0]["delivered_bit"] > 0.0
    assert unheard["reference"][0]["delivered_bit"] == pytest.approx(heard["reference"][0]["delivered_bit"])
    assert unheard["undelivered_bit"]["most"] == 0.0


def test_the_page_is_self_contained_and_tells_every_loss(flown):
    folder, facts = flown(options())
    html = campaign_html(folder)
    assert not re.findall(r"(?:src|href)=[\"']https?:", html.partition("<script>")[0])
    for item in facts["losses"]:
        assert f'<td class="number">{item["run"]}</td><th>{item["fault"]}</th>' in html
    for item in facts["by_fault"]:
        assert f"<th>{item['fault']}</th>" in html


def test_a_folder_with_another_campaign_is_refused_and_the_same_goes_on(flown, no_progress):
    folder, facts = flown(options())
    again = fly(campaign_of(options()), folder, Workers("nowhere"), no_progress, silent, overwrite=False)
    assert json.dumps(again) == json.dumps(facts)
    with pytest.raises(InputError, match="seed: 0 there, 1 asked for"):
        fly(campaign_of(options(seed=1)), folder, Workers("nowhere"), no_progress, silent, overwrite=False)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"runs": 0}, "out of range"),
        ({"faults": None, "double": True}, "no faults to double"),
        ({"no_contact_s": 90 * 86_400.0}, "nobody would ever hear"),
        ({"maximise": ("alive",)}, "no variants"),
        ({"maximise": ("alve",), "vary": ("modules.battery.capacity=5..8 kWh",)}, "Did you mean `alive`"),
    ],
)
def test_what_makes_no_campaign_is_told_at_the_door(more, told):
    with pytest.raises(InputError, match=told):
        campaign_of(options(**more))


@pytest.mark.parametrize("runs", [1, 7, 100, 101, 1000, 12345])
def test_batches_are_stretches_that_hold_each_run_once(runs):
    batches = batches_of(runs)
    assert [run for batch in batches for run in batch] == list(range(runs))
    assert len(batches) <= 100


def test_a_scheduler_that_is_not_there_is_told(tmp_path, no_progress, monkeypatch):
    monkeypatch.setattr("lunabase.campaign.engine._CONNECT_S", 0.2)
    with pytest.raises(InputError, match="no Dask scheduler"):
        fly(
            campaign_of(options(runs=1)),
            tmp_path / "c",
            Workers("tcp://127.0.0.1:9"),
            no_progress,
            silent,
            overwrite=False,
        )


def command(folder, workers):
    return [
        sys.executable, "-m", "lunabase.cli", "campaign", str(LANDER), "--runs", "80", "--days", "2",
        "--faults", str(FAULTS), "--out", str(folder), "--workers", str(workers),
    ]  # fmt: skip


def parts(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "runs").glob("part-*.parquet"))}


def started(folder, workers):
    """A campaign of its own process, some way on."""
    process = subprocess.Popen(command(folder, workers), stderr=subprocess.PIPE, start_new_session=True, text=True)
    before, until = len(parts(folder)), time.monotonic() + 60.0
    while time.monotonic() < until and len(parts(folder)) < before + 3 and process.poll() is None:
        time.sleep(0.02)
    return process


def test_killed_or_stopped_it_goes_on_and_ends_with_the_same_bytes(flown, tmp_path):
    """Killed without warning on two workers, then stopped by Ctrl-C, then finished on one: as if nothing had been."""
    folder = tmp_path / "killed"
    process = started(folder, 2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = parts(folder)
    assert 3 <= len(kept) < 80
    process = started(folder, 1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the command and its workers at once
    told = process.communicate(timeout=30)[1]
    assert process.returncode == 130, told
    assert "the same command goes on" in told
    assert "Traceback" not in told
    assert kept.items() <= parts(folder).items()
    done = subprocess.run(command(folder, 1), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    undisturbed, _ = flown(options(runs=80, days=2.0))  # on two workers
    assert parts(folder) == parts(undisturbed)
    assert (folder / "summary.json").read_bytes() == (undisturbed / "summary.json").read_bytes()
    assert not list(folder.rglob("*.part"))


def test_rows_that_could_not_be_flown_are_failures_not_survivors(flown, monkeypatch, no_progress, tmp_path):
    """A run whose books don't close must never count as alive."""

    def breaks(*_args, **_more):
        raise LunabaseError("the books of energy don't close")

    from lunabase.campaign import one_run
    from lunabase.campaign.campaign import setup_of

    setup = setup_of(campaign_of(options(runs=1)), silent)
    monkeypatch.setattr(one_run, "fly", breaks)
    row = one_run.fly_run(setup, 0, one_run.Reference(1.0, 1.0))
    assert row["outcome"] == "failed"
    assert "books of energy" in row["reason"]
    assert pd.isna(row["alive"])
