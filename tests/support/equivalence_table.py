"""The table of answer pairs, with long texts written as [piece, times] lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_TABLE = Path(__file__).with_name("equivalence_cases.json")
OPTIONS = ("precision", "choices", "unit", "require_unit")


def load() -> list[dict[str, Any]]:
    cases = json.loads(_TABLE.read_text(encoding="utf-8"))
    return [{**case, "gold": _written_out(case["gold"]), "pred": _written_out(case["pred"])} for case in cases]


def options(case: dict[str, Any]) -> dict[str, Any]:
    return {name: case[name] for name in OPTIONS if name in case}


def _written_out(text: str | list[list[Any]]) -> str:
    return text if isinstance(text, str) else "".join(piece * times for piece, times in text)
