"""Answer equivalence beside math-verify: the same table in one run; ratios, not seconds, are the result.

    python examples/benchmarks/equivalence.py

Accuracy is over every pair of `tests/support/equivalence_cases.json`, and over those that need no option (precision,
choices, unit), which math-verify does not have. math-verify gets each text between dollars if it has no delimiter
of its own, as its documentation advises. `undetermined` counts as wrong. Speed is over simple pairs (integers and
fractions), one at a time, by the clock; it is a fair ratio on an idle machine.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentprop.answers import equivalent

TABLE = Path(__file__).parents[2] / "tests" / "support" / "equivalence_cases.json"
OPTIONS = ("precision", "choices", "unit", "require_unit")
SIMPLE_PAIRS = 2_000
LONGEST = 20_000
"""Longer texts are left out of the accuracy of both: math-verify has no limit of its own."""

Judge = Callable[[dict[str, Any]], str]


def cases() -> list[dict[str, Any]]:
    def written_out(text: Any) -> str:
        return text if isinstance(text, str) else "".join(piece * times for piece, times in text)

    table = json.loads(TABLE.read_text(encoding="utf-8"))
    full = [{**case, "gold": written_out(case["gold"]), "pred": written_out(case["pred"])} for case in table]
    return [case for case in full if max(len(case["gold"]), len(case["pred"])) <= LONGEST]


def ours(case: dict[str, Any]) -> str:
    given = {name: case[name] for name in OPTIONS if name in case}
    return equivalent(gold=case["gold"], pred=case["pred"], **given).status


def math_verify() -> Judge:
    from math_verify import parse, verify

    logging.disable(logging.CRITICAL)

    def delimited(text: str) -> str:
        return text if any(mark in text for mark in ("$", "\\(", "\\[", "\\boxed")) else f"${text}$"

    def judge(case: dict[str, Any]) -> str:
        gold, pred = parse(delimited(case["gold"])), parse(delimited(case["pred"]))
        return "same" if verify(gold, pred) else "different"

    return judge


def accuracy(judge: Judge, table: list[dict[str, Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for case in table:
        status = judge(case)
        found["right"] += status == case["expected"]
        found["false accepts"] += status == "same" != case["expected"]
        found["false rejects"] += status == "different" != case["expected"]
        found["undetermined"] += status == "undetermined"
    return found


def simple_pairs(count: int) -> list[dict[str, Any]]:
    """Integers and fractions in their usual notations, all different, so that nothing is answered from memory."""
    generator = random.Random(7)
    pairs = []
    for k in range(count):
        top, bottom = generator.randint(1, 10**6), generator.choice((1, 2, 4, 5, 8, 20))
        shown = top + k % 2
        preds = (
            f"\\boxed{{{shown}/{bottom}}}",
            f"$\\frac{{{shown}}}{{{bottom}}}$",
            f"{shown / bottom}",
            f"{shown:,}/{bottom}",
        )
        pairs.append({"gold": f"\\frac{{{top}}}{{{bottom}}}", "pred": preds[k % 4]})
    return pairs


def pairs_per_second(judge: Judge, pairs: list[dict[str, Any]]) -> float:
    start = time.perf_counter()
    for pair in pairs:
        judge(pair)
    return len(pairs) / (time.perf_counter() - start)


def report(name: str, judge: Judge, table: list[dict[str, Any]]) -> Counter[str]:
    found = accuracy(judge, table)
    print(
        f"  {name:12} {found['right']:4}/{len(table)} right ({found['right'] / len(table):6.1%}), "
        f"{found['false accepts']} false accepts, {found['false rejects']} false rejects, "
        f"{found['undetermined']} undetermined"
    )
    return found


def main() -> int:
    table = cases()
    plain = [case for case in table if not any(name in case for name in OPTIONS)]
    judges = {"agentprop": ours, "math-verify": math_verify()}
    for title, part in (("all pairs", table), ("pairs without options", plain)):
        print(f"{title}:")
        found = {name: report(name, judge, part) for name, judge in judges.items()}
    speeds = {name: pairs_per_second(judge, simple_pairs(SIMPLE_PAIRS)) for name, judge in judges.items()}
    print(f"speed on {SIMPLE_PAIRS:,} simple pairs, per core:")
    for name, speed in speeds.items():
        print(f"  {name:12} {speed:8,.0f} pairs/s")
    print(f"  ratio        {speeds['agentprop'] / speeds['math-verify']:8.1f}")
    return 0 if found["agentprop"]["right"] == len(plain) else 1


if __name__ == "__main__":
    sys.exit(main())
