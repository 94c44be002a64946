"""The full half of deciding scalars, run inside a worker: everything the quick half leaves open.

Closed numbers: disjoint enclosures refute, a root-separation bound decides algebraic ones, normal forms and sympy prove
the rest, logarithms compare giants. Expressions with variables: random points refute, normal forms for every choice of
signs prove, and expressions made of pieces are proved cell by cell or residue class by residue class. Two expressions
count as the same when they agree wherever both are real and defined, on some open region at least. Agreement at samples
alone is enough only where one formula holds everywhere: floors, maxima, absolute values, remainders and nested roots
may agree at every sample and still differ.
"""

from __future__ import annotations

from agentprop.answers import compare_equations as equations
from agentprop.answers.algebra.intervals import apart
from agentprop.answers.algebra.pieces import NoCells, cells, samples
from agentprop.answers.algebra.rationals import WORKER_BITS, UndefinedValue
from agentprop.answers.compare_expressions import compare_expressions
from agentprop.answers.compare_numbers import LADDER, both, compare_numbers
from agentprop.answers.compare_scalars import QuickScalars
from agentprop.answers.outcome import Equivalence, Hard, Unresolved, all_same, different, undetermined
from agentprop.answers.precision import Precision
from agentprop.answers.reading.nodes import Node, Operation, Relational, symbols, walk


class DeepScalars(QuickScalars):
    """Decides with everything there is; `Unresolved` only where nothing helps."""

    bits = WORKER_BITS

    def decide(self, gold: Node, pred: Node, precision: Precision | None) -> Equivalence:
        try:
            return super().decide(gold, pred, precision)
        except Hard:
            verdict = self._decide(gold, pred, precision)
        if verdict.status != "same" and _has_plain_log(gold, pred):
            decimal = self._decide(_decimal_logs(gold), _decimal_logs(pred), precision)
            return decimal if decimal.status == "same" else verdict
        return verdict

    def _decide(self, gold: Node, pred: Node, precision: Precision | None) -> Equivalence:
        if any(isinstance(part, Operation) and part.head == "lim" for side in (gold, pred) for part in walk(side)):
            return different("unevaluated", "an unevaluated limit is no answer")
        try:
            if symbols(gold) | symbols(pred):
                return compare_expressions(gold, pred, precision)
            return compare_numbers(gold, pred, precision)
        except UndefinedValue as undefined:
            return different("undefined", f"{undefined} has no value")

    def order(self, left: Node, right: Node) -> int:
        try:
            return super().order(left, right)
        except Hard:
            pass
        for bits in LADDER:
            pair = both(left, right, bits)
            if pair is not None and apart(*pair):
                return -1 if pair[0].re.b < pair[1].re.a else 1
        if self.decide(left, right, None).status == "same":
            return 0
        raise Unresolved("two endpoints could not be put in order")

    def equations(self, gold: Relational, pred: Relational) -> Equivalence:
        return equations.compare(gold, pred)

    def solution_sets(self, gold: Node, pred: Node) -> Equivalence:
        from agentprop.answers.algebra import sympy_proof as proof

        return proof.compare_sets(gold, pred)

    def inequalities(self, gold: Relational, pred: Relational) -> Equivalence:
        return equations.inequalities(gold, pred)

    def piecewise(self, gold: Node, pred: Node) -> Equivalence:
        """Refuted at a sample, proved cell by cell."""
        for left, right in samples(gold, pred):
            verdict = self.decide(left, right, None)
            if verdict.status == "different":
                return different("counterexample", verdict.why)
        try:
            found = list(cells(gold, pred))
        except NoCells:
            return undetermined("pieces", "pieces whose conditions do not pair off and cannot be worked out")
        if not found:
            return undetermined("pieces", "no piece holds anywhere")
        return all_same((self.decide(left, right, None) for left, right in found), "pieces")


# -- logarithms without a base ---------------------------------------------------------------------------------------


def _has_plain_log(*nodes: Node) -> bool:
    return any(isinstance(part, Operation) and part.head == "log" for node in nodes for part in walk(node))


def _decimal_logs(node: Node) -> Node:
    """`log` without a base is natural or decimal; here the latter."""
    if not isinstance(node, Operation):
        return node
    return Operation("log10" if node.head == "log" else node.head, tuple(map(_decimal_logs, node.args)), node.depth)
