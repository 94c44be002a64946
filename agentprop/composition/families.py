"""A family of judged programs → one of its problems: the statement, the reference program and how it is judged.

A family is a skill package whose SKILL.md declares `judged`. Its question is the story and the task, with the numbers
of the setting; behind it stand input, output, limits, budget, edge rule and examples, in this order. Its script has
`solve`, the reference; `check`, a brute force; and for programs that read and print, `read` and `write`, which turn the
text of an input into the arguments of `solve` and back.

If several outputs are right, the script also has `accepts`, which is given the arguments, a found and an expected value
and the parameters; and, for programs that print, `printed`, which turns an output into such a value, or into None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agentprop.composition.announced import case_of
from agentprop.composition.listing import sliced
from agentprop.composition.output_checker import ACCEPTS
from agentprop.composition.suites import Setting
from agentprop.composition.terms import Apply, Given, Term
from agentprop.records import Judging, TestCase
from agentprop.skills import Judged, Package
from agentprop.skills.values import parse

HEAD = "\n\nInput: "
"""Where the task of a statement ends."""
LIMITS = "\n\nLimits: "
"""Where the task of a composed program's statement ends; see `promises`."""
SPEED = (
    "Speed: at most {} steps for one input. A step is one turn of a loop or comprehension, or one call of a function "
    "of the program; sixteen elements that a built-in function goes through are one step more."
)
"""The budget in ticks; see `sandbox.inside.meter`."""
ENTRY_POINT = "solve"
_TUPLE = re.compile(r"tuple\[")


def family(term: Term, library: Mapping[str, Package]) -> Package | None:
    """The package of a term that poses a problem of a family; None for all other terms."""
    if not isinstance(term, Apply) or library[term.skill].spec.judged is None:
        return None
    return library[term.skill]


def parameters(term: Apply, package: Package) -> dict[str, Any]:
    """The setting that a term gives."""
    specs = package.spec.parameters
    return {name: parse(specs[name], value.text) for name, value in term.arguments if isinstance(value, Given)}


def task(statement: str) -> str:
    """The story and the task of a statement, without what stands behind them, also that of a composed program."""
    return re.split(f"{HEAD}|{LIMITS}", statement, maxsplit=1)[0]


def statement(
    task: str, judged: Judged, examples: tuple[TestCase, ...], ticks: int | None = None, *, edge_rule: bool = True
) -> str:
    """Write the whole statement, with the edge rule or without it, and with the budget of a program that is asked for.

    Limits alone do not tell what is too slow: with a few hundred elements, what is quadratic ends in a moment.
    """
    asked = f"Write a function `{signature(judged)}`. " if judged.form == "function" else ""
    parts = [
        f"{task}{HEAD}{asked}{judged.input}",
        f"Output: {judged.output}",
        f"Limits: {'; '.join(judged.limits)}.",
        *([SPEED.format(ticks)] if ticks is not None else []),
        *([f"Edge rule: {judged.edge_rule}"] if edge_rule else []),
        *(_example(judged, test) for test in examples),
    ]
    return "\n\n".join(parts)


def signature(judged: Judged) -> str:
    """The function that a problem asks for, with the types of its arguments."""
    arguments = ", ".join(f"{name}: {kind}" for name, kind in judged.arguments.items())
    return f"{ENTRY_POINT}({arguments}) -> {judged.returns}"


def _example(judged: Judged, test: TestCase) -> str:
    arguments, expected = values_of(judged, test)
    if judged.form == "function":
        return f"Example: `{ENTRY_POINT}({', '.join(map(repr, arguments))})` returns `{expected!r}`."
    return f"Example input:\n```\n{arguments[0].rstrip()}\n```\nExample output:\n```\n{expected.rstrip()}\n```"


def values_of(judged: Judged, test: TestCase) -> tuple[list[Any], Any]:
    """Arguments and expected value, as the signature announces them."""
    form = judged.form
    return case_of(test, Judging(form=form, signature=signature(judged) if form == "function" else "", ticks=0))


def judging(package: Package, values: Mapping[str, Any], setting: Setting) -> Judging:
    """How the problems of a setting are judged."""
    judged = package.spec.judged
    assert judged is not None  # a family
    return Judging(
        form=judged.form,
        signature=signature(judged) if judged.form == "function" else "",
        ticks=setting.ticks,
        limits=judged.limits,
        edge_rule=judged.edge_rule,
        examples=setting.examples,
        tags=setting.tags,
        checker=checker(package, values),
    )


