"""The `autonomy:` section: what it accepts, and each check by one change to a section that has nothing wrong with it."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lunabase.station.load import StationFileError, load_station
from lunabase.station.reference import starter_text

SECTION = """
autonomy:
  execution: E3
  failure: F2
  monitors:
    box-hot:
      {parameter: temperature, of: warm-box, check: {type: limits, high: 318 K, clear_by: 2 K}, lasting: 10 min,
       modes: [nominal, night], only_while: [{reading: load, above: 100 W}], severity: medium, text: Too hot.}
    box-drops:
      {parameter: temperature, of: warm-box, check: {type: delta, over: 1 h, low: -10 K}, text: It cools too fast.}
    sensors-fail:
      {parameter: failed_sensors, check: {type: expected, value: 0}, text: A sensor failed.}
    earth-silent:
      {parameter: silence, check: {type: limits, high: 72 h}, text: Earth was not heard.}
  event_actions:
    cool: {event: box-hot, start: rest}
    search: {event: earth-silent, start: call, enabled: false}
  responses:
    rest:
      level: unit
      steps: [{type: power_cycle, target: camera, wait: 5 min}, {type: switch_off, target: camera, wait: 30 min}]
      recovered_when_over: true
      attempts: 2
      per: 12 h
      then: calm
    calm:
      level: station
      steps: [{type: shed, loads: 1}, {type: mode, mode: safe, wait: 1 h}]
      recovered_when: [{reading: operating_margin, above: 1 K, lasting: 10 min}]
    call:
      level: subsystem
      steps: [{type: run, sequence: sweep}]
      recovered_when_over: true
  sequences:
    sweep: {steps: [{type: call, path: relay, wait: 2 h}, {type: call, path: direct, wait: 2 h}]}
