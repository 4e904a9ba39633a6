"""Steps and their parts on disk: made once, and parts kept until their step is done."""

from contextlib import nullcontext

import pytest
import xarray as xr

from lunabase.survey.stages import Kept


def test_an_interrupted_step_goes_on_with_the_next_part(tmp_path):
    kept = Kept(tmp_path, lambda name: nullcontext(lambda part: None))
    made = []

    def piece(name, broken):
        def make():
            if broken:
                raise KeyboardInterrupt
            made.append(name)
            return xr.Dataset({"value": ("x", [float(len(made))])})

        return kept.part("heat", name, {"cube": "one"}, make)

    def whole(broken):
        return kept.do("heat", {"cube": "one"}, lambda report: piece("a", broken=False) + piece("b", broken))

    with pytest.raises(KeyboardInterrupt):
        whole(broken=True)
    assert len(list(tmp_path.iterdir())) == 1
    assert float(whole(broken=False)["value"][0]) == 3.0
    assert made == ["a", "b"]
    assert [path.name[:5] for path in tmp_path.iterdir()] == ["heat-"]
    assert "part" not in next(tmp_path.iterdir()).name
