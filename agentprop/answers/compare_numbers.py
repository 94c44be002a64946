"""Two closed numbers: refuted by enclosures that do not meet, proved by a root bound, a normal form or sympy."""

from __future__ import annotations

from fractions import Fraction

from agentprop.answers.algebra.intervals import Enclosure, Evaluator, Giant, Unsupported, Vague, apart, endpoints
from agentprop.answers.algebra.monomials import NoForm, numerator
from agentprop.answers.algebra.normal_form import normal
from agentprop.answers.algebra.root_bounds import zero_bound_bits
from agentprop.answers.outcome import Equivalence, Unresolved, different, same, undetermined
from agentprop.answers.precision import Precision
from agentprop.answers.reading.nodes import BINDERS, Node, Number, Operation, apply, walk

LADDER = (64, 256, 1024, 16_384)
"""Working precisions tried for refutation, in bits: nearly every different pair falls at the first."""

AGREEMENT_BITS = 16_384
"""Where no proof is found, closed numbers that still agree to this many bits are taken to be the same."""


def compare_numbers(gold: Node, pred: Node, precision: Precision | None) -> Equivalence:
    """The verdict on two closed numbers."""
    if precision is not None:
        return _to_precision(gold, pred, precision)
    if gold == pred and both(gold, pred, LADDER[0]) is not None:
        return same("identical", "both read as the same expression")
    if _is_slow(gold, pred) and (verdict := _canonical(gold, pred)) is not None:
        return verdict
    for bits in LADDER:
        pair = both(gold, pred, bits)
        if pair is not None and apart(*pair):
            return different("numeric", "their enclosures are disjoint")
    for rule in (_algebraic, _canonical, _giants, _symbolic, _agreement):
        verdict = rule(gold, pred)
        if verdict is not None:
            return verdict
    return undetermined("open", "neither a proof nor a refutation was found")


def _is_slow(*nodes: Node) -> bool:
    """Gamma is enclosed slowly at high precision."""
    return any(isinstance(part, Operation) and part.head == "gamma" for node in nodes for part in walk(node))


def both(gold: Node, pred: Node, bits: int) -> tuple[Enclosure, Enclosure] | None:
    """Enclosures of the two at a working precision; None where one of them has none."""
    try:
        evaluator = Evaluator(bits)
        return evaluator.enclose(gold), evaluator.enclose(pred)
    except (Vague, Giant, Unsupported):
        return None


def gap(gold: Node, pred: Node) -> Node:
    """Their difference."""
    return apply("+", gold, apply("neg", pred))


def _algebraic(gold: Node, pred: Node) -> Equivalence | None:
    bits = zero_bound_bits(gap(gold, pred))
    if bits is None:
        return None
    pair = both(gold, pred, bits + 128)
    if pair is None:
        return None
    if apart(*pair):
        return different("algebraic", "they differ beyond the 300th digit")
    gaps = (
        [pair[0].re - pair[1].re, (pair[0].im or 0) - (pair[1].im or 0)]
        if is_complex(pair)
        else [pair[0].re - pair[1].re]
    )
    small = Fraction(1, 2**bits)
    if all(max(map(abs, endpoints(gap))) < small for gap in gaps if not isinstance(gap, int)):
        return same("algebraic", "algebraic numbers of this size that close are equal")
    return None


def is_complex(pair: tuple[Enclosure, Enclosure]) -> bool:
    """One of the two may have an imaginary part."""
    return pair[0].im is not None or pair[1].im is not None


def _canonical(gold: Node, pred: Node) -> Equivalence | None:
    try:
        rest = numerator(normal(gap(gold, pred)))
    except NoForm:
        return None
    if not rest:
        return same("normal-form", "both have the same normal form")
    if set(rest) == {()}:
        return different("normal-form", "they differ by a rational number")
    return None


def _giants(gold: Node, pred: Node) -> Equivalence | None:
    match gold, pred:
        case Operation("^", (Number(base), left)), Operation("^", (Number(other), right)) if min(base, other) > 1:
            if base == other:
                return compare_numbers(left, right, None)
            if left == right:
                return different("logarithms", "different bases under the same exponent")
    if isinstance(gold, Operation) and isinstance(pred, Operation) and gold.head == pred.head == "neg":
        gold, pred = gold.args[0], pred.args[0]
    for bits in (128, 1024):
        for times in range(1, 6):
            try:
                evaluator = Evaluator(bits)
                left, right = evaluator.iterated_log(gold, times), evaluator.iterated_log(pred, times)
            except (Vague, Giant, Unsupported, ValueError):
                continue
            if left.b < right.a or right.b < left.a:
                return different("logarithms", f"their logarithms, taken {times} times, differ")
    return None


def _symbolic(gold: Node, pred: Node) -> Equivalence | None:
    bound = any(isinstance(part, Operation) and part.head in BINDERS for side in (gold, pred) for part in walk(side))
    if not bound and both(gold, pred, LADDER[0]) is None:
        return None  # sympy would try to write a giant out
    from agentprop.answers.algebra import sympy_proof as proof

    try:
        if proof.difference_vanishes(gold, pred):
            return same("symbolic", "sympy reduces their difference to zero")
        if bound and proof.numbers_differ(gold, pred):
            return different("closed-form", "their closed forms differ in the first 20 digits")
    except (Unresolved, ArithmeticError, NotImplementedError, TypeError, ValueError, AttributeError):
        return None
    return None


def _agreement(gold: Node, pred: Node) -> Equivalence | None:
    """No proof, no difference in 4,900 digits, and no part so small that more digits could matter."""
    evaluator = Evaluator(AGREEMENT_BITS)
    try:
        pair = evaluator.enclose(gold), evaluator.enclose(pred)
        sizes = [
            evaluator.enclose(part).re for side in (gold, pred) for part in walk(side) if isinstance(part, Operation)
        ]
    except (Vague, Giant, Unsupported):
        return None
    if apart(*pair):
        return different("numeric", "their enclosures are disjoint")
    if any(0 not in size and abs(size).b < evaluator.iv.mpf(2) ** -512 for size in sizes):
        return None
    low, high = endpoints(pair[0].re - pair[1].re)
    if max(abs(low), abs(high)) >= Fraction(1, 2 ** (AGREEMENT_BITS // 2)):
        return None
    return same("numeric-agreement", "they agree to more than 2,000 digits, though no proof was found")


def _to_precision(gold: Node, pred: Node, precision: Precision) -> Equivalence:
    for bits in LADDER:
        pair = both(gold, pred, bits)
        if pair is None:
            continue
        if is_complex(pair):
            raise Unresolved("a precision stated for complex numbers")
        (a, b), (c, d) = endpoints(pair[0].re), endpoints(pair[1].re)
        answers = {precision.agree(x, y) for x in (a, b) for y in (c, d)}
        if len(answers) == 1:
            if answers.pop():
                return same("precision", "the numbers agree to the stated precision")
            return different("precision", "the numbers differ at the stated precision")
    return compare_numbers(gold, pred, None)
