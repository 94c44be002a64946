"""A template to the source of scripts/skill.py: its two expressions, and as much of the kernel as they need.

The kernel is the project's own code. What an expression names is copied with everything that it names in turn, so that
the script runs anywhere with the standard library alone. `solve` holds the exact route, `check` the other one; neither
calls the other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from agentprop.extraction.mining.question.execute import MODULES, ROOM
from agentprop.extraction.mining.question.template import QuestionTemplate

_ANSWERS = {
    "integer": "whole_answer",
    "rational": "rational_answer",
    "number": "number_answer",
    "expression": "text_answer",
}
_RETURNS = {"integer": "int", "rational": "Fraction", "number": "Fraction", "expression": "str"}


@dataclass(frozen=True)
class _Definition:
    """A top-level name of the kernel."""

    place: int
    """Where it stands in the kernel; what it needs at import stands before it."""
    source: str
    """Its text."""
    uses: frozenset[str]
    """Names that occur in it."""


def source(template: QuestionTemplate, title: str) -> str:
    """The module's text."""
    parameters = template.parameters
    signature = ", ".join(f"{one.name}: {'float' if one.places else 'int'}" for one in parameters)
    exact = [
        f"{one.name} = Fraction(round({one.name} * {10**one.places}), {10**one.places})"
        for one in parameters
        if one.places
    ]
    answer = _ANSWERS[template.kind]
    limits = f"{template.shape!r}, {template.size}" if template.kind == "expression" else str(template.size)
    functions = [
        "\n".join(
            [
                f"def {name}({signature}) -> {_RETURNS[template.kind]}:",
                f'    """{told}"""',
                *(f"    {line}" for line in exact),
                f"    value = computed(lambda: {expression})",
                f"    return {answer}(value, {limits})",
            ]
        )
        for name, told, expression in (
            ("solve", "The exact value.", template.solve),
            ("check", "The value by another route.", template.check),
        )
    ]
    own = "\n\n\n".join(functions)
    needed = _needed(_names(ast.parse(own)))
    imports = _import_lines({name for one in needed for name in one.uses} | _names(ast.parse(own)))
    parts = [f'"""{title}"""\n\nfrom __future__ import annotations\n\n{imports}', *(one.source for one in needed), own]
    return "\n\n\n".join(parts) + "\n"


def _needed(names: Iterable[str]) -> list[_Definition]:
    """Everything that names lead to, in the order of the kernel."""
    known = _definitions()
    found: dict[str, _Definition] = {}
    queue = [name for name in names if name in known]
    while queue:
        name = queue.pop()
        if name not in found:
            found[name] = known[name]
            queue += [used for used in known[name].uses if used in known]
    return sorted(dict.fromkeys(found.values()), key=lambda one: one.place)


@cache
def _definitions() -> dict[str, _Definition]:
    """Every top-level name of the kernel. One name has one meaning in all of its modules."""
    found: dict[str, _Definition] = {}
    place = 0
    for module in MODULES:
        text = _text(module)
        for statement in ast.parse(text).body:
            place += 1
            for name in _defined(statement):
                made = _Definition(place, ast.get_source_segment(text, statement) or "", frozenset(_names(statement)))
                if isinstance(statement, ast.FunctionDef | ast.ClassDef) and statement.decorator_list:
                    made = _Definition(place, _with_decorators(text, statement), made.uses)
                if name in found and found[name].source != made.source:
                    raise AssertionError(f"{name} has two meanings in the kernel")
                found.setdefault(name, made)
    return found


def _with_decorators(text: str, statement: ast.FunctionDef | ast.ClassDef) -> str:
    first = min(one.lineno for one in statement.decorator_list)
    return "\n".join(text.splitlines()[first - 1 : statement.end_lineno])


def _text(module: str) -> str:
    return files(ROOM).joinpath(f"{module}.py").read_text("utf-8")


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        yield from (one.id for target in statement.targets for one in ast.walk(target) if isinstance(one, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id


def _names(tree: ast.AST) -> set[str]:
    """Names that a piece of code may take from outside: more of them do no harm."""
    return {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}


@cache
def _imports() -> dict[str, tuple[str, str]]:
    """Name → (module, what is imported from it or nothing) for the standard library's part."""
    found: dict[str, tuple[str, str]] = {}
    for module in MODULES:
        for statement in ast.parse(_text(module)).body:
            if isinstance(statement, ast.Import):
                found |= {alias.name: (alias.name, "") for alias in statement.names}
            elif isinstance(statement, ast.ImportFrom) and statement.module and _is_foreign(statement.module):
                found |= {alias.name: (statement.module, alias.name) for alias in statement.names}
    return found


def _is_foreign(module: str) -> bool:
    return module != "__future__" and not module.startswith(ROOM)


def _import_lines(names: set[str]) -> str:
    wanted = [_imports()[name] for name in sorted(names) if name in _imports()]
    lines = [f"import {module}" for module, name in wanted if not name]
    modules = sorted({module for module, name in wanted if name})
    lines += [f"from {module} import {', '.join(n for m, n in wanted if m == module)}" for module in modules]
    return "\n".join(lines)
