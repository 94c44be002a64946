"""A model's files → the number format of each of its weights, which its checkpoints keep.

A model may be computed with in another format than it is stored in: bfloat16 files are trained in float32 on a CPU.
What is published has the format of what was loaded.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME
from transformers.utils.hub import cached_file

FORMATS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
"""Number formats by their names in safetensors files; weights in other ones are stored as they are computed with."""


@dataclass(frozen=True)
class StoredFormats:
    """Number formats of a model's files."""

    by_name: Mapping[str, torch.dtype] = field(default_factory=dict)
    """Format of each weight, by its name in the files."""

    @property
    def commonest(self) -> torch.dtype | None:
        """Format of most weights; None for a model without files, which has the format it is computed with."""
        counted = Counter(self.by_name.values()).most_common(1)
        return counted[0][0] if counted else None

    def of(self, name: str, computed: torch.dtype) -> torch.dtype:
        """Return the format in which to store a weight; the commonest one if the files have another name for it."""
        return self.by_name.get(name) or self.commonest or computed

    @classmethod
    def read(cls, source: str) -> StoredFormats:
        """Read the headers of the files of a directory or hub id."""
        return cls({name: found for file in _files(source) for name, found in _formats(file)})


def _files(source: str) -> Iterator[str]:
    index = _file(source, SAFE_WEIGHTS_INDEX_NAME)
    if index is None:
        names = [SAFE_WEIGHTS_NAME]
    else:
        names = sorted(set(json.loads(Path(index).read_text(encoding="utf-8"))["weight_map"].values()))
    yield from (file for name in names if (file := _file(source, name)) is not None)


def _file(source: str, name: str) -> str | None:
    found: str | None = cached_file(source, name, _raise_exceptions_for_missing_entries=False)
    return found


def _formats(file: str) -> Iterator[tuple[str, torch.dtype]]:
    with safe_open(file, framework="pt") as opened:
        tensors: Any = opened
        for name in tensors.keys():  # noqa: SIM118 (it is no mapping)
            kind = tensors.get_slice(name).get_dtype()
            if kind in FORMATS:
                yield name, FORMATS[kind]
