"""The report as a file: whole, self-contained, harmless."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from lunabase.errors import LunabaseError
from lunabase.record.run_record import RunRecord
from lunabase.report import write_report
from lunabase.report.chart import plain
from lunabase.report.provenance import again
from lunabase.station.site import HorizonSource, SiteSpec

SECTIONS = ("glance", "sky", "light", "power", "heat", "plan", "data", "partners", "unplaced", "events", "audit")
LOADING = {"src", "srcset", "data", "poster", "action", "formaction", "background"}


def _without_code(text: str) -> str:
    return re.sub(r"<script>.*?</script>|<style>.*?</style>", "", text, flags=re.DOTALL)


class Elements(HTMLParser):
    """All start tags of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def text(synthetic_record: RunRecord, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("run") / "report.html"
    write_report(synthetic_record, path)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def elements(text) -> Elements:
    parser = Elements()
    parser.feed(text)
    return parser


def test_one_plotly_and_under_ten_megabytes(text):
    assert text.count("* plotly.js v") == 1
    assert len(text.encode()) < 10e6


def test_all_sections_are_there(elements):
    ids = {attributes.get("id") for tag, attributes in elements.found if tag == "section"}
    assert ids >= {*SECTIONS, "estimates", "provenance"}


def test_ids_are_unique(elements):
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_no_element_loads_anything(elements):
    for tag, attributes in elements.found:
        assert not LOADING & set(attributes), (tag, attributes)
        assert tag not in {"iframe", "object", "embed", "base", "img"}
        if tag in {"link", "a"}:
            assert attributes["href"].startswith(("data:,", "#"))


def test_the_policy_admits_only_the_two_scripts_of_the_page(text, elements):
    scripts = [attributes for tag, attributes in elements.found if tag == "script"]
    assert len([one for one in scripts if one.get("type") is None]) == 2
    policy = next(one["content"] for tag, one in elements.found if one.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    script_rule = next(rule for rule in policy.split(";") if "script-src" in rule)
    assert script_rule.count("'sha256-") == 2
    assert "unsafe" not in script_rule


def test_user_text_is_escaped(text):
    page = _without_code(text)
    assert "<script>document" not in page
    assert "<img" not in page
    assert "&lt;script&gt;document" in page


def test_every_chart_says_what_it_shows(elements):
    charts = [one for tag, one in elements.found if one.get("role") == "img"]
    assert len(charts) >= 9
    assert all(len(one["aria-label"]) > 30 for one in charts)


def test_estimates_are_marked(text):
    assert 'title="estimate: A guess">E</abbr>' in text


def test_light_is_shown_at_every_height(text, synthetic_record):
    page = _without_code(text)
    means = synthetic_record.environment["sun_visible_fraction_by_height"].mean("time").to_numpy()
    assert "Sun at 2 m / 10 m" in page
    assert f"{100.0 * means[0]:.1f} % / {100.0 * means[1]:.1f} %" in page
    assert '"name":"Sun at 10 m"' in page


def test_the_ground_among_terrain_is_called_a_cold_estimate(text):
    page = _without_code(text)
    assert page.count("level ground, without scattered light or heat from the terrain: a cold estimate") >= 3
    assert "ground, K (E)" in page


def test_the_command_to_make_it_again_is_exact(text):
    assert "lunabase run station.yaml --start 2035-01-01T00:00:00 --days 29.530588 --step 600.0 --seed 3" in text


def test_a_horizon_from_files_is_made_again_beside_the_original_station_file(synthetic_record):
    surface = synthetic_record.station.site.surface.model_copy(update={"horizon": HorizonSource(mask="ridge.csv")})
    station = synthetic_record.station.model_copy(update={"site": SiteSpec(surface=surface)})
    made = {**synthetic_record.provenance, "station_file": {"name": "my base.yaml"}, "kernel_files": ["/k/de440.bsp"]}
    found = again(replace(synthetic_record, station=station, provenance=made))
    assert found.beside_original
    assert found.command.startswith("lunabase run 'my base.yaml' --start")
    assert "--kernel /k/de440.bsp" in found.command


def test_direction_controls_of_a_name_stay_inside_it():
    assert plain("A\u202eB") == "\u2068A\u202eB\u2069"


def test_a_lost_station_says_when_and_why(synthetic_record, tmp_path):
    when = synthetic_record.plan.start + timedelta(days=12, hours=3)
    summary = replace(synthetic_record.summary, outcome="lost", lost_at=when, reason="The battery froze.")
    write_report(replace(synthetic_record, summary=summary), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "The station was lost on 2035-01-13 03:00 UTC." in page
    assert "The battery froze." in page


def test_a_run_in_orbit_has_no_horizon(synthetic_record, tmp_path):
    environment = synthetic_record.environment.sel(height=[2.0])
    environment["surface_temperature"] = environment["surface_temperature"] * float("nan")
    site = SiteSpec(orbit=synthetic_record.station.relays["orbiter"].orbit)
    station = synthetic_record.station.model_copy(update={"site": site})
    record = replace(synthetic_record, station=station, horizon=None, environment=environment)
    write_report(record, tmp_path / "report.html")
    page = _without_code((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "no ground under it" in page
    assert "lunar orbit: lowest altitude 200 km, highest altitude 16000 km, inclination 62°" in page
    for word in ("at 2 m", "terrain", "ground, K", 'id="chart-sky"', 'id="chart-earth"'):
        assert word not in page


def test_an_empty_plan_still_makes_a_report(synthetic_record, tmp_path):
    plan = synthetic_record.plan.model_copy(update={"activities": (), "unplaced": (), "partners": ()})
    write_report(replace(synthetic_record, plan=plan, products=(), events=()), tmp_path / "report.html")
    assert "Every request was placed in full." in (tmp_path / "report.html").read_text()


def test_an_unwritable_place_is_one_clear_error_and_leaves_nothing(synthetic_record, tmp_path):
    with pytest.raises(LunabaseError, match="can't write the report"):
        write_report(synthetic_record, tmp_path / "missing" / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_what_was_chosen_for_an_activity_is_told(text):
    line = r"(<|\\u003c)br(>|\\u003e)"
    assert re.search(f"priority 5, promised{line}mode warm{line}holds arm, lamp{line}crew: ann, bob{line}flown", text)
    assert re.search(r"Sounder, 10 W, 10 kbit/s or Camera", _without_code(text))
