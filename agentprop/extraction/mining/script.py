"""A graph to the source of scripts/skill.py: `solve` runs the equations forwards, `check` backwards.

`check` is given no answer. It calls the result x, walks the graph from the result back to one held-out given, inverting
each operation on the way, and so writes that given as (p·x + q) / (r·x + s); then it asks for which x this is the given
that the statement names. That is another route through the same equations: it shows that they are consistent and
determine the result, not that they say what the story says. Hence *self-consistent*, never independent.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentprop.extraction.mining.graph import ArithmeticStep, Node, QuestionNumber, steps
from agentprop.extraction.mining.notation import infix

_SOLVE = '''"""{title}"""

from fractions import Fraction

Ratio = tuple[Fraction, Fraction, Fraction, Fraction]


def solve({signature}) -> {returns}:
    """Forwards: the equations of the worked solution, one after the other."""
    {exact}
{lines}
    return {result}


def check({signature}) -> {returns}:
    """Backwards: the result x for which the equations, inverted one by one, give back {held_out}."""
    {exact}
    given: Ratio = (Fraction(1), Fraction(0), Fraction(0), Fraction(1))
{back}
    return {found}


def add(f: Ratio, k: Fraction | int) -> Ratio:
    """f + k, where f = (p*x + q) / (r*x + s)."""
    p, q, r, s = f
    return p + k * r, q + k * s, r, s


def times(f: Ratio, k: Fraction | int) -> Ratio:
    """f * k."""
    p, q, r, s = f
    return k * p, k * q, r, s


def inverse(f: Ratio) -> Ratio:
    """1 / f."""
    p, q, r, s = f
    return r, s, p, q


def where(f: Ratio, value: Fraction) -> Fraction:
    """The x at which f has the value."""
    p, q, r, s = f
    if p == value * r:
        raise ValueError("the givens do not determine the result")
    return (value * s - q) / (p - value * r)
'''
_WHOLE = '''

def whole(value: Fraction) -> int:
    """A count of things."""
    if value.denominator != 1:
        raise ValueError("the result is not a whole number")
    return int(value)
'''


def source(root: Node, names: Mapping[Node, str], title: str, whole: bool) -> str:
    """The module's text. `names` holds the givens in the order of the signature."""
    arguments = list(names.values())
    exact = f"{', '.join(arguments)} = {', '.join(f'Fraction({name})' for name in arguments)}"
    signature = ", ".join(f"{name}: int" for name in arguments)
    lines, result = _forwards(root, names)
    held_out, path = _deepest(root)
    back = [f"    given = {text}" for text in _backwards(path, names)]
    text = _SOLVE.format(
        title=title,
        signature=signature,
        returns="int" if whole else "Fraction",
        exact=exact,
        lines="\n".join(lines),
        result=f"whole({result})" if whole else result,
        held_out=f"`{names[held_out]}`",
        back="\n".join(back),
        found=_found(names[held_out], whole),
    )
    return text + (_WHOLE if whole else "")


def _found(name: str, whole: bool) -> str:
    return f"whole(where(given, {name}))" if whole else f"where(given, {name})"


def _forwards(root: Node, names: Mapping[Node, str]) -> tuple[list[str], str]:
    """One assignment for each step, and the name of the last."""
    known, lines = dict(names), []
    for position, step in enumerate(steps(root), 1):
        known[step] = f"step{position}"
        operand = {side: known[side] for side in (step.left, step.right) if side in known}
        lines.append(f"    step{position} = {infix(step, operand, 'Fraction({}, {})')}")
    return lines, known[root]


def _deepest(root: Node) -> tuple[QuestionNumber, list[tuple[ArithmeticStep, bool]]]:
    """The occurrence of a given farthest from the result, and the way there: steps, and whether to go left."""
    best: tuple[QuestionNumber, list[tuple[ArithmeticStep, bool]]] | None = None

    def visit(node: Node, path: list[tuple[ArithmeticStep, bool]]) -> None:
        nonlocal best
        if isinstance(node, QuestionNumber) and (best is None or len(path) > len(best[1])):
            best = (node, path)
        elif isinstance(node, ArithmeticStep):
            visit(node.left, [*path, (node, True)])
            visit(node.right, [*path, (node, False)])

    visit(root, [])
    if best is None:
        raise ValueError("a graph without givens has nothing to hold out")
    return best


def _backwards(path: list[tuple[ArithmeticStep, bool]], names: Mapping[Node, str]) -> list[str]:
    """For each step on the way: the operand on the way from the step's value and the other operand."""
    lines = []
    for step, left in path:
        other = infix(step.right if left else step.left, names, "Fraction({}, {})")
        lines.append(_invert(step.operator, left, other))
    return lines


def _invert(operator: str, left: bool, other: str) -> str:
    if operator == "+":
        return f"add(given, -({other}))"
    if operator == "-":
        return f"add(given, {other})" if left else f"add(times(given, -1), {other})"
    if operator == "*":
        return f"times(given, 1 / Fraction({other}))"
    return f"times(given, {other})" if left else f"times(inverse(given), {other})"
