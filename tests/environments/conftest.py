"""A library of one skill whose answers are 0 and 1, so that even a toy model is right now and then."""

from __future__ import annotations

from pathlib import Path

import pytest

import agentprop

SKILL = """---
name: parity-of-sum
description: Finds the remainder of a sum of two numbers on division by two. Use when a problem asks for a parity.
license: Apache-2.0
metadata:
  domain: mathematics
  category: parity
  intent: "See a parity without adding."
  method: "Choose two large numbers and ask for the remainder of their sum."
  effect: "Harder when the numbers come from other problems."
  tool: "The remainders of the two numbers give it; adding them confirms it."
  parameters:
    a: {kind: integer, min: 10, max: 100000, symbol: a}
    b: {kind: integer, min: 10, max: 100000, symbol: b}
  output: {kind: integer, symbol: r}
  phrasings:
    - ask: 'Find the remainder when the sum of $<a>$ and $<b>$ is divided by $2$.'
    - ask: 'What remains when $<a>+<b>$ is divided by $2$?'
  value:
    - 'the remainder of $<a>+<b>$ on division by $2$'
---
# Parity of a sum

## Recognition
Only the last bit matters.

## Workflow
Take the remainders first.

## Effect
Long numbers look harder than they are.

## Tools
`scripts/skill.py`.
"""
SCRIPT = '''"""Two numbers to the parity of their sum."""


def solve(a: int, b: int) -> int:
    """Add the remainders."""
    return (a % 2 + b % 2) % 2


def check(a: int, b: int) -> int:
    """Add first, and look at the last bit."""
    return (a + b) & 1
'''


@pytest.fixture(scope="session")
def parity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, in a directory of one's own."""
    package = tmp_path_factory.mktemp("library") / "parity-of-sum"
    (package / "scripts").mkdir(parents=True)
    (package / "SKILL.md").write_text(SKILL)
    (package / "scripts" / "skill.py").write_text(SCRIPT)
    return package


@pytest.fixture(scope="session")
def bits(parity: Path) -> agentprop.Dataset:
    """Its problems."""
    return agentprop.dataset(seed=5, skills=parity, bundled_skills=False, categories="parity", size=64)
