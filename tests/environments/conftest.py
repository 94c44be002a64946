"""A library of one skill whose answers are single digits, so that even a toy model is right now and then."""

from __future__ import annotations

from pathlib import Path

import pytest

import agentprop

SKILL = """---
name: casting-out-nines
description: Finds the remainder of a sum of two numbers on division by nine. Use when only digits matter.
license: Apache-2.0
metadata:
  domain: mathematics
  category: nines
  intent: "See a remainder without dividing."
  method: "Choose two large numbers and ask for the remainder of their sum."
  effect: "Harder when the numbers come from other problems."
  tool: "The remainders of the two numbers give it; adding them confirms it."
  parameters:
    a: {kind: integer, min: 10, max: 100000, symbol: a}
    b: {kind: integer, min: 10, max: 100000, symbol: b}
  output: {kind: integer, symbol: r}
  phrasings:
    - ask: 'Find the remainder when the sum of $<a>$ and $<b>$ is divided by $9$.'
    - ask: 'What remains when $<a>+<b>$ is divided by $9$?'
  value:
    - 'the remainder of $<a>+<b>$ on division by $9$'
---
# Casting out nines

## Recognition
Only the digits matter.

## Workflow
Take the remainders first.

## Effect
Long numbers look harder than they are.

## Tools
`scripts/skill.py`.
"""
SCRIPT = '''"""Two numbers to the remainder of their sum on division by nine."""


def solve(a: int, b: int) -> int:
    """Add the remainders."""
    return (a % 9 + b % 9) % 9


def check(a: int, b: int) -> int:
    """Add the digits."""
    return sum(map(int, f"{a}{b}")) % 9
'''


@pytest.fixture(scope="session")
def nines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, in a directory of one's own."""
    package = tmp_path_factory.mktemp("library") / "casting-out-nines"
    (package / "scripts").mkdir(parents=True)
    (package / "SKILL.md").write_text(SKILL)
    (package / "scripts" / "skill.py").write_text(SCRIPT)
    return package


@pytest.fixture(scope="session")
def digits(nines: Path) -> agentprop.Dataset:
    """Its problems."""
    return agentprop.dataset(seed=5, skills=nines, bundled_skills=False, categories="nines", size=64)
