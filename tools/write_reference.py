"""Write the generated reference pages: those of the station file, fault catalogue, change file and commands."""

import json
import subprocess
import sys
from pathlib import Path

from lunabase.campaign.reference import faults_markdown, faults_schema
from lunabase.runs.change_file import change_markdown
from lunabase.station.reference import json_schema, reference_markdown

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"


def commands_markdown() -> str:
    """The commands with their options, as typer documents them."""
    call = [sys.executable, "-m", "typer", "lunabase.cli", "utils", "docs", "--name", "lunabase"]
    page = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    return "<!-- Generated from the command line by `make docs`; do not edit. -->\n\n" + page.strip() + "\n"


def pages() -> dict[Path, str]:
    """Path and content of every generated page."""
    return {
        REFERENCE / "station-file.md": reference_markdown(),
        REFERENCE / "station-file.schema.json": json.dumps(json_schema(), indent=1) + "\n",
        REFERENCE / "change-file.md": change_markdown(),
        REFERENCE / "faults.md": faults_markdown(),
        REFERENCE / "faults.schema.json": json.dumps(faults_schema(), indent=1) + "\n",
        REFERENCE / "commands.md": commands_markdown(),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path}")
