"""How a skill says that its value is reached: `explain` of SKILL.md, and `steps` of its script → their faults.

`explain` is a list of 2 to 6 sentences. Their holes are parameters, the intermediate values that `steps` returns by
name, and `<value>`, which stands in the last one:

    def steps(a: int, b: int) -> dict[str, object]:        explain:
        return {"area": a * b}                               - 'The floor measures $<a> \\cdot <b> = <area>$ tiles.'
                                                             - 'Half of them are dark: $<area> / 2 = <value>$.'

Outside of formulas a value has its unit, as in a wording; inside `$…$` it is the bare number. A number that is no hole
is a constant of the formula.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from agentprop.skills.spec import Spec
from agentprop.skills.wordings import holes

VALUE = "value"
"""Name of the hole for the skill's own value."""
NARROWING, REACHED = "narrowing", "reached"
"""Steps of object kinds that are told in words: what the facts leave, and how that answers the question."""
FEWEST, MOST = 2, 6


def explanation_faults(s: Spec, script: str | None) -> Iterator[str]:
    """Yield the faults of an explanation that show without running the script."""
    known = step_names(script)
    taken = sorted(set(known or ()) & {*s.parameters, *s.flavour, VALUE, "subject"})
    if taken:
        yield f"scripts/skill.py: steps: {', '.join(taken)} already means something else"
    yield from formula_faults(s)
    if not s.explain:
        return
    if not FEWEST <= len(s.explain) <= MOST:
        yield f"explain: {FEWEST} to {MOST} sentences are wanted, not {len(s.explain)}"
    yield from _sentence_faults(s)
    if known is not None:
        yield from hole_faults(s, known)


def hole_faults(s: Spec, steps: tuple[str, ...]) -> Iterator[str]:
    """Yield the faults of the holes, the names of the steps being known."""
    used = {name for sentence in s.explain for name in holes(sentence)}
    if unknown := sorted(used - {*s.parameters, *steps, VALUE}):
        yield f"explain: unknown {', '.join(f'<{name}>' for name in unknown)}"
    if s.explain and (idle := [name for name in steps if name not in used]):
        yield f"explain: does not use {', '.join(f'<{name}>' for name in idle)}, which `steps` gives"


def _sentence_faults(s: Spec) -> Iterator[str]:
    for number, sentence in enumerate(s.explain):
        if sentence.replace(r"\$", "").count("$") % 2:
            yield f"explain.{number}: unbalanced $"
        if sentence.strip()[-1:] not in tuple(".!?:;"):
            yield f"explain.{number}: does not end as a sentence does"
    gives_function = s.output is not None and s.output.kind == "program"
    value = {VALUE, REACHED} if s.is_object else {VALUE}
    if not value & {*holes(s.explain[-1])} and not gives_function:
        yield f"explain.{len(s.explain) - 1}: the last sentence lacks <{VALUE}>"


def formula_faults(s: Spec) -> Iterator[str]:
    """Yield the faults of the formulas of an object kind that show without running its script."""
    if s.formulas and not s.is_object:
        yield "formulas: only an object kind has them"
    for name, templates in s.formulas.items():
        if not 1 <= len(templates) <= 2:
            yield f"formulas.{name}: one formula is wanted, or a second one for the numbers, not {len(templates)}"
        if any(template.replace(r"\$", "").count("$") % 2 for template in templates):
            yield f"formulas.{name}: unbalanced $"


def step_names(script: str | None) -> tuple[str, ...] | None:
    """Names of the values that `steps` of a script returns, in order; None if only running it can tell.

    >>> step_names("def steps(a):\\n    return {'half': a / 2, 'rest': a % 2}")
    ('half', 'rest')
    >>> step_names("def solve(a): return a")
    ()
    """
    try:
        tree = ast.parse(script or "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # which is a fault of its own
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "steps"]
    if not functions:
        return ()
    returned = [node.value for node in ast.walk(functions[-1]) if isinstance(node, ast.Return)]
    named = {_keys(value) for value in returned}
    return named.pop() if len(named) == 1 else None


def _keys(value: ast.expr | None) -> tuple[str, ...] | None:
    if not isinstance(value, ast.Dict):
        return None
    names = [key.value for key in value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    return tuple(names) if len(names) == len(value.keys) else None
