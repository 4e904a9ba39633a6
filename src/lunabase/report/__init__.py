"""Figures and the HTML report of a run."""

from lunabase.report.page import write_report

__all__ = ["write_report"]
