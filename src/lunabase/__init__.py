"""Lunabase: the software of a lunar research station."""

from lunabase.kernel_cache import use_own_cache

__version__ = "0.1.0"

use_own_cache()