def program(package: Package, values: Mapping[str, Any], root: str = "solve", script: str | None = None) -> str:
    """Write the program of one of the script's functions, such as `solve` or `check`, for a setting.

    It has the form that the family asks for, with the numbers of the setting in it. Another `script` of the same
    functions may stand in for the package's own.
    """
    script, judged = script or package.script or "", package.spec.judged
    assert judged is not None  # a family
    lines, body = sliced(script, "answer", "answer_", root)
    given = ", ".join(judged.arguments)
    fixed = "".join(f", {values[name]!r}" for name in package.spec.parameters)
    if judged.form == "function":
        return _joined(lines, body, f"def {ENTRY_POINT}({given}):\n    return answer({given}{fixed})")
    reading, read = sliced(script, "read", "read_", "read")
    star = "*" if _TUPLE.match(judged.returns) else ""
    last = f"print({star}answer(*read(sys.stdin.read()){fixed}))"
    return _joined((*lines, *reading, "import sys"), body, read, last)


def checker(package: Package, values: Mapping[str, Any]) -> str | None:
    """Write the checker of a setting; None if the script has no `accepts`, and only the expected output is right."""
    script, judged = package.script or "", package.spec.judged
    assert judged is not None  # a family
    lines, body = sliced(script, "right", "right_", ACCEPTS)
    if not body:
        return None
    fixed = "".join(f", {values[name]!r}" for name in package.spec.parameters)
    if judged.form == "function":
        return _joined(lines, body, _CHECKER.format(f"*arguments, found, expected{fixed}"))
    reading, read = sliced(script, "read", "read_", "read")
    printing, printed = sliced(script, "printed", "printed_", "printed")
    given = f"*read(arguments[0]), printed(found), printed(expected){fixed}"
    return _joined((*lines, *reading, *printing), body, read, printed, _CHECKER.format(given))


_CHECKER = f"def {ACCEPTS}(arguments, found, expected):\n    return right({{}})"


def _joined(lines: tuple[str, ...], *blocks: str) -> str:
    head = "\n".join(sorted(set(lines)))
    return "\n\n\n".join(([head] if head else []) + list(blocks))


def certificate(package: Package) -> str:
    """Write the certificate: the function asked for is the family's, with the numbers of the setting."""
    return f"from skills.{package.module} import solve"


def edge_certificate(package: Package, values: Mapping[str, Any], given: str) -> str:
    """Write the certificate of what an input gives: a call of `solve`, or a text that is read."""
    fixed = "".join(f", {values[name]!r}" for name in package.spec.parameters)
    if given.startswith(f"{ENTRY_POINT}("):
        return f"from skills.{package.module} import solve\nanswer = {given[:-1]}{fixed})"
    return f"from skills.{package.module} import read, solve\nanswer = solve(*read({given!r}){fixed})"


_ATTEMPT = """from skills import {module}
from tools import show

for case in {cases!r}:
    print(show({module}.{route}(*{arguments}{fixed})))
"""
_ACCEPTED = """from skills import {module}
from tools import show

for case in {cases!r}:
    given = {arguments}
    found, expected = {module}.solve(*given{fixed}), {module}.check(*given{fixed})
    print(show(found if {module}.accepts(*given, found, expected{fixed}) else expected))
"""
"""Of several right outputs the independent route may find another one."""


def attempt(package: Package, values: Mapping[str, Any], tests: tuple[TestCase, ...], route: str) -> str:
    """Write the program that prints what `solve` or `check` makes of the inputs of tests.

    Where several outputs are right, the independent route prints that of `solve`, if it is one of them by `accepts`.
    """
    judged = package.spec.judged
    assert judged is not None  # a family
    cases = [values_of(judged, test)[0] for test in tests]
    arguments = "case" if judged.form == "function" else f"{package.module}.read(*case)"
    fixed = "".join(f", {values[name]!r}" for name in package.spec.parameters)
    code = _ACCEPTED if route == "check" and checker(package, values) is not None else _ATTEMPT
    return code.format(module=package.module, cases=cases, route=route, arguments=arguments, fixed=fixed)
