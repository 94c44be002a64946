"""A program that a statement asks for, and what is asked about it: to write it, to repair or speed up one, or its edge.

`repair` shows a program with one change that a test fails; `optimise` shows one that is right, and too slow for the
largest inputs (a family's own slow program, or one in which a step of the composition is done by its brute force);
`edge` leaves the edge rule out, shows a right program, and asks what an input at the edge of the limits gives. All of
that stands behind the rest of the statement, and is read back from there:

    >>> text = asking("Count it.", Asked("repair", "def solve(n):\\n    return n"))
    >>> asked(text)
    ('Count it.', Asked(task='repair', program='def solve(n):\\n    return n', given=''))
    >>> asked("Count it.")
    ('Count it.', Asked(task='write', program='', given=''))
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from agentprop.composition.families import program, values_of
from agentprop.composition.listing import listing, sliced
from agentprop.composition.mutants import mutants, mutants_of_each
from agentprop.composition.suites import Setting, setting
from agentprop.composition.terms import Program, skills
from agentprop.portable import parse_python
from agentprop.skills import Judged, Package

UNFIT_PROGRAM = "refused:unfit_program"
"""Outcome of a submission that shows a program which is not what its statement says."""
LONGEST = 80
"""Characters of the longest input at the edge that is asked about."""
COMMON = 3
"""A result at the edge that is more frequent than one in so many is too likely to be guessed."""
ProgramTask = Literal["write", "repair", "optimise", "edge"]

_ENDINGS: dict[ProgramTask, str] = {
    "repair": "The following program was written for this, but one place in it is wrong. Give the corrected program.",
    "optimise": "The following program gives the right results, but is too slow for the largest inputs within these "
    "limits. Give a program that is fast enough.",
    "edge": "The rule for the edge of the limits is missing here. The following program is right.",
}
_CODE = "\n\n{ending}\n\n```python\n{program}\n```"
_PRINTED = "\n\nWhat must be printed for this input?\n\n```\n{given}\n```"
_RETURNED = "\n\nWhat must `{given}` return?"
_READ = {
    task: re.compile(re.escape(f"\n\n{ending}") + r"\n\n```python\n(?P<program>.*?)\n```(?P<tail>.*)", re.DOTALL)
    for task, ending in _ENDINGS.items()
}
_TAIL = re.compile(
    r"\n\nWhat must be printed for this input\?\n\n```\n(.*)\n```|\n\nWhat must `(.*)` return\?", re.DOTALL
)


@dataclass(frozen=True)
class Asked:
    """What a statement asks about a program."""

    task: ProgramTask
    """To write it, to repair or to speed up the one shown, or what it gives at the edge."""
    program: str = ""
    """The program shown."""
    given: str = ""
    """The input at the edge: a call of `solve`, or what is read."""


def asking(statement: str, asked: Asked) -> str:
    """Write a statement that asks for something else than a program alone."""
    if asked.task == "write":
        return statement
    text = statement + _CODE.format(ending=_ENDINGS[asked.task], program=asked.program)
    if asked.task != "edge":
        return text
    return text + (_RETURNED if asked.given.startswith("solve(") else _PRINTED).format(given=asked.given)


def asked(statement: str) -> tuple[str, Asked]:
    """Read what a statement asks, and the statement in front of that."""
    for task, ending in _READ.items():
        found = ending.search(statement)
        if found is None:
            continue
        tail = _TAIL.fullmatch(found["tail"])
        given = (tail[1] or tail[2]) if tail is not None and task == "edge" else ""
        read = statement[: found.start()], Asked(task, found["program"], given)
        if asking(*read) == statement:
            return read
    return statement, Asked("write")


# --- inputs at the edge ---


def edge_inputs(judged: Judged, setting: Setting) -> list[str]:
    """Short inputs at the edge of a family's limits whose result is one integer."""
    return [given for given, _ in _at_edge(judged, setting) if len(given) <= LONGEST]


def telling_edges(judged: Judged, setting: Setting) -> list[str]:
    """Those worth a question: a result that more than a third of all of them share is guessed without a look."""
    edges = list(_at_edge(judged, setting))
    results = Counter(answer for _, answer in edges)
    return [given for given, answer in edges if len(given) <= LONGEST and COMMON * results[answer] <= len(edges)]


def edge_answer(judged: Judged, setting: Setting, given: str) -> str:
    """The result for one of them. Raises LookupError for any other."""
    return next(answer for one, answer in _at_edge(judged, setting) if one == given)


