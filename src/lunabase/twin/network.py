"""The thermal network beside its nodes: outer faces, heat paths, heat pipes, and the heat switches in them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4, Regolith
from lunabase.station.equipment import ThermalNode
from lunabase.station.thermal import Face
from lunabase.twin.elimination import Elimination, elimination

_GROUND = Regolith()
Rows = npt.NDArray[np.void]

SWITCH = np.dtype(
    [
        ("node", "i8"),  # whose temperature turns it
        ("closes_below_k", "f8"),
        ("opens_above_k", "f8"),
    ]
)
FACE = np.dtype(
    [
        ("node", "i8"),
        ("switch", "i8"),
        ("emission_w_per_k4", "f8"),  # what the node gives off, blanket included
        ("absorbing_m2", "f8"),  # sunlight that reaches the node, per flux on the face
        ("reflected_m2", "f8"),  # the same for sunlight from the ground, per flux on level ground
        ("infrared_w_per_k4", "f8"),  # what it gets from the ground
        ("up", "f8"),  # the outward normal
        ("east", "f8"),
        ("north", "f8"),
    ]
)
LINK = np.dtype(
    [
        ("a", "i8"),
        ("b", "i8"),
        ("w_per_k", "f8"),
        ("switch", "i8"),  # -1: none
        ("one_way", "i8"),  # 1: carries heat from a to b only
        ("entry", "i8"),  # its place among the entries of the elimination
    ]
)


class Network(NamedTuple):
    """Tables with the dtypes above, and how to solve for the nodes' temperatures."""

    faces: Rows
    links: Rows
    switches: Rows
    """Those of the nodes' radiators first, one a node in their order; then those of faces, then of heat pipes."""
    order: Elimination


def network(nodes: Mapping[str, ThermalNode], *, on_ground: bool) -> Network:
    """The network of these nodes; what leads to nodes that are not there leads nowhere.

    A path listed by one of its two nodes works both ways; listed by both, the two are in parallel.
    """
    index = {name: place for place, name in enumerate(nodes)}
    faces, links = [], []
    switches = [
        (index[name], node.radiator_closes_below_k, _opens(node.radiator_opens_above_k, node.radiator_closes_below_k))
        for name, node in nodes.items()
    ]
    for name, node in nodes.items():
        for face in node.faces.values():
            faces.append(_face_row(face, index[name], len(switches), on_ground))
            switches.append((index[name], face.closes_below_k, _opens(face.opens_above_k, face.closes_below_k)))
    for name, node in nodes.items():
        for other, conductance in node.couplings.items():
            if other in index:
                links.append((index[name], index[other], conductance, -1, 0, 0))
        for other, pipe in node.heat_pipes.items():
            if other in index:
                links.append((index[name], index[other], pipe.conductance_w_per_k, len(switches), pipe.one_way, 0))
                switches.append((index[name], pipe.closes_below_k, _opens(pipe.opens_above_k, pipe.closes_below_k)))
    return network_of(len(index), np.array(faces, FACE), np.array(links, LINK), np.array(switches, SWITCH))


def network_of(nodes: int, faces: Rows, links: Rows, switches: Rows) -> Network:
    """A network from its tables; the entries of the links are filled in."""
    links = links.copy()
    order, places = elimination(nodes, [(int(link["a"]), int(link["b"])) for link in links])
    for link in links:
        link["entry"] = places[frozenset((int(link["a"]), int(link["b"])))]
    return Network(faces, links, switches, order)


def switch_names(nodes: Mapping[str, ThermalNode]) -> tuple[str, ...]:
    """Names of all heat switches in the order of the table."""
    faces = [f"{name}/{face}" for name, node in nodes.items() for face in node.faces]
    pipes = [f"{name}>{other}" for name, node in nodes.items() for other in node.heat_pipes if other in nodes]
    return (*nodes, *faces, *pipes)


def _opens(above_k: float | None, closes_below_k: float) -> float:
    return closes_below_k if above_k is None else above_k


def _face_row(face: Face, node: int, switch: int, on_ground: bool) -> tuple[float, ...]:
    """A blanket's outer layer has no mass and is in balance: e* (T^4 - To^4) + absorbed = e To^4.

    So node and surroundings exchange what a bare face would, times e* / (e* + e). The ground fills
    (1 - cos tilt) / 2 of the view; it is level, as bright as at its mean albedo, and has one temperature.
    """
    inside = face.blanket_emittance
    passed = 1.0 if inside is None else inside / (inside + face.emissivity)
    tilt, azimuth = math.radians(face.tilt_deg), math.radians(face.azimuth_deg)
    ground_view = (1.0 - math.cos(tilt)) / 2.0 if on_ground else 0.0
    emission = passed * face.emissivity * face.area_m2 * STEFAN_BOLTZMANN_W_M2_K4
    absorbing = passed * face.absorptance * face.area_m2
    return (
        node,
        switch,
        emission,
        absorbing,
        absorbing * ground_view * _GROUND.albedo,
        emission * ground_view * _GROUND.emissivity,
        math.cos(tilt),
        math.sin(tilt) * math.sin(azimuth),
        math.sin(tilt) * math.cos(azimuth),
    )
