"""The plan against the flight, in the synthetic run whose fates are known by hand."""

from dataclasses import replace

import pytest

from lunabase.record.run_record import Event
from lunabase.report.estimates import station_estimates
from lunabase.report.flown import flown_activities, partners_flown, request_outcomes
from lunabase.report.palette import partner_paints


def test_fates(synthetic_record):
    fates = {one.activity.id: one.fate for one in flown_activities(synthetic_record)}
    assert fates.pop("watch/camera#4") == "not started"
    assert fates.pop("watch/camera#5") == "stopped early"
    assert set(fates.values()) == {"done"}


def test_the_log_says_why(synthetic_record):
    why = {one.activity.id: one.why for one in flown_activities(synthetic_record)}
    assert why["watch/camera#5"] == "mode night"
    assert why["watch/camera#4"] == ""


def test_a_reason_is_not_taken_from_an_activity_with_a_longer_number(synthetic_record):
    tenth = Event(
        synthetic_record.plan.stop, "medium", "executive", "activity_aborted", "watch/camera#40 aborted.", "cold"
    )
    record = replace(synthetic_record, events=(tenth,))
    assert {one.why for one in flown_activities(record)} == {""}


def test_work_that_goes_on_to_the_planned_stop_was_interrupted(synthetic_record):
    products = tuple(
        replace(one, stop=one.start + 2 * (one.stop - one.start)) if one.activity == "watch/camera#5" else one
        for one in synthetic_record.products
    )
    fates = {one.activity.id: one.fate for one in flown_activities(replace(synthetic_record, products=products))}
    assert fates["watch/camera#5"] == "interrupted"


def test_after_a_loss_nothing_starts_and_the_reason_says_so(synthetic_record):
    summary = replace(synthetic_record.summary, outcome="lost", lost_at=synthetic_record.plan.start)
    flown = flown_activities(replace(synthetic_record, summary=summary, products=()))
    assert {(one.fate, one.why) for one in flown} == {("not started", "the station was lost before")}


def test_success_is_judged_on_what_was_flown(synthetic_record):
    outcomes = {one.id: one for one in request_outcomes(synthetic_record, flown_activities(synthetic_record))}
    camera, sounder = outcomes["watch/camera"], outcomes["watch/sounder"]
    assert (camera.planned_count, camera.done_count, camera.met) == (10, 8, False)
    assert camera.flown_s == pytest.approx(8.5 * 6 * 3600)
    assert sounder.met is True


def test_partner_parts_add_up(synthetic_record):
    partners = {one.id: one for one in partners_flown(synthetic_record, flown_activities(synthetic_record))}
    assert sum(one.flown_part for one in partners.values()) == pytest.approx(1.0)
    assert partners["alpha"].flown_part == pytest.approx(8.5 * 6 / (8.5 * 6 + 10 * 20))
    assert partners["alpha"].energy_j == pytest.approx(8.5 * 6 * 3600 * 10)


def test_estimates_are_listed_as_the_file_writes_them(synthetic_record):
    estimates = station_estimates(synthetic_record.station, synthetic_record.station_text)
    found = {(one.record, one.key): (one.value, one.source) for one in estimates}
    assert found["partners.alpha", "share"] == ("60 %", "Invented")
    assert found["modules.hub.equipment.battery", "capacity"] == ("20 kWh", "A guess")
    assert found["payloads.camera", "power"] == ("on: 10 W", "A guess")
    assert len(found) == 3


def test_thirty_partners_look_different():
    paints = partner_paints(f"partner-{number}" for number in range(30))
    assert len(set(paints.values())) == 30
