"""A validation page: checks with their sources and tolerances, text and pictures, written by a script."""

from __future__ import annotations

import argparse
import io
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from lunabase.terrain.dem import Dem, read_dem

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = REPOSITORY / "docs" / "validation"
TERRAIN_FILES = ("site01_10m.tif", "ldem_84S_240m.tif", "lola_dem_south_1600m.tif")
SOURCES = (
    "LOLA heights: Site01 at 10 m/px (PGDA product 78, 5 m averaged), 84S to the pole at 240 m/px (LDEM_75S_120M "
    "reduced), 70S to the pole at 1600 m/px (of the PyPI package lunar-toolkit)."
)


@dataclass(frozen=True, slots=True)
class Check:
    """One number against the outside: it holds when it lies between the two bounds."""

    what: str
    ours: float
    lowest: float
    highest: float
    published: str
    source: str
    unit: str = ""
    digits: int = 1

    @property
    def holds(self) -> bool:
        """Return whether our number lies within the bounds; NaN never does."""
        return self.lowest <= self.ours <= self.highest

    @property
    def row(self) -> str:
        """Return the check as a row of the page's table."""
        bounds = f"{self.lowest:.{self.digits}f} to {self.highest:.{self.digits}f}"
        verdict = "holds" if self.holds else "**fails**"
        ours = f"{self.ours:.{self.digits}f} {self.unit}".strip()
        return f"| {self.what} | {ours} | {self.published} | {bounds} | {verdict} | {self.source} |"


def around(
    what: str, ours: float, published: float, tolerance: float, source: str, unit: str = "", digits: int = 1
) -> Check:
    """Return a check against a published number and a tolerance to both sides."""
    told = f"{published:.{digits}f} {unit}".strip()
    return Check(what, ours, published - tolerance, published + tolerance, told, source, unit, digits)


@dataclass(slots=True)
class Page:
    """A page in the making; `finish` writes it and tells by the exit code whether all checks hold."""

    name: str
    title: str
    opening: str
    checks: list[Check] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def check(self, check: Check) -> None:
        """Add a check and show its outcome."""
        self.checks.append(check)
        print(f"{'holds' if check.holds else 'FAILS'}: {check.what}: {check.ours:.{check.digits}f} {check.unit}")

    def text(self, *paragraphs: str) -> None:
        """Add paragraphs after the table of checks."""
        self.parts.extend(paragraphs)

    def table(self, header: list[str], rows: list[list[str]]) -> None:
        """Add a table."""
        lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
        self.parts.append("\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]))

    def picture(self, path: Path, caption: str) -> None:
        """Add a picture that lies beside the page."""
        self.parts.append(f"![{caption}]({path.name})\n\n{caption}")

    def save(self, figure: Figure, suffix: str = "") -> None:
        """Write a figure of this page, in at most 256 colours to keep the file small, and close it."""
        with io.BytesIO() as whole:
            figure.savefig(whole, format="png", dpi=95)
            Image.open(whole).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(
                self.picture_path(suffix), optimize=True
            )
        plt.close(figure)

    def picture_path(self, suffix: str = "") -> Path:
        """Return where a picture of this page goes."""
        PAGES.mkdir(parents=True, exist_ok=True)
        return PAGES / f"{self.name}{suffix}.png"

    def finish(self) -> int:
        """Write the page; return 0 when every check holds, 1 otherwise."""
        PAGES.mkdir(parents=True, exist_ok=True)
        written = f"Written by `python -m tools.validation.{self.name.replace('-', '_')}`; the numbers are its own."
        head = "| what | Lunabase | published | accepted | verdict | source |\n|---|---|---|---|---|---|"
        checks = "\n".join([head, *(check.row for check in self.checks)])
        text = "\n\n".join([f"# {self.title}", self.opening, checks, *self.parts, written])
        (PAGES / f"{self.name}.md").write_text(text + "\n")
        failed = [check.what for check in self.checks if not check.holds]
        print(f"wrote {PAGES / self.name}.md; {len(self.checks) - len(failed)} of {len(self.checks)} checks hold")
        return 1 if failed else 0


def data_folder() -> Path:
    """Return the folder with the data: --data DIR, $LUNABASE_DATA, or shared/data beside the repository.

    Ends the script with a clear message where there is none.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False)
    fallback = os.environ.get("LUNABASE_DATA", str(REPOSITORY.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=Path(fallback), help="folder with terrain/, psr/ and thermal/")
    folder: Path = parser.parse_known_args()[0].data
    missing = [name for name in TERRAIN_FILES if not (folder / "terrain" / name).is_file()]
    if missing:
        sys.exit(
            f"error: {folder / 'terrain'} lacks {', '.join(missing)}.\n"
            "Give the folder that holds terrain/, psr/ and thermal/ with --data DIR or in LUNABASE_DATA."
        )
    return folder


def terrain_models(folder: Path) -> list[Dem]:
    """Return Site01 at 10 m, 84S at 240 m and 70S at 1600 m."""
    return [read_dem(folder / "terrain" / name) for name in TERRAIN_FILES]
