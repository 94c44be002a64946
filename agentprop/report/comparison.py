"""Two sets of runs → where they differ: settings, counts, reasons, pass rates, and verdicts on problems of both."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_CHANGED = 300
"""Most problems with another verdict that are listed; all are counted."""


@dataclass(frozen=True)
class Side:
    """One of the two."""

    name: str
    """Names of its runs."""
    settings: Mapping[str, Any]
    """`stage.setting` → value, of those that are set."""
    verdicts: Mapping[str, int]
    """Verdict → problems."""
    reasons: Mapping[str, int]
    """Reason code → rejects."""
    categories: Mapping[str, int]
    """Category → listed problems."""
    pass_rates: Mapping[str, float]
    """Prober → mean pass rate."""
    statuses: Mapping[str, str]
    """Listed problem → its verdict."""


def compare(left: Side, right: Side) -> dict[str, Any]:
    """Compare two sides; a number that one of them does not have is 0, a pass rate or setting null."""
    both = left.statuses.keys() & right.statuses.keys()
    changed = sorted(problem for problem in both if left.statuses[problem] != right.statuses[problem])
    moves = Counter((left.statuses[problem], right.statuses[problem]) for problem in changed)
    return {
        "names": [left.name, right.name],
        "settings": _different(left.settings, right.settings),
        "counts": {
            "Problems by verdict": _counted(left.verdicts, right.verdicts),
            "Refused, by reason": _counted(left.reasons, right.reasons),
            "Problems by category": _counted(left.categories, right.categories),
        },
        "rates": [[name, left.pass_rates.get(name), right.pass_rates.get(name)] for name in _keys(left, right)],
        "shared": len(both),
        "moves": [[*move, count] for move, count in moves.most_common()],
        "changed": [[one, left.statuses[one], right.statuses[one]] for one in changed[:MOST_CHANGED]],
    }


def _keys(left: Side, right: Side) -> list[str]:
    return list(dict.fromkeys([*left.pass_rates, *right.pass_rates]))


def _counted(left: Mapping[str, int], right: Mapping[str, int]) -> list[list[Any]]:
    """Rows (name, left, right), the most frequent first."""
    names = sorted(left.keys() | right.keys(), key=lambda name: (-left.get(name, 0) - right.get(name, 0), name))
    return [[name, left.get(name, 0), right.get(name, 0)] for name in names]


def _different(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[list[Any]]:
    """Rows (setting, left, right) of the settings that are not the same, as JSON."""
    names = sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))
    return [[name, _text(left.get(name)), _text(right.get(name))] for name in names]


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
