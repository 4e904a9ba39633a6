import hashlib
import subprocess
import sys

import numpy as np
import pytest

from lunabase.errors import InputError
from lunabase.sky import kernel_hashes, open_kernels
from lunabase.sky.kernels import EARTH, MOON, SUN, kernels_from
from lunabase.times import utc_to_tdb


def test_kernels_open_once():
    assert open_kernels() is open_kernels()


def test_opening_warns_of_nothing_and_leaves_the_slow_package_alone():
    code = "import sys; from lunabase.sky import open_kernels; open_kernels(); print({'lunarsky', 'skyfield_data', 'astropy.coordinates'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_hashes_are_those_of_the_files():
    hashes = kernel_hashes()
    assert set(hashes) == {"de421.bsp", "moon_pa_de421_1900-2050.bpc", "moon_080317.tf"}
    for path in open_kernels().paths:
        assert hashes[path.name] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("code", [SUN, EARTH, MOON, 199, 299, 499, 5, 6, 7, 8])
def test_states_against_spice(spice, code):
    epochs = utc_to_tdb("2020-01-01") + np.linspace(0.0, 29.9 * 365.25 * 86400.0, 7)
    position, velocity = open_kernels().state_km(code, epochs)
    expected = np.array([spice.spkgeo(code, t, "J2000", 0)[0] for t in epochs]).T
    # Floats of 1e9 s resolve 0.24 us: 1 cm at Mercury's speed.
    np.testing.assert_allclose(position, expected[:3], atol=2e-5, rtol=1e-12)
    np.testing.assert_allclose(velocity, expected[3:], atol=1e-9)


def test_an_ephemeris_given_by_path_is_used(tmp_path):
    copy = tmp_path / "mine.bsp"
    copy.write_bytes(open_kernels().paths[0].read_bytes())
    assert "mine.bsp" in kernel_hashes(open_kernels(copy))


@pytest.mark.parametrize("which", ["ephemeris", "orientation", "frames"])
@pytest.mark.parametrize("content", [None, b"", b"not a kernel", b"DAF/SPK " + bytes(2000), b"DAF/PCK " + bytes(2000)])
def test_unusable_files_are_named(tmp_path, which, content):
    path = tmp_path / "wrong.file"
    if content is not None:
        path.write_bytes(content)
    arguments = {which: path}
    with pytest.raises(InputError) as caught:
        open_kernels(**arguments)
    assert "wrong.file" in str(caught.value)
    assert caught.value.fix.startswith("Give")


def test_kernels_are_told_by_their_suffix_in_any_order(tmp_path):
    paths = open_kernels().paths
    copies = [tmp_path / path.name for path in paths]
    for path, copy in zip(paths, copies, strict=True):
        copy.write_bytes(path.read_bytes())
    assert kernels_from(copies[::-1]).paths == tuple(copies)
    assert kernels_from([]).paths == paths
    for wrong in ([copies[0], copies[0]], [tmp_path / "station.yaml"]):
        with pytest.raises(InputError, match=r"at most one \.bsp"):
            kernels_from(wrong)


def test_swapped_kernels_are_named():
    ephemeris, orientation, frames = open_kernels().paths
    for arguments in (
        {"ephemeris": orientation},
        {"orientation": ephemeris},
        {"frames": frames.with_name("moon_assoc_me.tf")},
    ):
        with pytest.raises(InputError):
            open_kernels(**arguments)


@pytest.mark.parametrize("size", [1000, 1024, 3000, 100_000])
@pytest.mark.parametrize("which", [0, 1])
def test_truncated_kernels_are_named(tmp_path, size, which):
    path = tmp_path / "short.kernel"
    path.write_bytes(open_kernels().paths[which].read_bytes()[:size])
    arguments = {("ephemeris", "orientation")[which]: path}
    with pytest.raises(InputError):
        open_kernels(**arguments)
