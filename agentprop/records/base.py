"""A row of a shard and its identity: frozen, versioned, with an id that is a hash of its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator

SCHEMA_VERSION = 2
"""Version 2: a problem's certificate is part of its identity. Older records keep the ids of their version."""
R = TypeVar("R", bound="Record")

Domain = Literal["mathematics", "coding", "science"]
AnswerType = Literal[
    "integer", "rational", "expression", "quantity", "boolean", "list", "string", "set", "choice", "program"
]
Evidence = Literal["independent", "self-consistent", "certificate", "none"]


def content_id(*parts: object) -> str:
    """20 hex digits of the SHA-256 of the parts' canonical JSON: 80 bits, without a likely collision below 10^9."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _plain(value: object) -> object:
    if isinstance(value, Record):
        return value.id
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"no canonical form for {type(value).__name__}")


class Part(BaseModel):
    """A frozen value inside a record; it has no identity of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Record(Part):
    """A frozen row of a shard. Reading refuses a stored id that does not match its content."""

    kind: ClassVar[str]
    identity: ClassVar[tuple[str, ...]]

    schema_version: int = SCHEMA_VERSION
    """Version of the record layout; a reader refuses newer ones."""
    id: str = ""
    """Hash of the identity fields; computed if empty."""

    @model_validator(mode="after")
    def _identify(self) -> Self:
        expected = content_id(self.kind, *self._identity_values())
        if not self.id:
            object.__setattr__(self, "id", expected)
        elif self.id != expected:
            raise ValueError(f"{self.kind} {self.id} does not match its content ({expected})")
        return self

    def _identity_values(self) -> Iterator[object]:
        """Yield the values that the id is a hash of, by the record's schema version."""
        yield from (getattr(self, name) for name in self.identity)


def check_storable(record: R) -> R:
    """The record. Raises ValueError where a text of it cannot be written, as one with a lone surrogate cannot."""
    record.model_dump_json()
    return record


class MadeBy(Part):
    """Maker of a record: the builtin program or a model, with its settings."""

    name: str = "builtin"
    """`builtin`, or the model's name as its server reports it."""
    revision: str | None = None
    """Model or checkpoint revision, if known."""
    sampling: str | None = None
    """Sampling parameters, JSON."""
    prompt_hash: str | None = None
    """Hash of the prompt files in force."""
    version: str = ""
    """agentprop's version."""
