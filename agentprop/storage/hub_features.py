"""A row type → its columns as a dataset card declares them (`dataset_info` of the Hugging Face Hub).

Without the declaration a reader guesses types from the first rows of each split, and a column that is empty there has
another type than in the next split.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pydantic import BaseModel

from agentprop.storage.arrow_schema import fields

_NAMES = {pa.string(): "string", pa.int64(): "int64", pa.float64(): "float64", pa.bool_(): "bool"}


def hub_features(row: type[BaseModel]) -> list[dict[str, Any]] | None:
    """Declare the columns of a row type; None if one of them has no type that a column can have."""
    try:
        return [_feature(field) for field in fields(row)]
    except TypeError:
        return None


def _feature(field: pa.Field) -> dict[str, Any]:
    return {"name": field.name, **_type(field.type)}


def _type(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(kind):
        return {"struct": [_feature(field) for field in kind]}
    if pa.types.is_list(kind):
        inner = _type(kind.value_type)
        return {"list": inner.get("struct") or inner.get("dtype") or inner}
    return {"dtype": _NAMES[kind]}
