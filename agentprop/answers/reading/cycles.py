"""Permutations in cycles: `(1 2 3)(4 5)` to one spelling for every permutation; `(2 3 1)` is `(1 2 3)`."""

from __future__ import annotations

import re

_SPACE = r"(?:\s|\\[,;: ])+"
_CYCLES = re.compile(rf"(?:\(\s*\d+(?:{_SPACE}\d+)+\s*\)\s*){{1,20}}")
_CYCLE = re.compile(r"\(([^()]*)\)")


def cycles(text: str) -> str | None:
    """The permutation with every cycle begun at its least number, in their order; None for other texts.

    Cycles that share a number are left in the order in which they are multiplied.
    """
    if _CYCLES.fullmatch(text) is None:
        return None
    found = [list(map(int, re.findall(r"\d+", cycle))) for cycle in _CYCLE.findall(text)]
    numbers = [number for cycle in found for number in cycle]
    turned = [cycle[(least := cycle.index(min(cycle))) :] + cycle[:least] for cycle in found]
    if len(set(numbers)) == len(numbers):
        turned.sort()
    return "".join(f"({' '.join(map(str, cycle))})" for cycle in turned)