"""


def written(text, folder):
    path = folder / "station.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def whole(section):
    """The starter with another section of autonomy in place of its own."""
    head, found, tail = starter_text().partition("\nautonomy:")
    rest = ""
    if found:
        lines = tail.splitlines(keepends=True)
        end = next(i for i, line in enumerate(lines) if i and line[:1].isalpha())
        rest = "".join(lines[end:])
    return head.rstrip() + "\n" + rest + section


def test_section_is_read_with_its_units(tmp_path):
    autonomy = load_station(written(whole(SECTION), tmp_path)).station.autonomy
    hot = autonomy.monitors["box-hot"]
    assert (hot.channel, hot.limits, hot.clear_by, hot.lasting_s) == ("temperature_k.warm-box", (None, 318.0), 2.0, 600)
    drops = autonomy.monitors["box-drops"]
    assert (drops.limits, drops.check.over_s) == ((-10.0, None), 3600.0)
    assert autonomy.monitors["sensors-fail"].limits == (0.0, 0.0)
    assert autonomy.monitors["earth-silent"].limits == (None, 72 * 3600.0)
    sweep = [step.path for step in autonomy.steps_of(autonomy.responses["call"])]
    assert sweep == ["relay", "direct"]


MONITOR, STEPS = "autonomy.monitors", "autonomy.responses"
WRONG = [
    ("parameter: silence", "parameter: silense", f"{MONITOR}.earth-silent.parameter", "silence"),
    ("of: warm-box, check: {type: limits", "of: warm-bax, check: {type: limits", f"{MONITOR}.box-hot.of", "warm-box"),
    ("of: warm-box, check: {type: limits", "check: {type: limits", f"{MONITOR}.box-hot.of", "`of`"),
    ("parameter: silence, check", "parameter: silence, of: warm-box, check", f"{MONITOR}.earth-silent.of", "`of`"),
    ("high: 318 K,", "high: 318 K, low: 317 K,", f"{MONITOR}.box-hot.check", "not below"),
    ("high: 318 K,", "high: 340 K,", f"{MONITOR}.box-hot.check.high", "destroyed"),
    ("high: 318 K,", "low: 200 K,", f"{MONITOR}.box-hot.check.low", "destroyed"),
    ("high: 318 K,", "", f"{MONITOR}.box-hot.check", "`low`, `high`"),
    ("clear_by: 2 K", "clear_by: -2 K", f"{MONITOR}.box-hot.check", "negative"),
    ("high: 318 K", "high: 318 W", f"{MONITOR}.box-hot.check", "does not measure"),
    ("value: 0", "value: none", f"{MONITOR}.sensors-fail.check", "plain number"),
    ("modes: [nominal, night]", "modes: [nominal, nominal]", f"{MONITOR}.box-hot.modes", "twice"),
    ("modes: [nominal, night]", "modes: [nominal, crewed]", f"{MONITOR}.box-hot.modes[1]", "no mode"),
    ("check: {type: limits, high: 72 h}", "check: {type: limits, low: 72 h}", f"{MONITOR}.earth-silent.check", "timer"),
    ("{event: box-hot,", "{event: box-hut,", "autonomy.event_actions.cool.event", "box-hot"),
    ("start: rest}", "start: rust}", "autonomy.event_actions.cool.start", "rest"),
    ("then: calm", "then: clam", f"{STEPS}.rest.then", "calm"),
    ("then: calm", "then: rest", f"{STEPS}.rest.then", "back to itself"),
    ("text: It cools too fast.}", "text: x}\n    brown-out: {parameter: load, check: {type: limits, high: 1 W}, text: x}",
     f"{MONITOR}.brown-out", "Choose another"),
    ("{event: earth-silent,", "{event: brown-out,", "autonomy.event_actions.search.event", "never over"),
    ("mode: safe", "mode: nominal", f"{STEPS}.calm.steps[1].mode", "by itself"),
    ("mode: safe", "mode: crewed", f"{STEPS}.calm.steps[1].mode", "no mode"),
    ("loads: 1", "loads: 99", f"{STEPS}.calm.steps[0].loads", "can be shed"),
    ("power_cycle, target: camera", "power_cycle, target: camara", f"{STEPS}.rest.steps[0].target", "camera"),
    ("switch_off, target: camera", "switch_off, target: battery", f"{STEPS}.rest.steps[1].target", "no payload"),
    ("sequence: sweep", "sequence: swoop", f"{STEPS}.call.steps[0].sequence", "sweep"),
    ("path: relay, wait: 2 h}", "path: relay}, {type: run, sequence: sweep}", "autonomy.sequences.sweep.steps", "never end"),
    ("recovered_when_over: true\n      attempts", "attempts", f"{STEPS}.rest", "helped"),
    ("attempts: 2", "attempts: 0", f"{STEPS}.rest.attempts", "small"),
    ("per: 12 h", "per: 12", f"{STEPS}.rest.per", "unit"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "field", "word"), WRONG)
def test_each_error_is_told_with_its_line_and_field(right, wrong, field, word, tmp_path):
    text = whole(SECTION)
    assert right in text
    with pytest.raises(StationFileError) as caught:
        load_station(written(text.replace(right, wrong, 1), tmp_path))
    found = [item for item in caught.value.problems if item.field == field]
    assert found, caught.value.problems
    assert word in found[0].problem + found[0].fix
    assert found[0].line > text[: text.index("\nautonomy:")].count("\n")


def test_escalation_never_goes_down(tmp_path):
    text = whole(SECTION).replace("level: station", "level: down").replace("level: unit", "level: station")
    with pytest.raises(StationFileError) as caught:
        load_station(written(text.replace("level: down", "level: unit"), tmp_path))
    (found,) = caught.value.problems
    assert (found.field, "lower level" in found.problem) == ("autonomy.responses.rest.then", True)


def test_longer_circles_of_responses_are_found(tmp_path):
    text = whole(SECTION).replace(
        "recovered_when: [{reading: operating_margin, above: 1 K, lasting: 10 min}]",
        "recovered_when_over: true\n      then: rest",
    )
    with pytest.raises(StationFileError) as caught:
        load_station(written(text, tmp_path))
    assert any("calm -> rest -> calm" in item.problem for item in caught.value.problems)


def test_response_that_calls_for_what_starts_it_is_refused(tmp_path):
    text = whole(SECTION).replace("modes: [nominal, night]", "modes: [safe]").replace("start: rest}", "start: calm}")
    with pytest.raises(StationFileError) as caught:
        load_station(written(text, tmp_path))
    assert any(item.field == "autonomy.event_actions.cool.start" for item in caught.value.problems)


leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8) | st.sampled_from(
    ["unit", "3 K", "limits", "rest", "nominal", "temperature", "power_cycle", "box-hot"]
)  # fmt: skip
keys = st.sampled_from(
    [
        "monitors",
        "responses",
        "event_actions",
        "sequences",
        "type",
        "steps",
        "check",
        "parameter",
        "level",
        "then",
        "low",
    ]
)
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4))


@settings(max_examples=60)
@given(trees)
def test_any_other_section_gives_errors_and_no_crash(tmp_path_factory, tree):
    folder = tmp_path_factory.mktemp("fuzz")
    data = YAML(typ="safe").load(starter_text()) | {"autonomy": tree}
    path = folder / "station.yaml"
    YAML(typ="safe").dump(data, path)
    with contextlib.suppress(StationFileError):
        load_station(path, horizon=False)
