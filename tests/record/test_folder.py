"""The run folder: what is written reads back the same, and is there whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

from lunabase.errors import InputError, LunabaseError
from lunabase.record.folder import FILES, MAY_HOLD, read_run, write_run
from lunabase.record.whole import free_place, whole_file, whole_folder


@pytest.fixture
def folder(lander_run, tmp_path):
    with whole_folder(tmp_path / "run") as beside:
        write_run(lander_run, beside)
    return tmp_path / "run"


def test_a_run_reads_back_the_same(lander_run, folder):
    back = read_run(folder)
    assert back.station == lander_run.station
    assert back.plan == lander_run.plan
    assert back.events == lander_run.events
    assert back.products == lander_run.products
    assert back.summary == lander_run.summary
    assert back.provenance == lander_run.provenance
    pd.testing.assert_frame_equal(back.telemetry, lander_run.telemetry)
    xr.testing.assert_identical(back.environment, lander_run.environment)
    assert (back.horizon.elevations_deg == lander_run.horizon.elevations_deg).all()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(InputError, match=name):
        read_run(folder)


@pytest.mark.parametrize("name", [name for name in FILES if name != "station.yaml"])
def test_a_torn_file_is_an_input_error(folder, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2] + b"\x00")
    with pytest.raises(InputError, match="damaged"):
        read_run(folder)


def test_a_failure_leaves_the_earlier_run_and_no_rubbish(tmp_path):
    target = tmp_path / "run"
    with whole_folder(target) as beside:
        (beside / "a").write_text("first")
    with pytest.raises(LunabaseError, match="No space left"), whole_folder(target) as beside:
        (beside / "a").write_text("second")
        raise OSError(28, "No space left on device")
    assert (target / "a").read_text() == "first"
    assert os.listdir(tmp_path) == ["run"]


def test_a_stopped_write_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "plan.json") as beside:
        beside.write_text("half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_only_an_earlier_run_is_replaced(tmp_path):
    (tmp_path / "precious.txt").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        free_place(tmp_path, overwrite=False, may_hold=MAY_HOLD)
    with pytest.raises(InputError, match=r"more than a run: precious\.txt"):
        free_place(tmp_path, overwrite=True, may_hold=MAY_HOLD)
    (tmp_path / "precious.txt").rename(tmp_path / "provenance.json")
    free_place(tmp_path, overwrite=True, may_hold=MAY_HOLD)


def test_places_that_cannot_be_written_are_told_before_the_work(tmp_path):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "run", Path("/")):
        with pytest.raises(InputError):
            free_place(place, overwrite=True, may_hold=MAY_HOLD)


@pytest.mark.parametrize("place", ["/dev/null", "/proc/none/x.json", "/", "file/x.json", "."])
def test_no_device_or_folder_is_ever_replaced(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(LunabaseError), whole_file(Path(place)) as beside:
        beside.write_text("new")
    assert Path("/dev/null").is_char_device()


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    with whole_file(tmp_path / "link.json") as beside:
        beside.write_text("new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "new"


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounting a small disk needs root on Linux")
def test_a_full_disk_is_one_clear_error(lander_run, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine doesn't allow mounts")
    try:
        with pytest.raises(LunabaseError, match=r"can't write: .*No space left"), whole_folder(small / "run") as beside:
            write_run(lander_run, beside)
        assert os.listdir(small) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)
