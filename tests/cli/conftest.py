"""Commands run as their entry point runs them, in this process, where starting one each time would take too long."""

import signal
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from lunabase.cli import main


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def lunabase(monkeypatch, capsys):
    """Runs a command: exit code, standard output and error. The signals' handlers are put back afterwards."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def call(*arguments, cwd=None):
        monkeypatch.chdir(cwd or Path.cwd())
        monkeypatch.setattr(sys, "argv", ["lunabase", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return Done(ended.value.code or 0, shown.out, shown.err)

    yield call
    for number, handler in handlers.items():
        signal.signal(number, handler)
