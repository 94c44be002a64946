"""A record type → its Arrow schema, declared from the pydantic model; records ↔ batches of that schema."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel, ValidationError

from agentprop.errors import ShardError
from agentprop.records import SCHEMA_VERSION, Record

VERSION_KEY = b"agentprop.schema_version"
KIND_KEY = b"agentprop.kind"
_LEAVES = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
REMAKE = "restore it from a copy, or run the stage that wrote it again with --fresh"
R = TypeVar("R", bound=Record)
Row = dict[str, Any]


def arrow_schema(record_type: type[Record]) -> pa.Schema:
    """Return the Arrow schema of a record type, with its kind and schema version as metadata."""
    metadata = {KIND_KEY: record_type.kind.encode(), VERSION_KEY: str(SCHEMA_VERSION).encode()}
    return pa.schema(fields(record_type), metadata=metadata)


def fields(model: type[BaseModel]) -> list[pa.Field]:
    """Return the Arrow fields of a pydantic model."""
    return [_field(name, info.annotation) for name, info in model.model_fields.items()]


def _field(name: str, annotation: Any) -> pa.Field:
    inner = _without_none(annotation)
    return pa.field(name, _arrow_type(inner), nullable=inner is not annotation)


def _without_none(annotation: Any) -> Any:
    """Return `X` for `X | None`, and any other annotation unchanged. Raises TypeError for other unions."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation
    members = [member for member in get_args(annotation) if member is not type(None)]
    if len(members) != 1:
        raise TypeError(f"a column cannot hold {annotation}: give it one type, or one type and None")
    return members[0]


def _arrow_type(annotation: Any) -> pa.DataType:
    if get_origin(annotation) is Literal:
        return _arrow_type(type(get_args(annotation)[0]))
    if get_origin(annotation) is tuple and get_args(annotation)[1:] == (...,):
        return pa.list_(_field("element", get_args(annotation)[0]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pa.struct(fields(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return pa.string()
    if annotation in _LEAVES:
        return _LEAVES[annotation]
    raise TypeError(f"a column cannot hold {annotation}: free-form values are stored as JSON strings")


def batch_of(records: Sequence[Record], schema: pa.Schema) -> pa.RecordBatch:
    """Convert records to one batch. Raises ShardError that names a record which cannot be stored."""
    try:
        return pa.RecordBatch.from_pylist([record.model_dump() for record in records], schema=schema)
    except (UnicodeEncodeError, OverflowError, pa.ArrowInvalid) as error:
        culprit = next(record for record in records if not _storable(record, schema))
        raise ShardError(
            f"{culprit.kind} {culprit.id} cannot be stored: {error}",
            hint="texts must be valid Unicode (no lone surrogates) and integers must fit 64 bits",
        ) from error


def _storable(record: Record, schema: pa.Schema) -> bool:
    try:
        pa.RecordBatch.from_pylist([record.model_dump()], schema=schema)
    except (UnicodeEncodeError, OverflowError, pa.ArrowInvalid):
        return False
    return True


def records_of(rows: Iterable[Row], record_type: type[R], source: str) -> Iterator[R]:
    """Rebuild records from rows, checking their ids. Raises ShardError for a damaged one."""
    for row in rows:
        try:
            yield record_type.model_validate(row)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or row.get("id")
            message = f"{source} holds a damaged {record_type.kind}: {where}: {first['msg']}"
            raise ShardError(message, hint=REMAKE) from error


def check_schema(found: pa.Schema, record_type: type[Record], source: str) -> None:
    """Check that a schema is that of a record type. Raises ShardError if it is foreign, newer or of another kind."""
    metadata = found.metadata or {}
    if KIND_KEY not in metadata or not metadata.get(VERSION_KEY, b"").isdigit():
        raise ShardError(f"{source} was not written by agentprop", hint="name a run directory, or a shard inside one")
    version = int(metadata[VERSION_KEY])
    if version > SCHEMA_VERSION:
        raise ShardError(
            f"{source} has schema version {version}, and this agentprop reads up to {SCHEMA_VERSION}",
            hint="upgrade agentprop",
        )
    kind = metadata[KIND_KEY].decode(errors="replace")
    if kind != record_type.kind:
        raise ShardError(f"{source} holds records of kind {kind}, not {record_type.kind}", hint="name another run")
    if version == SCHEMA_VERSION and not _readable(list(found), list(arrow_schema(record_type))):
        raise ShardError(f"{source} has columns other than those of a {kind}", hint=REMAKE)


def _readable(found: Sequence[pa.Field], declared: Sequence[pa.Field]) -> bool:
    """True if columns are the declared ones, but for those that are null in whatever was stored before they came."""
    at = {field.name: field for field in found}
    present = [field for field in declared if field.name in at]
    if [field.name for field in found] != [field.name for field in present]:
        return False
    return all(field.nullable for field in declared if field.name not in at) and all(
        at[field.name].nullable == field.nullable and _readable_type(at[field.name].type, field.type)
        for field in present
    )


def _readable_type(found: pa.DataType, declared: pa.DataType) -> bool:
    if pa.types.is_struct(found) and pa.types.is_struct(declared):
        return _readable(list(found), list(declared))
    if pa.types.is_list(found) and pa.types.is_list(declared):
        return _readable([found.value_field], [declared.value_field])
    return bool(found.equals(declared))
