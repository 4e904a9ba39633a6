import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lunabase.twin.elimination import elimination, factor, solve


@st.composite
def systems(draw):
    """Symmetric, diagonally dominant matrices with any pattern of zeros, as those of thermal networks are."""
    rows = draw(st.integers(1, 9))
    pairs = draw(st.sets(st.tuples(st.integers(0, rows - 1), st.integers(0, rows - 1)), max_size=20))
    matrix = np.zeros((rows, rows))
    for one, other in pairs:
        if one != other:
            matrix[one, other] = matrix[other, one] = -draw(st.floats(0.0, 100.0))
    matrix -= np.diag(matrix.sum(axis=1) - draw(st.floats(1e-3, 10.0)))
    right = np.array(draw(st.lists(st.floats(-1e3, 1e3), min_size=rows, max_size=rows)))
    return matrix, sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}), right


@given(systems())
def test_solutions_are_those_of_lapack(system):
    matrix, pairs, right = system
    order, places = elimination(len(matrix), pairs)
    diagonal, lower, inverse = np.diag(matrix).copy(), np.zeros(order.row.size), np.zeros(len(matrix))
    for one, other in pairs:
        lower[places[frozenset((one, other))]] = matrix[one, other]
    factor(order, diagonal, lower, inverse)
    vector = right.copy()
    solve(order, inverse, lower, vector)
    expected = np.linalg.solve(matrix, right)
    scale = np.linalg.cond(matrix) * np.max(np.abs(expected), initial=1e-300)
    assert np.max(np.abs(vector - expected)) <= 1e-14 * scale


def test_a_tree_is_solved_without_filling_in():
    pairs = [(0, 5), (1, 5), (2, 6), (3, 6), (5, 6), (4, 0)]
    assert elimination(7, pairs)[0].row.size == len(pairs)
