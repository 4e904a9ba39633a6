"""The JSON Schema for editors and the reference page: complete, and of one mind with `check`."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from small_station import SMALL

from lunabase.station.model import Station
from lunabase.station.quantities import KINDS, parse_quantity
from lunabase.station.reference import json_schema, reference_markdown, starter_text
from lunabase.station.yaml_source import read_yaml

ROOT = Path(__file__).parents[2]
SCHEMA = json_schema()
TEXTS = {
    "ilrs": (ROOT / "examples" / "ilrs.yaml").read_text(encoding="utf-8"),
    "lander": (ROOT / "examples" / "lander.yaml").read_text(encoding="utf-8"),
    "starter": starter_text(),
    "small": SMALL,
}


def errors(text):
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(read_yaml(text).data)]


def test_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", TEXTS)
def test_right_stations_fit_the_schema(name):
    assert errors(TEXTS[name]) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("mass: 4 kg", "mass: 4"),
        ("mass: 4 kg", 'mass: "4"'),
        ("mass: 4 kg", 'mass: "44"'),
        ("mass: 4 kg", "mass: four kg"),
        ("mass: 4 kg", "mas: 4 kg"),
        ("share: 40 %", "share: 1.4"),
        ("  camera:", "  Camera:"),
        ("      battery:", "      Main Battery:"),
        ("start: 2030-01-01, end", "start: 1 January, end"),
    ],
)
def test_wrong_values_and_names_do_not(right, wrong):
    assert right in SMALL
    assert errors(SMALL.replace(right, wrong, 1))


def test_units_show_where_a_key_is_explained():
    module = SCHEMA["$defs"]["Module"]["properties"]
    assert module["mass"]["description"].endswith("[g, kg, t]")
    assert module["payload_power_limit"]["description"].endswith("[W, kW]")


@pytest.mark.parametrize("unit", [unit for unit in KINDS if unit])
def test_the_pattern_of_a_quantity_admits_what_the_parser_reads(unit):
    pattern = next(node["pattern"] for node in nodes(SCHEMA) if node.get("x-unit") == "W")
    for name in KINDS[unit][1].split(", "):
        text = f"0.5 {name}"
        parse_quantity(text, unit)
        assert Draft202012Validator({"pattern": pattern}).is_valid(text)


def nodes(value):
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(item)


def test_no_default_is_one_that_the_file_would_refuse():
    for node in nodes(SCHEMA):
        if "default" in node and "$ref" not in node:
            resolved = {**node, "$defs": SCHEMA["$defs"]}
            assert Draft202012Validator(resolved).is_valid(node["default"]), node


def test_the_starter_names_the_schema_that_lies_beside_it():
    assert starter_text().splitlines()[0] == "# yaml-language-server: $schema=station.schema.json"


def test_the_reference_page_has_every_section():
    page = reference_markdown()
    assert all(f"| `{name}` |" in page for name in Station.model_fields)


def test_generated_pages_are_those_of_the_models():
    assert (ROOT / "docs" / "reference" / "station-file.md").read_text(encoding="utf-8") == reference_markdown()
    assert json.loads((ROOT / "docs" / "reference" / "station-file.schema.json").read_text(encoding="utf-8")) == SCHEMA
