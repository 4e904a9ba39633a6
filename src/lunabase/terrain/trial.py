"""A trial of NetCDF files in a process of its own: on damaged ones the library that GDAL uses may crash or hang."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from lunabase.errors import InputError

_SIGNATURES = (b"\x89HDF", b"CDF\x01", b"CDF\x02", b"CDF\x05")
_VARIABLE = re.compile(r'(?:NETCDF|HDF5):(?:"(.+?)"|(.+?))(?::[^:/]*|://.*)?')
_TRIAL = """
import sys, warnings, rasterio
from rasterio.windows import Window
warnings.simplefilter("ignore")
with rasterio.open(sys.argv[1]) as raster:
    if raster.count:
        raster.read(1, window=Window(0, 0, 1, 1))
"""
_LONGEST_S = 60.0


def try_netcdf(source: str) -> None:
    """Raise InputError for a NetCDF file on which the process that opens it dies or doesn't end; others pass.

    source: a path, or NETCDF:"file":variable. What is wrong without a crash shows when the file is opened.
    """
    variable = _VARIABLE.fullmatch(source)
    path = Path((variable[1] or variable[2]) if variable else source)
    if not _is_netcdf(path):
        return
    try:
        trial = subprocess.run([sys.executable, "-c", _TRIAL, source], capture_output=True, timeout=_LONGEST_S)
        crashed = trial.returncode < 0
    except subprocess.TimeoutExpired:
        crashed = True
    if crashed:
        raise InputError("the NetCDF file is damaged: reading it doesn't end well.", where=source, fix="Fetch it anew.")


def _is_netcdf(path: Path) -> bool:
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(4) in _SIGNATURES
    return False
