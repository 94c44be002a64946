"""A data-flow graph over givens and constants: evaluated, compared, and named independently of who wrote it down.

Nodes are immutable and compare by structure, so a shared sub-result is one node. Products of powers with constant
exponents are unfolded (`s^2` is `s*s`), which leaves the four operations and makes every path invertible.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

Operator = Literal["+", "-", "*", "/"]
_PRIME = 2**61 - 1


@dataclass(frozen=True)
class QuestionNumber:
    """A number of the question that may vary, by its position among the question's numbers."""

    index: int


@dataclass(frozen=True)
class FixedNumber:
    """A number that stays."""

    value: Fraction


@dataclass(frozen=True)
class ArithmeticStep:
    """left operator right."""

    operator: Operator
    left: Node
    right: Node

    def __hash__(self) -> int:
        """The hash of its parts, computed once: graphs are keys all the time."""
        known: int | None = self.__dict__.get("_hash")
        if known is None:
            known = hash((self.operator, self.left, self.right))
            object.__setattr__(self, "_hash", known)
        return known


Node = QuestionNumber | FixedNumber | ArithmeticStep


def fold(node: Node) -> Node:
    """The graph with every step over constants alone computed. Raises ZeroDivisionError where that divides by zero."""
    if not isinstance(node, ArithmeticStep):
        return node
    left, right = fold(node.left), fold(node.right)
    if isinstance(left, FixedNumber) and isinstance(right, FixedNumber):
        return FixedNumber(_apply(node.operator, left.value, right.value))
    return ArithmeticStep(node.operator, left, right)


def _apply(operator: Operator, left: Fraction, right: Fraction) -> Fraction:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    return left * right if operator == "*" else left / right


def value(node: Node, givens: dict[int, Fraction]) -> Fraction:
    """The exact value for given numbers. Raises ZeroDivisionError where there is none."""
    return _value(node, givens, {})


def _value(node: Node, givens: dict[int, Fraction], known: dict[int, Fraction]) -> Fraction:
    if isinstance(node, FixedNumber):
        return node.value
    if isinstance(node, QuestionNumber):
        return givens[node.index]
    if (found := known.get(id(node))) is None:
        left, right = _value(node.left, givens, known), _value(node.right, givens, known)
        found = known[id(node)] = _apply(node.operator, left, right)
    return found


def steps(node: Node) -> list[ArithmeticStep]:
    """Every distinct step below and including a node, operands before results."""
    found: dict[ArithmeticStep, None] = {}

    def visit(current: Node) -> None:
        if isinstance(current, ArithmeticStep) and current not in found:
            visit(current.left)
            visit(current.right)
            found[current] = None

    visit(node)
    return list(found)


def leaves(node: Node) -> Iterator[QuestionNumber | FixedNumber]:
    """Every leaf occurrence, in reading order, shared steps once."""
    if not isinstance(node, ArithmeticStep):
        yield node
    for step in steps(node):
        yield from (side for side in (step.left, step.right) if not isinstance(side, ArithmeticStep))


def givens(node: Node) -> list[int]:
    """Indices of the givens, ascending."""
    return sorted({leaf.index for leaf in leaves(node) if isinstance(leaf, QuestionNumber)})


def same(left: Node, right: Node) -> bool:
    """Whether two graphs compute the same function."""
    return probe(left) == probe(right)


def probe(node: Node) -> tuple[int | None, ...]:
    """A graph's values at two places modulo a large prime: equal for graphs that compute the same function.

    Others agree by chance with a probability below 10⁻³⁰ (Schwartz and Zippel); None is a division by zero.
    """
    return tuple(_probed(node, place, {}) for place in (3, 5))


def _probed(node: Node, place: int, known: dict[int, int | None]) -> int | None:
    if isinstance(node, FixedNumber):
        return node.value.numerator * pow(node.value.denominator, -1, _PRIME) % _PRIME
    if isinstance(node, QuestionNumber):
        return pow(place, 1_000_003 * (node.index + 7), _PRIME)
    if id(node) not in known:
        left, right = _probed(node.left, place, known), _probed(node.right, place, known)
        known[id(node)] = None if left is None or right is None else _modulo(node.operator, left, right)
    return known[id(node)]


