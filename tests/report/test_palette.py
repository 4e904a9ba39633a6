"""Partners' colours, told apart with any colour vision."""

import itertools

import numpy as np
import pytest

from lunabase.report.palette import partner_paints

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
VISIONS = {
    "full": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}
XYZ_OF_SRGB = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def _lab(colour: str, vision: list[list[float]]) -> np.ndarray:
    """CIE 1976 L*a*b* (D65) of "#rrggbb" as seen with a colour vision."""
    coded = np.array([int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)])
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    xyz = np.array(XYZ_OF_SRGB) @ np.clip(np.array(vision) @ linear, 0.0, 1.0) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16.0 / 116.0)
    return np.array([116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISIONS)
def test_twenty_partners_can_be_told_apart(vision):
    fills = [paint.colour for paint in partner_paints(map(str, range(20))).values()]
    seen = [_lab(fill, VISIONS[vision]) for fill in fills]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 15.0
