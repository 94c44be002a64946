"""A program composed of skills, and programs with one slip each → on how many of some data each slip shows.

A slip that shows for nearly all data is found at a glance. One that shows for a telling few, such as ties, bounds or
empty lists, has to be thought out, so it comes first. Ours.

    >>> subtle({"off by one": 0.2, "strict": 0.45, "minus for plus": 0.9, "nothing": 1.0})
    ['off by one', 'strict']
    >>> subtle({"minus for plus": 0.9, "nothing": 1.0})
    ['minus for plus']
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from agentprop.portable import parse_python

LEAST, MOST = 0.05, 0.6
"""Shares of the data between which a slip is subtle."""
TURNS = 20_000
"""Turns of loops after which a program is taken to come to no end on one of the data: with a slip a list may double."""
UNFIT = "unfit"
"""Printed for a program that breaks off or comes to no end: that gives its fault away."""

_TRIAL = """
inputs = {inputs}
turns = 0

def turn():
    global turns
    turns += 1
    if turns > {turns}:
        raise RuntimeError("no end")

def missed():
    global turns
    found = 0
    for item, wanted in right:
        turns = 0
        found += solve(item) != wanted
    return found

right = [(item, solve(item)) for item in inputs]"""
_TRIED = """
{changed}
try:
    print(missed() / len(right))
except Exception:
    print("{unfit}")
{own}"""


def subtle(shares: Mapping[str, float]) -> list[str]:
    """The programs whose share of wrong results is nearest to what is subtle, in their order."""
    least = min((_off(share) for share in shares.values()), default=0.0)
    return [program for program, share in shares.items() if _off(share) == least]


def _off(share: float) -> float:
    """How far a share is from those of subtle slips."""
    return max(LEAST - share, share - MOST, 0.0)


def trial(own: str, programs: Sequence[str], inputs: str) -> str:
    """Write the code that prints, for each of the programs, the share of the data for which it is not right."""
    before = _functions(own)
    tried = []
    for program in programs:
        [name] = [name for name, text in before.items() if f"{text}\n" not in f"{program}\n"]
        tried.append(_TRIED.format(changed=_counting(program, name), own=before[name], unfit=UNFIT))
    return "\n".join([own, _TRIAL.format(inputs=inputs, turns=TURNS), *tried])


def shares(programs: Sequence[str], printed: Sequence[str]) -> dict[str, float]:
    """The programs that are wrong for some of the data, but not for all, with the shares that the code printed."""
    found = {program: float(line) for program, line in zip(programs, printed, strict=False) if line != UNFIT}
    return {program: share for program, share in found.items() if 0 < share < 1}


def _functions(program: str) -> dict[str, str]:
    tree = parse_python(program)
    return {node.name: ast.unparse(node) for node in tree.body if isinstance(node, ast.FunctionDef)}


def _counting(program: str, name: str) -> str:
    """A function of a program that counts the turns of its loops."""
    tree = ast.parse(program)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    for loop in ast.walk(function):
        if isinstance(loop, ast.While | ast.For):
            loop.body.insert(0, ast.parse("turn()").body[0])
    return ast.unparse(function)