def _modulo(operator: Operator, left: int, right: int) -> int | None:
    if operator == "/":
        return left * pow(right, -1, _PRIME) % _PRIME if right else None
    return int(_apply(operator, left, right)) % _PRIME  # type: ignore[arg-type]


def fix(node: Node, index: int, constant: Fraction) -> Node:
    """The graph with one given made a constant."""
    if isinstance(node, QuestionNumber):
        return FixedNumber(constant) if node.index == index else node
    if isinstance(node, FixedNumber):
        return node
    return fold(ArithmeticStep(node.operator, fix(node.left, index, constant), fix(node.right, index, constant)))


class CompiledGraphs:
    """Several graphs compiled for many evaluations: one register per distinct node, filled in order."""

    def __init__(self, roots: Iterable[Node]) -> None:
        self.registers: dict[Node, int] = {}
        self._instructions: list[tuple[Operator, int, int]] = []
        self._leaves: list[QuestionNumber | FixedNumber] = []
        all_steps = list(dict.fromkeys(step for root in roots for step in steps(root)))
        sides = [side for step in all_steps for side in (step.left, step.right)]
        for leaf in dict.fromkeys([*sides, *roots]):
            if not isinstance(leaf, ArithmeticStep):
                self.registers[leaf] = len(self._leaves)
                self._leaves.append(leaf)
        for step in all_steps:
            self._instructions.append((step.operator, self.registers[step.left], self.registers[step.right]))
            self.registers[step] = len(self.registers)

    def run(self, setting: Mapping[int, int]) -> list[Fraction]:
        """The value of every register. Raises ZeroDivisionError where there is none."""
        values = [
            leaf.value if isinstance(leaf, FixedNumber) else Fraction(setting[leaf.index]) for leaf in self._leaves
        ]
        for operator, left, right in self._instructions:
            values.append(_apply(operator, values[left], values[right]))
        return values


# --- canonical form ---


def fingerprint(node: Node) -> tuple[str, tuple[int, ...]]:
    """(a name shared by graphs equal up to renaming and reordering, the givens in the order of that name).

    Sums and products are flattened and their terms sorted by shape, so `a*b + c` and `z + y*x` are one graph. Terms of
    equal shape keep their order, so two writings of a symmetric graph may keep two names; never the other way round.
    """
    text = _canonical(node)
    order = tuple(dict.fromkeys(int(index) for index in re.findall(r"g(\d+)", text)))
    for position, index in enumerate(order):
        text = re.sub(rf"g{index}(?!\d)", f"p{position}", text)
    return hashlib.sha256(text.encode()).hexdigest()[:16], order


@lru_cache(maxsize=4096)
def _canonical(node: Node) -> str:
    if isinstance(node, QuestionNumber):
        return f"g{node.index}"
    if isinstance(node, FixedNumber):
        return str(node.value)
    pair = ("+", "-") if node.operator in "+-" else ("*", "/")
    parts = sorted(_flatten(node, pair, False), key=lambda part: (_shape(part), part))
    return f"({' '.join(parts)})"


def _flatten(node: Node, pair: Sequence[str], inverse: bool) -> list[str]:
    """The terms of a nested sum, or factors of a nested product, each with its sign."""
    if isinstance(node, ArithmeticStep) and node.operator in pair:
        flipped = inverse != (node.operator == pair[1])
        return [*_flatten(node.left, pair, inverse), *_flatten(node.right, pair, flipped)]
    return [pair[inverse] + _canonical(node)]


def _shape(text: str) -> str:
    return re.sub(r"g\d+", "g", text)


# --- as JSON ---


def to_json(node: Node) -> Any:
    """A given as its index, a constant as text, a step as [operator, left, right]."""
    if isinstance(node, QuestionNumber):
        return node.index
    if isinstance(node, FixedNumber):
        return str(node.value)
    return [node.operator, to_json(node.left), to_json(node.right)]


def from_json(data: Any) -> Node:
    """Back from `to_json`."""
    if isinstance(data, int):
        return QuestionNumber(data)
    if isinstance(data, str):
        return FixedNumber(Fraction(data))
    operator, left, right = data
    return ArithmeticStep(operator, from_json(left), from_json(right))
