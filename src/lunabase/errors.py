"""The one error shape: what is wrong, where, and what to do."""

from __future__ import annotations


class LunabaseError(Exception):
    """Work that failed although the input was right (exit code 1)."""

    exit_code = 1

    def __init__(self, problem: str, *, where: str = "", fix: str = "") -> None:
        self.problem = problem
        self.where = where
        self.fix = fix
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.fix}" if self.fix else ""
        return f"{place}{self.problem}{remedy}"


class InputError(LunabaseError):
    """What the user gave is wrong (exit code 2)."""

    exit_code = 2
