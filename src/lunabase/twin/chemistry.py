"""Substances, what they are made of, and what each process takes and gives per kilogram of its output."""

from __future__ import annotations

from collections.abc import Mapping

from lunabase.station.substances import Reaction, Substance

ATOMIC_G_PER_MOL = {"H": 1.008, "C": 12.011, "N": 14.007, "O": 15.999}
"""Standard atomic weights (IUPAC 2021, doi 10.1515/pac-2019-0603)."""
FORMULAS: Mapping[Substance, Mapping[str, int]] = {
    "oxygen": {"O": 2},
    "hydrogen": {"H": 2},
    "nitrogen": {"N": 2},
    "water": {"H": 2, "O": 1},
    "carbon dioxide": {"C": 1, "O": 2},
    "methane": {"C": 1, "H": 4},
}
"""Atoms of a molecule, of the substances that are pure."""
GAS_J_PER_MOL_K = 8.314_462_618
"""Molar gas constant (SI, exact)."""

_MOLES: Mapping[Reaction, tuple[Substance, Mapping[Substance, int]]] = {
    "water electrolysis": ("oxygen", {"water": -2, "hydrogen": 2, "oxygen": 1}),
    "sabatier": ("methane", {"carbon dioxide": -1, "hydrogen": -4, "methane": 1, "water": 2}),
}
"""Main product, and moles given (positive) and taken (negative)."""


def molar_mass_kg_per_mol(substance: Substance) -> float:
    """Mass of a mole of a pure substance."""
    return sum(ATOMIC_G_PER_MOL[atom] * count for atom, count in FORMULAS[substance].items()) * 1e-3


def masses_of(reaction: Reaction, regolith_yield: float) -> dict[Substance, float]:
    """Mass that a process gives (positive) and takes (negative) per mass of its main product; they add up to 0.

    Oxygen from regolith: what is dug less the oxygen stays as residue; hydrogen, if it is the reductant, is recycled.
    """
    if reaction == "oxygen from regolith":
        dug = 1.0 / regolith_yield
        return {"regolith": -dug, "residue": dug - 1.0, "oxygen": 1.0}
    main, moles = _MOLES[reaction]
    unit = moles[main] * molar_mass_kg_per_mol(main)
    return {substance: count * molar_mass_kg_per_mol(substance) / unit for substance, count in moles.items()}