def _at_edge(judged: Judged, setting: Setting) -> Iterator[tuple[str, str]]:
    if judged.returns != "int":
        return
    for test, tag in zip(setting.tests, setting.tags, strict=True):
        if tag == "edge":
            arguments, expected = values_of(judged, test)
            called = f"solve({', '.join(map(repr, arguments))})"
            yield called if judged.form == "function" else arguments[0].rstrip(), str(expected).strip()


# --- programs to show ---


def faulty(package: Package, values: Mapping[str, Any]) -> dict[str, float]:
    """Programs for a family's problem with one change, and the share of the hidden tests that each of them fails."""
    key = (package.id, tuple(values.items()))
    if key not in _FAULTY:
        found = setting(package, values)
        failed = found.failed if found is not None else {}
        scripts = _faulty_scripts(package.script or "").items()
        _FAULTY[key] = {program(package, values, script=text): failed.get(name, 1.0) for name, text in scripts}
    return _FAULTY[key]


_FAULTY: dict[object, dict[str, float]] = {}
"""Those of the settings met before: the proposer, the contract and the verifier ask for the same ones."""


def slow(package: Package, values: Mapping[str, Any]) -> list[str]:
    """Programs for a family's problem that are right, and exceed its budget."""
    functions = [node.name for node in parse_python(package.script or "").body if isinstance(node, ast.FunctionDef)]
    return [program(package, values, name) for name in functions if name == "check" or name.startswith("slow_")]


@lru_cache(maxsize=64)
def _faulty_scripts(script: str) -> dict[str, str]:
    """Scripts whose `solve` has one change, by its name; those that change nothing are named in the script."""
    tree = parse_python(script)
    equivalent, by_hand = _literal(tree, "EQUIVALENT"), _literal(tree, "WRONG")
    node = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "solve")
    solve = ast.get_source_segment(script, node) or ""
    made = {name: script.replace(solve, solve.replace(old, new)) for name, (old, new) in by_hand.items()}
    return made | {name: text for name, text in mutants(script, "solve").items() if name not in equivalent}


@lru_cache(maxsize=64)
def changed(listing: str) -> tuple[str, ...]:
    """Programs that differ in one place from one composed of skills; some of them may be right all the same."""
    functions = [node.name for node in parse_python(listing).body if isinstance(node, ast.FunctionDef)]
    found = mutants_of_each(listing, [name for name in functions if name != "solve"])
    return tuple(text for texts in found for text in texts.values())


def likely(listing: str) -> bool:
    """True for a changed program that somebody may have written: no list is subtracted, no condition is `True`."""
    nodes = [*ast.walk(parse_python(listing))]
    if any(isinstance(node, ast.If) and isinstance(node.test, ast.Constant) for node in nodes):
        return False
    differences = [
        node for node in nodes if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Sub)
    ]
    operands = [node.right if isinstance(node, ast.BinOp) else node.value for node in differences]
    return not any(isinstance(part, ast.List | ast.ListComp) for operand in operands for part in ast.walk(operand))


def slowed(term: Program, library: Mapping[str, Package]) -> dict[str, tuple[str, ...]]:
    """Programs that compute the same as one composed of skills, and how their budget is put to the test.

    In each, one step is done by its `check`, if that looks slower than `solve`; whether the largest inputs take too
    long is for the ticks to say. To each belong the programs in which another step is done by its `check` instead:
    right ones of another style, one of which must keep the budget.
    """
    entry = ("solve", term.variable)
    names = skills(term)
    by_check = {name: listing(term.body, library, entry=entry, brute={name}) for name in names}
    return {
        by_check[name]: tuple(by_check[other] for other in names if other != name)
        for name in names
        if _looks_slow(library[name].script or "")
    }


@lru_cache(maxsize=256)
def _looks_slow(script: str) -> bool:
    """True if a skill's `check` nests loops deeper than `solve`, or calls itself and remembers nothing."""
    check, solve = (parse_python(sliced(script, root, "", root)[1]) for root in ("check", "solve"))
    functions = [node for node in ast.walk(check) if isinstance(node, ast.FunctionDef) and not node.decorator_list]
    return _loops(check) > _loops(solve) or any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function.name
        for function in functions
        for node in ast.walk(function)
    )


def _loops(node: ast.AST) -> int:
    """How deep loops are nested in a piece of Python."""
    own = len(node.generators) if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) else 0
    return (own or isinstance(node, ast.For | ast.While)) + max(map(_loops, ast.iter_child_nodes(node)), default=0)


def _literal(tree: ast.Module, name: str) -> dict[str, Any]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and [n.id for n in node.targets if isinstance(n, ast.Name)] == [name]:
            found = ast.literal_eval(node.value)
            return found if isinstance(found, dict) else {}
    return {}
