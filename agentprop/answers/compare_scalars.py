"""The quick half of deciding scalars: exact rationals and plain names, in the caller's own thread, in microseconds."""

from __future__ import annotations

from fractions import Fraction

from agentprop.answers.algebra.rationals import QUICK_BITS, UndefinedValue, rational
from agentprop.answers.outcome import Equivalence, Hard, different, same
from agentprop.answers.precision import Precision
from agentprop.answers.reading.nodes import BINDERS, Constant, Node, Number, Operation, Relational, Symbol, children


class QuickScalars:
    """Decides what small exact arithmetic can and raises `Hard` for the rest."""

    bits = QUICK_BITS

    def decide(self, gold: Node, pred: Node, precision: Precision | None) -> Equivalence:
        left, right = self._rational(gold), self._rational(pred)
        if isinstance(left, UndefinedValue) or isinstance(right, UndefinedValue):
            return different("undefined", f"{left if isinstance(left, UndefinedValue) else right} has no value")
        if left is not None and right is not None:
            return compare_rationals(left, right, precision)
        verdict = compare_names(gold, pred)
        if verdict is None:
            raise Hard
        return verdict

    def _rational(self, node: Node) -> Fraction | UndefinedValue | None:
        try:
            return rational(node, self.bits)
        except UndefinedValue as undefined:
            return undefined

    def order(self, left: Node, right: Node) -> int:
        a, b = self._rational(left), self._rational(right)
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return (a > b) - (a < b)
        raise Hard

    def equations(self, gold: Relational, pred: Relational) -> Equivalence:
        raise Hard

    def solution_sets(self, gold: Node, pred: Node) -> Equivalence:
        raise Hard

    def inequalities(self, gold: Relational, pred: Relational) -> Equivalence:
        raise Hard

    def piecewise(self, gold: Node, pred: Node) -> Equivalence:
        raise Hard


def compare_rationals(left: Fraction, right: Fraction, precision: Precision | None) -> Equivalence:
    if left == right:
        return same("exact-rational", "the same rational number")
    if precision is not None and precision.agree(left, right):
        return same("precision", "the numbers agree to the stated precision")
    return different("exact-rational" if precision is None else "precision", f"{_short(left)} is not {_short(right)}")


def _short(value: Fraction) -> str:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > 200:
        return "a number too long to print"
    return str(value)


def compare_names(gold: Node, pred: Node) -> Equivalence | None:
    """Infinities and lone symbols; None for everything that has to be computed."""
    infinite = [_infinity(node) for node in (gold, pred)]
    if any(infinite):
        if infinite[0] == infinite[1]:
            return same("infinity", "both are the same infinity")
        return different("infinity", "one is infinite, the other is not the same infinity")
    if any(_holds_infinity(node) for node in (gold, pred)):
        return different("undefined", "arithmetic with infinity has no value")
    names = [node for node in (gold, pred) if _is_set_name(node)]
    if names:
        return same("set", "the same set") if gold == pred else different("set", "not the same set")
    if isinstance(gold, Symbol) and isinstance(pred, Symbol | Number | Constant):
        return different("symbols", f"{gold.name} is another name") if gold != pred else same("symbols", "same name")
    if isinstance(pred, Symbol) and isinstance(gold, Number | Constant):
        return different("symbols", f"{pred.name} is a variable, the other a number")
    return None


def _holds_infinity(node: Node) -> bool:
    """Infinity is computed with; as the bound of a sum or an integral, or of a limit, it is none of that."""
    match node:
        case Operation("lim", (body, _)):
            return _holds_infinity(body)
        case Operation(head, (body, Symbol(), _, _)) if head in BINDERS:
            return _holds_infinity(body)
        case _:
            return node == Constant("inf") or any(map(_holds_infinity, children(node)))


def _infinity(node: Node) -> int:
    if node == Constant("inf"):
        return 1
    if isinstance(node, Operation) and node.head == "neg":
        return -_infinity(node.args[0])
    return 0


def _is_set_name(node: Node) -> bool:
    return isinstance(node, Constant) and node.name in (
        "reals",
        "integers",
        "naturals",
        "rationals",
        "complexes",
        "ellipsis",
        "positive integers",
        "naturals from 0",
    )
