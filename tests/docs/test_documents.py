"""The documents are true: their examples run, generated pages are current, links lead somewhere."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lunabase.environment.variables import attributes

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXAMPLES = [page for page in PAGES if page.name != "commands.md" and CONSOLE.search(page.read_text())]
PROGRAMS = [page for page in PAGES if PYTHON.search(page.read_text()) and page.name != "run-folder.md"]

sys.path.insert(0, str(ROOT / "tools"))
import write_reference  # noqa: E402


def name_of(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", EXAMPLES, ids=name_of)
def test_every_console_example_runs(page, tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    commands = [
        line[2:] for block in CONSOLE.findall(page.read_text()) for line in block.splitlines() if line[:2] == "$ "
    ]
    assert commands
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "lunabase"
        call = [sys.executable, "-m", "lunabase.cli", *arguments]
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", PROGRAMS, ids=name_of)
def test_every_python_example_runs(page):
    for block in PYTHON.findall(page.read_text()):
        exec(compile(block, str(page), "exec"), {})


def test_generated_pages_are_current():
    stale = [path.name for path, text in write_reference.pages().items() if path.read_text() != text]
    assert not stale, "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if "://" not in link]
    missing = [link for link in local if not (page.parent / link).exists()]
    assert not missing


def test_every_environment_variable_is_in_the_nomenclature(lander_run):
    text = (ROOT / "docs" / "nomenclature.md").read_text()
    missing = [name for name in lander_run.environment.data_vars if f"`{name}`" not in text]
    assert not missing
    assert all(attributes(name)["units"] for name in lander_run.environment.data_vars)


def test_every_telemetry_channel_is_documented(lander_run):
    text = (ROOT / "docs" / "reference" / "telemetry.md").read_text()
    kinds = {re.sub(r"\..*", "", name) for name in lander_run.telemetry.columns}
    missing = [name for name in kinds if f"`{name}" not in text]
    assert not missing
