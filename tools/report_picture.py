"""Take the README's picture of a report: python tools/report_picture.py REPORT.html PICTURE.png."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

VIEW = {"width": 1400, "height": 1480}
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


def take_picture(report: Path, picture: Path) -> None:
    """Write a PNG of the report's first screen, overview, sky and light, as Chromium shows it."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET) as browser,
    ):
        page = browser.new_page(viewport=VIEW)
        page.goto(report.resolve().as_uri())
        page.wait_for_selector("html[data-ready=yes]")
        page.screenshot(path=picture)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python tools/report_picture.py REPORT.html PICTURE.png")
    take_picture(Path(sys.argv[1]), Path(sys.argv[2]))
