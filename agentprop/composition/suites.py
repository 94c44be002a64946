"""The stored tests of a family of judged programs, and the choice of few tests that fail every wrong program.

A family's inputs are the same for all values of its parameters; what is expected differs. `assets/suite.json` of its
package holds the inputs once, and for each setting of the parameters the expected values, the examples, the budget and
what became of the wrong programs.

    >>> kills = {"rounds up": {0, 2}, "no clamp": {2}, "one-way": {1, 2, 3}}
    >>> cover(kills, sizes=[9, 1, 5, 1], kept=[])
    [2, 1, 0]
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from agentprop.records import TestCase
from agentprop.skills import Package

TIMES = 10
"""Budget of a test, in runs of the reference on the test that costs it most."""
VERSION = 1
TWICE = 2
"""Tests that fail a wrong program, if there are so many."""


@dataclass(frozen=True)
class Setting:
    """The tests of one setting of a family's parameters."""

    tests: tuple[TestCase, ...]
    """Hidden tests."""
    tags: tuple[str, ...]
    """What each test is there for."""
    examples: tuple[TestCase, ...]
    """Tests shown in the statement."""
    ticks: int
    """Budget of each test."""
    failed: Mapping[str, float]
    """Wrong programs, by name, and the share of the hidden tests that each fails; none of a suite built before."""


def cover(kills: Mapping[str, Set[int]], sizes: Sequence[int], kept: Sequence[int]) -> list[int]:
    """Choose tests, beside those kept, until every program fails two of them, or all that it fails.

    `kills` maps programs to the tests that they fail. Greedy: the test that is still needed for most programs comes
    first, of several the smallest; it is at most ln(programs) + 1 times as many tests as needed (Chvátal 1979).
    """
    chosen = list(kept)
    missing = {name: min(TWICE, len(tests)) - len(tests & set(chosen)) for name, tests in kills.items()}
    while any(count > 0 for count in missing.values()):
        gains = [
            -1 if test in chosen else sum(test in kills[name] for name, count in missing.items() if count > 0)
            for test in range(len(sizes))
        ]
        best = max(range(len(sizes)), key=lambda test: (gains[test], -sizes[test], -test))
        chosen.append(best)
        for name, tests in kills.items():
            missing[name] -= best in tests
    return chosen


def key(parameters: Mapping[str, Any]) -> str:
    """The name of a setting."""
    return json.dumps(dict(parameters), sort_keys=True)


def setting(package: Package, parameters: Mapping[str, Any]) -> Setting | None:
    """The stored tests of a setting; None if the package has none for it."""
    return _settings(package.suite).get(key(parameters)) if package.suite is not None else None


@lru_cache(maxsize=64)
def _settings(suite: str) -> dict[str, Setting]:
    data = json.loads(suite)
    inputs, tags = data["inputs"], data["tags"]
    return {key(one["parameters"]): _setting(one, inputs, tags) for one in data["settings"]}


def _setting(one: Mapping[str, Any], inputs: Sequence[str], tags: Sequence[str]) -> Setting:
    cases = [TestCase(arguments=a, expected=e) for a, e in zip(inputs, one["expected"], strict=True)]
    shown = [number for number, tag in enumerate(tags) if tag == "example"]
    hidden = [number for number in range(len(cases)) if number not in shown]
    return Setting(
        tuple(cases[n] for n in hidden),
        tuple(tags[n] for n in hidden),
        tuple(cases[n] for n in shown),
        one["ticks"],
        {name: count / len(hidden) for name, count in one.get("failed", {}).items()},
    )
