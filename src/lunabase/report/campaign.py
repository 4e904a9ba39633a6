"""The page of a campaign: one self-contained HTML file, made from the campaign's folder alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from lunabase.campaign import words
from lunabase.campaign.data_set import read_rows
from lunabase.record.whole import whole_file
from lunabase.report.campaign_charts import campaign_charts
from lunabase.report.page import packaged, script_hash


def write_campaign_report(folder: Path) -> None:
    """Write report.html into a campaign's folder, whole or not at all; it needs no network.

    Raises LunabaseError when the file can't be written.
    """
    with whole_file(folder / "report.html") as beside:
        beside.write_text(campaign_html(folder), encoding="utf-8")


def campaign_html(folder: Path) -> str:
    """The page's HTML."""
    facts: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    pages = Environment(
        loader=PackageLoader("lunabase.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for shown in (words.percent, words.energy, words.duration, words.number):
        pages.filters[shown.__name__] = shown
    plotly, script = get_plotlyjs(), packaged("campaign.js")
    return pages.get_template("campaign.html.j2").render(
        facts=facts,
        cards=cards(facts),
        lines=words.summary_lines(facts),
        charts=campaign_charts(read_rows(folder), facts),
        style=Markup(packaged("report.css")),
        plotly=Markup(plotly),
        script=Markup(script),
        script_hashes=Markup(" ".join(script_hash(text) for text in (plotly, script))),
    )


def cards(facts: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Label, value, note and tone of the overview's numbers."""
    survival, margin = facts["survival"], facts["worst_night_margin_wh"]
    lost, silent = facts["lost"] + facts["failed"], facts["runs_with_rules_broken_silently"]
    between = f"95 % confidence {words.percent(survival['low'])} to {words.percent(survival['high'])}"
    power, science = facts["availability"]["power"], facts["science_part"]
    return [
        (
            "Survival",
            words.percent(survival["part"]),
            f"{facts['alive']} of {facts['runs']} runs; {between}",
            _tone(lost),
        ),
        (
            "Science",
            words.percent(science["mean"]),
            f"of fault-free on average; one run in twenty below {words.percent(science['quantile_5'])}",
            _tone((science["mean"] or 0.0) < 0.9),
        ),
        (
            "Worst night",
            words.energy(margin["median"]),
            f"median margin; {words.energy(margin['quantile_5'])} in one run of twenty, least "
            f"{words.energy(margin['least'])}",
            _tone((margin["least"] or 0.0) <= 0.0),
        ),
        ("Power available", words.percent(power["mean"]), f"least {words.percent(power['least'])} of a run", ""),
        ("Recovery", _recovery(facts["recovery"]), words.recovery_words(facts["recovery"]), ""),
        ("Alarms", words.number(facts["alarms"]["mean"]), "a run on average", ""),
        ("Spares used", words.number(facts["spares_used"]["mean"]), "a run on average", ""),
        (
            "Rules broken silently",
            str(silent),
            "runs in which a flight rule was broken without an alarm",
            _tone(silent),
        ),
    ]


def _recovery(recovery: dict[str, Any]) -> str:
    return words.duration(recovery["mean_s"]) if recovery["upset"] else "not needed"


def _tone(bad: float) -> str:
    return "bad" if bad else "good"
