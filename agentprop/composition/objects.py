"""Object kinds: the packages whose problems are facts about one object and a question → the models that are drawn.

A kind's problem is an application like any other, of a box (the size of the family of objects), facts and a question.
They hang together, so they are not drawn one by one: the planner names an operator and a seed, and `drawing` is the
program that constructs the rest in the sandbox.

    >>> from agentprop.skills import load
    >>> library = load([])
    >>> term = undrawn("geometry-triangle", "extremum", 7)
    >>> is_undrawn(term, library)
    True
    >>> print(drawing(term, library).splitlines()[-1][:61])
    print(drawn(geometry_triangle, 'extremum', 7, (8, 13), ['BC',
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from agentprop.composition.terms import Apply, Given, Term
from agentprop.portable import parse_expression
from agentprop.sandbox import Sandbox
from agentprop.sandbox.records import Job
from agentprop.skills import Package, Spec, origin_of
from agentprop.skills.values import render
from agentprop.skills.values.models import OPERATORS

MODULE = "object_tools"
SEEDS = 10**9


def undrawn(kind: str, operator: str, seed: int) -> Apply:
    """The application of a kind of which only the operator is settled."""
    return Apply(kind, (("operator", Given(operator)), ("seed", Given(str(seed)))))


def any_undrawn(kind: str, library: Mapping[str, Package], rng: Random) -> Apply:
    """An application of a kind with one of its operators, each with equal chance, and a seed."""
    return undrawn(kind, rng.choice(operators(library[kind].spec)), rng.randrange(SEEDS))


def is_undrawn(term: Term, library: Mapping[str, Package]) -> bool:
    """True if a term is an object kind's, and its model has still to be constructed."""
    return isinstance(term, Apply) and library[term.skill].spec.is_object and "seed" in dict(term.arguments)


def operators(spec: Spec) -> tuple[str, ...]:
    """Operators that a kind has a question for."""
    question = spec.parameters["question"]
    return tuple(name for name in OPERATORS if name != "branch" or question.tests)


@cache
def modules() -> Mapping[str, str]:
    """Sources of the module that `drawing` imports, by name."""
    return {MODULE: files("agentprop.composition").joinpath(f"{MODULE}.py").read_text(encoding="utf-8")}


def drawing(term: Term, library: Mapping[str, Package], count: int = 1) -> str:
    """Write the program that prints models for an undrawn term, one a line."""
    assert isinstance(term, Apply)  # is_undrawn() made sure
    package, given = library[term.skill], {name: value for name, value in term.arguments}
    operator, seed = given["operator"], given["seed"]
    assert isinstance(operator, Given) and isinstance(seed, Given)
    calls = [f"print({_call(package, operator.text, int(seed.text) + number)})" for number in range(count)]
    return "\n".join([f"from skills import {package.module}", f"from {MODULE} import drawn", "", *calls])


def _call(package: Package, operator: str, seed: int) -> str:
    parameters = package.spec.parameters
    box, question = parameters["box"], parameters["question"]
    ports = f"{list(parameters['facts'].phrases)}, {list(question.phrases)}, {list(question.tests)}"
    return f"drawn({package.module}, {operator!r}, {seed}, ({box.low}, {box.high}), {ports})"


def applied(term: Term, library: Mapping[str, Package], printed: str) -> Apply:
    """The application of the model that `drawing` printed. Raises ValueError for anything else."""
    assert isinstance(term, Apply)
    try:
        model = _value(parse_expression(printed.strip()).body)
        parameters = library[term.skill].spec.parameters
        return Apply(term.skill, tuple((name, Given(render(p, model[name]))) for name, p in parameters.items()))
    except (SyntaxError, LookupError, TypeError, ArithmeticError, AttributeError, RecursionError) as error:
        raise ValueError(f"no model: {error}") from None


def _value(node: ast.expr) -> Any:
    """The value of a literal, in which fractions are calls."""
    match node:
        case ast.Call(func=ast.Name(id="Fraction"), args=[top, low]):
            return Fraction(ast.literal_eval(top), ast.literal_eval(low))
        case ast.Tuple(elts=parts):
            return tuple(map(_value, parts))
        case ast.Dict(keys=keys, values=values):
            return {ast.literal_eval(key): _value(value) for key, value in zip(keys, values, strict=True) if key}
    return ast.literal_eval(node)


def samples(package: Package, count: int, seed: int, sandbox: Sandbox) -> list[dict[str, Any]]:
    """Construct models of a package that may be faulty: those that come out right, the operators in turn."""
    names = operators(package.spec)
    calls = ", ".join(f"lambda: {_call(package, names[i % len(names)], seed + i)}" for i in range(count))
    code = (
        f"from skills import {package.module}\nfrom {MODULE} import drawn\n\nfound = []\nfor call in [{calls}]:\n"
        "    try:\n        found.append(call())\n    except ValueError:\n        pass\n"
    )
    sources = {**modules(), **package.sources}
    result = sandbox.run_batch([Job(code, sources, returns="found", timeout_s=60, origin=origin_of([package]))])[0]
    return [*result.value] if isinstance(result.value, list) else []
