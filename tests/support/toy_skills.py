"""Skill packages of a few lines, for tests that need some skill and not a particular one."""

from __future__ import annotations

from textwrap import dedent, indent

from agentprop.skills import Package, parse

HEAD = """---
name: toy-{name}
description: {name} of a number, for tests.
metadata:
  domain: mathematics
  category: toy
  intent: i
  method: m
  effect: e
  tool: t
"""
OF_A_NUMBER = """
parameters:
  n: {{kind: integer, min: {low}, max: 99}}
output: {{kind: integer}}
phrasings:
  - {{ask: "Find the {name} of <n>."}}
  - {{ask: "What is the {name} of <n>?"}}
value: ["the {name} of <n>"]
"""


def skill_text(name: str, metadata: str) -> str:
    """Return a SKILL.md, from its metadata behind what every toy has in common."""
    return f"{HEAD.format(name=name)}{indent(dedent(metadata).strip(), '  ')}\n---\n# About {name}\n"


def of_a_number(name: str, body: str, low: int = 1) -> Package:
    """Return a skill that computes an expression in n, a whole number from `low` to 99."""
    script = f"def solve(n):\n    return {body}\n\ndef check(n):\n    return {body}\n"
    return parse(skill_text(name, OF_A_NUMBER.format(name=name, low=low)), script)
