"""The base of every record of the station file: frozen, strict about keys, sourced, with rules across its fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from annotated_types import Interval
from pydantic import BaseModel, ConfigDict, Strict, StringConstraints, model_validator

from lunabase.station.quantities import file_key

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=64)]
"""Lower-case words joined by hyphens; the key under which a thing is listed."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Interval(ge=1, le=10_000)]
Priority = Annotated[int, Strict(), Interval(ge=1, le=10)]
"""10 comes first."""
People = Annotated[int, Strict(), Interval(ge=0, le=100)]


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that must hold between the fields of one record."""

    needs: tuple[str, ...]
    """The fields it reads; it waits while one of them is malformed."""
    broken: Callable[[Any], object]
    """Of the record: something true when the rule is broken."""
    problem: str
    """What is wrong, in words; ``{}`` stands for what ``broken`` found."""
    at: str = ""
    """The key in the file where the problem is told; empty: the record itself."""


class Record(BaseModel):
    """A frozen record; its keys in the file are the field names without their units."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=file_key,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        populate_by_name=False,
    )

    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _keeps_its_rules(self) -> Self:
        problems = [problem for _, problem in broken_rules(self, ())]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def broken_rules(record: Record, malformed: Collection[str]) -> Iterator[tuple[str, str]]:
    """Key and problem of every rule that a record breaks; rules that need a malformed field wait."""
    for owner in type(record).__mro__:
        for rule in vars(owner).get("rules", ()):
            found = not set(rule.needs) & set(malformed) and rule.broken(record)
            if found:
                yield rule.at, rule.problem.format(found)


def repeated(names: Iterable[str]) -> str:
    """The first name that a list holds twice, or an empty text."""
    return next((name for name, count in Counter(names).items() if count > 1), "")


_UNESTIMATED = ("source", "estimates", "type")
"""Keys that hold no value which could be estimated."""


def _foreign_estimates(record: SourcedRecord) -> str:
    keys = {file_key(name) for name in type(record).model_fields}.difference(_UNESTIMATED)
    return ", ".join(name for name in record.estimates if name not in keys)


class SourcedRecord(Record):
    """A record whose numbers come from somewhere, and say so."""

    source: str = ""
    """Where the numbers come from: a paper, an announcement, a data sheet."""
    estimates: tuple[str, ...] = ()
    """Keys of this record whose values are estimates; they are marked wherever a user sees them."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(("estimates",), _foreign_estimates, "estimates names {}, which is no value of this entry", "estimates"),
        Rule(
            ("estimates", "source"),
            lambda record: record.estimates and not record.source,
            "it has estimates but no source; say in `source` what they rest on",
            "estimates",
        ),
    )
