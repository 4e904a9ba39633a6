"""A change anywhere in the source gives another cache folder; numba alone would miss it."""

import os
import subprocess
import sys
from pathlib import Path

from lunabase.kernel_cache import source_fingerprint

PACKAGE = (
    "from pack.callee import value\nfrom numba import njit\n@njit(cache=True)\ndef kernel():\n    return value()\n"
)
CALLEE = "from numba import njit\n@njit(cache=True)\ndef value():\n    return {}\n"
CALL = "from pathlib import Path; import os; from lunabase.kernel_cache import source_fingerprint as f; "
CALL += "os.environ['NUMBA_CACHE_DIR'] = str(Path('cache') / f(Path('pack'))); from pack.caller import kernel; print(kernel())"


def test_a_changed_callee_reaches_a_cached_kernel(tmp_path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "caller.py").write_text(PACKAGE)
    for number in (1, 2):
        (tmp_path / "pack" / "callee.py").write_text(CALLEE.format(number))
        os.utime(tmp_path / "pack" / "callee.py", (number, number))
        done = subprocess.run([sys.executable, "-c", CALL], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == str(number)


def test_the_same_source_has_the_same_fingerprint(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    first = source_fingerprint(tmp_path)
    assert first == source_fingerprint(tmp_path)
    (tmp_path / "b.py").write_text("")
    assert first != source_fingerprint(tmp_path)


def test_a_place_that_cannot_be_written_is_no_error():
    code = "import lunabase, os; print(os.environ.get('NUMBA_CACHE_DIR'))"
    environment = {**os.environ, "XDG_CACHE_HOME": "/proc/none"}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None"


def test_the_users_choice_is_respected(tmp_path):
    code = "import lunabase, os; print(os.environ['NUMBA_CACHE_DIR'])"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == tmp_path
