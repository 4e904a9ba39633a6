"""Horizon masks: interpolation, the file and its errors."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunabase.errors import InputError, LunabaseError
from lunabase.terrain.mask import (
    HorizonMask,
    catalogue_mask,
    catalogue_names,
    flat_mask,
    read_mask,
    write_mask,
)

GOOD = "# source: somewhere\nazimuth_deg,elevation_2m_deg,elevation_10m_deg\n0,1,0.5\n180,-2,-2.5\n"


def a_mask(elevations_deg: list[list[float]], heights_m: tuple[float, ...] = (2.0,), first: float = 0.0):
    values = np.array(elevations_deg, dtype=float)
    count = values.shape[1]
    return HorizonMask(first + np.arange(count) * (360.0 / count), heights_m, values)


def test_elevation_at_is_linear_and_periodic():
    mask = a_mask([[0.0, 4.0, 2.0, -2.0]])
    azimuth_deg = [0.0, 45.0, 90.0, 135.0, 270.0, 315.0, 359.991, 360.0, -45.0, 405.0]
    expected = [0.0, 2.0, 4.0, 3.0, -2.0, -1.0, -0.0002, 0.0, -1.0, 2.0]
    np.testing.assert_allclose(mask.elevation_at(azimuth_deg, 2.0), expected, atol=1e-12)


def test_azimuths_may_start_half_a_step_from_north():
    mask = a_mask([[1.0, 2.0, 3.0, 4.0]], first=45.0)
    np.testing.assert_allclose(mask.elevation_at([45.0, 0.0, 315.0, 22.5], 2.0), [1.0, 2.5, 4.0, 1.75])


@given(st.floats(-1e5, 1e5), st.integers(1, 40), st.randoms(use_true_random=False))
def test_elevation_at_agrees_with_numpy_and_stays_within_its_neighbours(azimuth_deg, count, random):
    values = [random.uniform(-5.0, 5.0) for _ in range(count)]
    mask = a_mask([values])
    expected = np.interp(azimuth_deg, mask.azimuths_deg, values, period=360.0)
    found = mask.elevation_at(azimuth_deg, 2.0)
    assert found == pytest.approx(expected, abs=1e-8)
    assert min(values) - 1e-12 <= found <= max(values) + 1e-12


def test_scalar_and_vector_calls_agree():
    mask = a_mask([[0.3, -1.0, 2.0, 7.0, 1.0]])
    azimuths_deg = np.linspace(0.0, 720.0, 24).reshape(2, 3, 4)
    found = mask.elevation_at(azimuths_deg, 2.0)
    assert found.shape == azimuths_deg.shape
    assert [float(mask.elevation_at(a, 2.0)) for a in azimuths_deg.ravel()] == found.ravel().tolist()


def test_unknown_height_lists_those_there_are():
    with pytest.raises(InputError, match=r"no observer height of 5 m.*2 m, 10 m"):
        flat_mask().elevation_at(0.0, 5.0)


@pytest.mark.parametrize("height_m", [0.0, 2.0, 10.0, 1000.0])
def test_flat_mask_is_the_dip_of_the_sphere(height_m):
    expected = -math.degrees(math.acos(1_737_400.0 / (1_737_400.0 + height_m)))
    np.testing.assert_allclose(flat_mask((height_m,)).elevations_deg, expected, atol=1e-7)


@pytest.mark.parametrize(
    ("azimuths", "heights", "elevations", "word"),
    [
        ([], (2.0,), [[]], "at least one azimuth"),
        ([0.0, 180.0], (), np.zeros((0, 2)), "observer height"),
        ([0.0, 180.0], (2.0,), [[1.0]], "one row of 2"),
        ([0.0, 170.0], (2.0,), [[1.0, 1.0]], "180 deg apart"),
        ([0.0, math.nan], (2.0,), [[1.0, 1.0]], "180 deg apart"),
        ([190.0, 370.0], (2.0,), [[1.0, 1.0]], "first of 2"),
        ([0.0, 180.0], (10.0, 2.0), [[1.0, 1.0]] * 2, "ascending"),
        ([0.0, 180.0], (2.0, 2.0), [[1.0, 1.0]] * 2, "ascending"),
        ([0.0, 180.0], (-2.0,), [[1.0, 1.0]], "not negative"),
        ([0.0, 180.0], (2.0,), [[1.0, 91.0]], "-90 to 90"),
        ([0.0, 180.0], (2.0,), [[1.0, math.nan]], "-90 to 90"),
    ],
)
def test_a_mask_is_validated_at_the_door(azimuths, heights, elevations, word):
    with pytest.raises(InputError, match=word):
        HorizonMask(np.array(azimuths), heights, np.array(elevations))


@pytest.mark.parametrize("note", [{"Key": "x"}, {"key": "two\nlines"}, {"key": " x"}, {"ground_height_m": "1"}])
def test_provenance_that_a_file_could_not_hold_is_refused(note):
    with pytest.raises(InputError, match="provenance"):
        HorizonMask(np.zeros(1), (2.0,), np.zeros((1, 1)), note)


texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=30).filter(
    lambda text: text.isprintable() and text == text.strip()
)


@given(
    count=st.integers(1, 30),
    heights_m=st.lists(st.floats(0.0, 1e6), min_size=1, max_size=3, unique=True).map(sorted),
    notes=st.dictionaries(st.from_regex(r"\A[a-z][a-z0-9_]{0,10}\Z"), texts, max_size=4),
    ground=st.none() | st.floats(-1e4, 1e4),
    data=st.data(),
)
def test_write_then_read_gives_the_same_mask(tmp_path_factory, count, heights_m, notes, ground, data):
    angles = st.lists(st.floats(-90.0, 90.0), min_size=count, max_size=count)
    elevations = np.array([data.draw(angles) for _ in heights_m])
    mask = HorizonMask(np.arange(count) * (360.0 / count), tuple(heights_m), elevations, notes, ground)
    path = tmp_path_factory.mktemp("mask") / "mask.csv"
    write_mask(mask, path)
    again = read_mask(path)
    np.testing.assert_array_equal(again.azimuths_deg, mask.azimuths_deg)
    np.testing.assert_array_equal(again.elevations_deg, mask.elevations_deg)
    assert again.heights_m == mask.heights_m
    assert (dict(again.provenance), again.ground_height_m) == (notes, ground)
    assert [file.name for file in path.parent.iterdir()] == ["mask.csv"]


def test_a_written_file_looks_as_documented(tmp_path: Path):
    mask = HorizonMask(np.array([0.0, 180.0]), (2.0, 2.5), np.array([[1.0, -2.0], [0.5, -2.5]]), {"a": "b: c"}, 7.0)
    write_mask(mask, tmp_path / "mask.csv")
    assert (tmp_path / "mask.csv").read_text() == (
        "# a: b: c\n# ground_height_m: 7.0\nazimuth_deg,elevation_2m_deg,elevation_2.5m_deg\n"
        "0.0,1.0,0.5\n180.0,-2.0,-2.5\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("# source: x\n", "empty"),
        ("azimuth,elevation_2m_deg\n0,1\n", "line 1: the header row is wrong"),
        ("azimuth_deg\n0\n", "line 1: the header row is wrong"),
        (GOOD.replace("elevation_10m_deg", "elevation_highm_deg"), "line 2: the column 'elevation_highm_deg'"),
        (GOOD.replace("180,-2,-2.5", "180,-2"), "line 4: the row has 2 values, the header has 3"),
        (GOOD.replace("-2.5", "low"), "line 4: 'low' is not a number"),
        (GOOD.replace("-2.5", "nan"), "every elevation"),
        (GOOD.replace("180", "170"), "180 deg apart"),
        (GOOD.replace("# source: somewhere", "# just a remark"), "line 1: the comment is no provenance"),
        ("# ground_height_m: high\n" + GOOD, "ground_height_m is 'high'"),
        ("# ground_height_m: inf\n" + GOOD, "ground height"),
        ("azimuth_deg,elevation_2m_deg\n", "at least one azimuth"),
    ],
)
def test_reader_errors_say_where_and_what_to_do(tmp_path: Path, text, message):
    path = tmp_path / "mask.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_mask(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.fix


def test_a_missing_file_a_folder_and_bytes_are_refused(tmp_path: Path):
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("missing.csv", ".", "bytes.csv"):
        with pytest.raises(InputError, match="horizon mask"):
            read_mask(tmp_path / name)


def test_a_folder_that_is_not_there_is_a_clear_failure(tmp_path: Path):
    with pytest.raises(LunabaseError, match="can't write the horizon mask"):
        write_mask(flat_mask(), tmp_path / "nowhere" / "mask.csv")


@given(position=st.integers(0, len(GOOD)), length=st.integers(0, 8), insert=st.text(max_size=6))
def test_a_damaged_file_is_read_or_refused(tmp_path_factory, position, length, insert):
    path = tmp_path_factory.mktemp("mask") / "mask.csv"
    path.write_text(GOOD[:position] + insert + GOOD[position + length :], encoding="utf-8", newline="")
    with contextlib.suppress(InputError):
        assert isinstance(read_mask(path), HorizonMask)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("mask") / "mask.csv"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_mask(path)


def test_every_catalogue_mask_loads_with_its_provenance():
    assert "shackleton-de-gerlache-ridge" in catalogue_names()
    for name in catalogue_names():
        mask = catalogue_mask(name)
        assert mask.heights_m == (2.0, 10.0)
        assert len(mask.azimuths_deg) == 720
        assert mask.ground_height_m is not None
        assert {"latitude_deg", "longitude_deg", "terrain", "terrain_reach", "sources"} <= set(mask.provenance)


def test_an_unknown_catalogue_name_lists_those_there_are():
    with pytest.raises(InputError, match="shackleton-de-gerlache-ridge"):
        catalogue_mask("mare-imbrium")
