"""Building the suite of a small family with several right outputs: what it accepts, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentprop.composition.suite_building import build
from agentprop.errors import SkillError
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, read

MANIFEST = """---
name: coding-judge-toy
description: A judged program that finds a divisor. Use in a test of the tests.
license: Apache-2.0
metadata:
  domain: coding
  category: coding-judge
  intent: "Try divisors up to the square root."
  method: "Choose primes and squares of primes."
  effect: "Trying all numbers is too slow."
  tool: "Try all numbers."
  parameters:
    a: {kind: integer, values: [2], symbol: a}
  output: {kind: program}
  judged:
    form: function
    arguments: {n: int}
    returns: int
    input: "A number n."
    output: "A divisor of n from 2 to n - 1; any is accepted."
    limits: ["2 <= n <= 10^7"]
    edge_rule: "If there is none, the result is 0."
  phrasings:
    - {ask: "Find a divisor of n that is at least <a> and less than n."}
---
# Toy
"""
SCRIPT = '''"""A number -> a proper divisor."""


def solve(n, a):
    d = a
    while d * d <= n:
        if n % d == 0:
            return d
        d += 1
    return 0


def check(n, a):
    """Try all numbers, and keep the last one that divides."""
    last = 0
    for d in range(a, n):
        if n % d == 0:
            last = d
    return last


def accepts(n, found, expected, a):
    if type(found) is not int:
        return False
    return a <= found < n and n % found == 0 if expected else found == 0


def fits(n):
    return 2 <= n <= 10**7


def inputs(rng, size):
    sizes = {"edge": [2, 4, 9, 25], "small": range(3, 140), "medium": [], "large": [999_983, 1_000_003]}
    return [(n,) for n in sizes[size]]


def wrong_one_divides_everything(n, a):
    return 1


def other_the_larger_divisor(n, a):
    d = solve(n, a)
    return n // d if d else 0


def other_from_the_root_down(n, a):
    for d in range(int(n**0.5), a - 1, -1):
        if n % d == 0:
            return d
    return 0


EQUIVALENT = {}
'''


def family(folder: Path, script: str) -> Package:
    place = folder / "coding-judge-toy"
    (place / "scripts").mkdir(parents=True)
    (place / "SKILL.md").write_text(MANIFEST)
    (place / "scripts" / "skill.py").write_text(script)
    package, faults = read(place)
    assert package is not None and not faults, faults
    return package


def test_a_suite_with_a_checker_is_built(tmp_path: Path, executor: Executor) -> None:
    built = build(family(tmp_path, SCRIPT), executor.sandbox)
    [report] = built.reports
    assert report.hand_killed == report.hand == 1 and report.mutants_killed == report.mutants > 5
    assert report.checked > 100 and report.slow == {"check": 2} and max(report.other.values()) <= 1
    assert json.loads(built.text)["settings"][0]["expected"]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("return found >= 0 and n % max(found, 1) == 0", "accepts fails on the output None"),
        ("return True", "passes every test"),
    ],
)
def test_a_checker_that_is_of_no_use_is_refused(rule: str, why: str, tmp_path: Path, executor: Executor) -> None:
    start, end = SCRIPT.index("    if type(found)"), SCRIPT.index("def fits")
    with pytest.raises(SkillError, match=why):
        build(family(tmp_path, f"{SCRIPT[:start]}    {rule}\n\n\n{SCRIPT[end:]}"), executor.sandbox)


def test_a_checker_where_one_output_is_right_is_refused(tmp_path: Path, executor: Executor) -> None:
    script = SCRIPT.replace("            last = d\n", "            last = last or d\n")
    script = script.replace("return n // d if d else 0", "return d")
    script = script.replace("range(int(n**0.5), a - 1, -1)", "range(a, int(n**0.5) + 1)")
    with pytest.raises(SkillError, match="no two right outputs"):
        build(family(tmp_path, script), executor.sandbox)
