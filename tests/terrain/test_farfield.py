"""The embedded model against the sheets of others, and when its warning is due."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from lunabase.terrain import farfield
from lunabase.terrain.dem import Dem
from lunabase.terrain.dem_file import open_dem
from lunabase.terrain.farfield import embedded_far_field, far_field_warning
from lunabase.terrain.projection import polar_projection

FINER = Path(__file__).parents[2].parent / "shared" / "data" / "terrain" / "ldem_84S_240m.tif"
DATA = Path(farfield.__file__).parent / "data"


def flat(pixel_m: float) -> Dem:
    return Dem(np.zeros((2, 2)), polar_projection(), 0.0, 0.0, pixel_m, pixel_m, "flat")


def test_it_is_the_file_that_the_source_note_describes():
    name, size_bytes = "lola_south_1600m.tif", (DATA / "lola_south_1600m.tif").stat().st_size
    assert size_bytes < 1_000_000
    digest = hashlib.sha256((DATA / name).read_bytes()).hexdigest()
    assert (DATA / "SHA256SUMS").read_text().split() == [digest, name]
    assert str(size_bytes) in (DATA / "README.md").read_text()


def test_it_has_the_pole_and_known_places():
    file = embedded_far_field()
    assert file.projection == polar_projection("south")
    assert file.pixel_m == 1600.0
    model = file.read()
    assert np.isfinite(model.heights_m).all()
    # LOLA: Shackleton (89.67 S, 129.78 E) is 4 km deep; Malapert massif (86.0 S, 2.7 E) rises 5 km above the sphere.
    assert float(model.height_at(-89.67, 129.78)) == pytest.approx(-2800.0, abs=400.0)
    x, y = np.meshgrid(np.linspace(-15e3, 15e3, 61), np.linspace(105e3, 135e3, 61))
    assert np.nanmax(model.height_at_xy(x, y)) == pytest.approx(5000.0, abs=500.0)


@pytest.mark.skipif(not FINER.is_file(), reason="the shared elevation models are not on this machine")
def test_it_lies_where_a_finer_model_has_the_same_heights():
    fine, coarse = open_dem(FINER).read(), embedded_far_field().read()
    x, y = np.meshgrid(np.arange(-150e3, 150e3, 3200.0), np.arange(-150e3, 150e3, 3200.0))
    spread = {
        (east, north): np.nanstd(coarse.height_at_xy(x + east, y + north) - fine.height_at_xy(x, y))
        for east in (-800.0, 0.0, 800.0)
        for north in (-800.0, 0.0, 800.0)
    }
    assert min(spread, key=spread.get) == (0.0, 0.0)
    assert spread[0.0, 0.0] < 60.0
    assert abs(np.nanmean(coarse.height_at_xy(x, y) - fine.height_at_xy(x, y))) < 2.0


def test_the_warning_is_due_where_every_model_is_coarse():
    assert far_field_warning([flat(240.0), embedded_far_field()]) is None
    for models in ([embedded_far_field()], [flat(1000.0), flat(1600.0)]):
        warning = far_field_warning(models)
        assert warning is not None
        assert "1.2 deg RMS" in warning
        assert "dem fetch --list" in warning
    assert "pixels of 1000 m" in far_field_warning([flat(1000.0), flat(1600.0)])
