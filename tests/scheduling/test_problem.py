import pytest

from lunabase.errors import InputError
from lunabase.scheduling.problem import (
    Demand,
    Done,
    Group,
    Link,
    Mode,
    Problem,
    Renewable,
    Reservoir,
    Task,
    value_of,
)

ONE = Task((Mode(1),))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tasks": (Task(()),)}, "no mode"),
        ({"tasks": (Task((Mode(-1),)),)}, "duration"),
        ({"tasks": (Task((Mode(2, longest=1),)),)}, "duration"),
        (
            {
                "tasks": (
                    Task(
                        (Mode(1, (Demand(0, 1),)),),
                    ),
                )
            },
            "no resource 0",
        ),
        (
            {
                "tasks": (
                    Task(
                        (Mode(1, (Demand(0, -1),)),),
                    ),
                ),
                "resources": (Renewable(1),),
            },
            "below 0",
        ),
        ({"tasks": (ONE,), "resources": (Reservoir(3, 0, 2),)}, "limits"),
        ({"tasks": (ONE,), "links": (Link(0, 1),)}, "task 1"),
        ({"tasks": (ONE, ONE), "links": (Link(0, 1, 2, 1),)}, "greatest lag"),
        ({"tasks": (ONE,), "groups": (Group((0, 2), 0, 1),)}, "task 2"),
        ({"tasks": (Task((Mode(1),), beneficiary=0),)}, "no beneficiary 0"),
    ],
)
def test_wrong_problems_are_refused(given, told):
    with pytest.raises(InputError, match=told):
        Problem(horizon=9, **given)


def test_values_by_hand():
    tasks = (
        Task((Mode(2),), worth=3, worth_per_tick=1, beneficiary=0, previous_start=4),
        Task((Mode(3),), optional=True, worth=7, beneficiary=1, previous_start=0),
        Task((Mode(1),), worth=2, beneficiary=1),
    )
    problem = Problem(tasks, 20, claims=(10, 8))
    solution = (Done(1, 2), None, Done(5, 1))
    assert value_of(problem, "makespan", solution) == 6
    assert value_of(problem, "worth", solution) == 3 + 2 + 2
    assert value_of(problem, "fairness", solution) == 250
    assert value_of(problem, "stability", solution) == 3 + 20
    assert value_of(problem, "earliness", solution) == 6
