"""The report in a real browser, with its network watched."""

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from lunabase.report import write_report

CHROMIUM = shutil.which("chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (Debian package chromium)")


@pytest.fixture(scope="module")
def report(synthetic_record, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("browser") / "report.html"
    write_report(synthetic_record, path)
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET) as browser,
    ):
        yield browser


def _open(browser: Browser, report: str, width: int) -> tuple[Page, list[str], list[str]]:
    """Open the page; returns it with what its console said and what it asked the network for."""
    context = browser.new_context(viewport={"width": width, "height": 850}, has_touch=width < 500)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report)
    page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
    return page, said, asked


@pytest.fixture(scope="module")
def desktop(browser, report) -> tuple[Page, list[str], list[str]]:
    return _open(browser, report, 1400)


@pytest.fixture(scope="module")
def phone(browser, report) -> tuple[Page, list[str], list[str]]:
    return _open(browser, report, 390)


def _range(page: Page, chart: str) -> list[float]:
    script = f"[0, 1].map(k => +document.getElementById('chart-{chart}')._fullLayout.xaxis.r2l(document.getElementById('chart-{chart}')._fullLayout.xaxis.range[k]))"
    return page.evaluate(script)


def test_silent_console_and_no_network(desktop, report):
    _, said, asked = desktop
    assert said == []
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [report]


def test_every_chart_is_drawn(desktop):
    page, *_ = desktop
    count = page.locator(".chart").count()
    assert count >= 9
    assert page.locator(".chart:has(svg.main-svg)").count() == count


def test_hostile_names_do_nothing(desktop):
    page, *_ = desktop
    assert page.title().startswith("Synthetic Base <script>")
    assert page.locator("main img, main svg script").count() == 0
    assert "<script>" in page.locator("#chart-plan-module svg").first.text_content()


def test_zooming_one_chart_zooms_all(desktop):
    page, *_ = desktop
    script = "Plotly.relayout('chart-power', {'xaxis.range[0]': '2035-01-05', 'xaxis.range[1]': '2035-01-09'})"
    page.evaluate(script)
    wanted = _range(page, "power")
    for chart in ("light", "data", "plan-module", "node-warm-box"):
        assert _range(page, chart) == pytest.approx(wanted)
    page.click("#whole")
    page.wait_for_function("document.getElementById('chart-data')._fullLayout.xaxis.range[1] > '2035-01-29'")
    assert _range(page, "data") == pytest.approx(_range(page, "light"))


def test_plan_rows_can_be_switched(desktop):
    page, *_ = desktop
    assert page.locator("#figure-plan-module").is_visible()
    assert page.locator("#figure-plan-partner").is_hidden()
    page.click("button[data-plan=partner]")
    assert page.locator("#figure-plan-partner").is_visible()
    assert page.locator("#figure-plan-module").is_hidden()
    page.click("button[data-plan=module]")


def test_events_can_be_filtered(desktop):
    page, *_ = desktop
    rows = page.locator("#event-table tbody tr:visible")
    everything = rows.count()
    page.uncheck("input[name=severity][value=info]")
    assert rows.count() == 2
    page.fill("input[name=text]", "camera#5")
    assert rows.count() == 1
    assert page.locator("#event-count").text_content() == "1 event"
    page.fill("input[name=text]", "")
    page.check("input[name=severity][value=info]")
    page.select_option("select[name=source]", "monitor")
    assert rows.count() == 1
    page.select_option("select[name=source]", "")
    assert rows.count() == everything


def test_nothing_sticks_out_on_a_phone(phone):
    page, said, _ = phone
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    wide = page.evaluate(
        "[...document.querySelectorAll('main .scroll, main .chart-scroll')]"
        ".filter(box => box.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert wide == 0


def test_it_prints_with_both_plans_and_gets_back_to_screen_size(desktop, tmp_path):
    page, *_ = desktop
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert 50_000 < (tmp_path / "report.pdf").stat().st_size < 3_000_000
    page.emulate_media(media="print")
    assert page.locator("#figure-plan-partner").is_visible()
    assert page.locator("nav.sections").is_hidden()
    page.emulate_media(media="screen")
    assert page.locator("#chart-power").bounding_box()["width"] > 1000


def test_many_partners_print_small(browser, synthetic_record, tmp_path):
    """A hatched bar prints as a picture of its own: tens of megabytes for a month of fourteen partners."""
    station, plan = synthetic_record.station, synthetic_record.plan
    partners = {f"p{number}": station.partners["alpha"] for number in range(14)}
    payloads = {
        key: payload.model_copy(update={"partner": partner})
        for partner in partners
        for key, payload in (*station.payloads.items(), (f"camera-{partner}", station.payloads["camera"]))
    }
    activities = [
        one.model_copy(update={"partner": partner, "payload": f"camera-{partner}"})
        for one in plan.activities
        for partner in partners
    ]
    record = replace(
        synthetic_record,
        station=station.model_copy(update={"partners": partners, "payloads": payloads}),
        plan=plan.model_copy(update={"activities": tuple(activities)}),
    )
    write_report(record, tmp_path / "report.html")
    page, *_ = _open(browser, (tmp_path / "report.html").as_uri(), 1400)
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size < 3e6
    page.context.close()


def test_without_javascript_the_tables_say_the_essentials(browser, report, synthetic_record):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(report)
    assert page.locator("noscript").is_visible()
    lowest = 100.0 * synthetic_record.telemetry["state_of_charge"].min()
    assert f"{lowest:.1f} %" in page.locator(".cards").text_content()
    assert page.locator("#event-table tbody tr").first.is_visible()
