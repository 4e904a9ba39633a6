"""The base of every record of the station file: frozen, strict about keys, sourced."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from lunabase.station.quantities import file_key

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=64)]
"""Lower-case words joined by hyphens; the key under which a thing is listed."""


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


class SourcedRecord(Record):
    """A record whose numbers come from somewhere, and say so."""

    source: str = ""
    """Where the numbers come from: a paper, an announcement, a data sheet."""
    estimates: tuple[str, ...] = ()
    """Keys of this record whose values are estimates; they are marked wherever a user sees them."""

    @model_validator(mode="after")
    def _estimates_are_own_keys(self) -> SourcedRecord:
        keys = {file_key(name) for name in type(self).model_fields}
        wrong = [name for name in self.estimates if name not in keys]
        if wrong:
            raise ValueError(f"estimates names {', '.join(wrong)}, which this entry does not have")
        if self.estimates and not self.source:
            raise ValueError("it has estimates but no source; say in `source` what they rest on")
        return self


class Range(Record):
    """An interval of a number; at least one side is given."""

    above: float | None = None
    """The value must be above this."""
    below: float | None = None
    """The value must be below this."""


Name = Annotated[str, Field(min_length=1, max_length=200)]
