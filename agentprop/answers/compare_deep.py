"""The full half of deciding scalars, run inside a worker: everything the quick half leaves open.

Closed numbers: disjoint enclosures refute, a root-separation bound decides algebraic ones, normal forms and sympy prove
the rest, logarithms compare giants. Expressions with variables: random points refute, normal forms for every choice of
signs prove, and expressions made of pieces are proved cell by cell or residue class by residue class. Two expressions
count as the same when they agree wherever both are real and defined, on some open region at least. Agreement at samples
alone is enough only where one formula holds everywhere: floors, maxima, absolute values, remainders and nested roots
may agree at every sample and still differ.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product

from agentprop.answers import compare_equations as equations
from agentprop.answers.algebra.intervals import Enclosure, Evaluator, Giant, Unsupported, Vague, apart, endpoints
from agentprop.answers.algebra.monomials import NoForm, is_zero, numerator
from agentprop.answers.algebra.normal_form import normal
from agentprop.answers.algebra.pieces import NoCells, cells, is_pieced, samples
from agentprop.answers.algebra.rationals import WORKER_BITS, Undefined, rational
from agentprop.answers.algebra.residues import WHOLE_NAMES, classes
from agentprop.answers.algebra.root_bounds import zero_bound_bits
from agentprop.answers.compare_scalars import QuickScalars
from agentprop.answers.outcome import Equivalence, Hard, Unresolved, all_same, different, same, undetermined
from agentprop.answers.precision import Precision
from agentprop.answers.reading.nodes import (
    BINDERS,
    Constant,
    Node,
    Number,
    Operation,
    Relational,
    Symbol,
    apply,
    substitute,
    symbols,
    walk,
)

LADDER = (64, 256, 1024, 16_384)
"""Working precisions tried for refutation, in bits: nearly every different pair falls at the first."""

AGREEMENT_BITS = 16_384
"""Where no proof is found, closed numbers that still agree to this many bits are taken to be the same."""

POINTS = 24
"""Random points at which expressions with variables are compared."""

MAX_SIGNED = 4
"""Variables whose signs are all tried; beyond, only a few patterns are."""


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
        except Undefined as undefined:
            return different("undefined", f"{undefined} has no value")

    def order(self, left: Node, right: Node) -> int:
        try:
            return super().order(left, right)
        except Hard:
            pass
        for bits in LADDER:
            pair = _both(left, right, bits)
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


# -- closed numbers --------------------------------------------------------------------------------------------------


def compare_numbers(gold: Node, pred: Node, precision: Precision | None) -> Equivalence:
    if precision is not None:
        return _to_precision(gold, pred, precision)
    for bits in LADDER:
        pair = _both(gold, pred, bits)
        if pair is not None and apart(*pair):
            return different("numeric", "their enclosures are disjoint")
    for rule in (_algebraic, _canonical, _giants, _symbolic, _agreement):
        verdict = rule(gold, pred)
        if verdict is not None:
            return verdict
    return undetermined("open", "neither a proof nor a refutation was found")


def _both(gold: Node, pred: Node, bits: int) -> tuple[Enclosure, Enclosure] | None:
    try:
        evaluator = Evaluator(bits)
        return evaluator.enclose(gold), evaluator.enclose(pred)
    except (Vague, Giant, Unsupported):
        return None


def _gap(gold: Node, pred: Node) -> Node:
    return apply("+", gold, apply("neg", pred))


def _algebraic(gold: Node, pred: Node) -> Equivalence | None:
    bits = zero_bound_bits(_gap(gold, pred))
    if bits is None:
        return None
    pair = _both(gold, pred, bits + 128)
    if pair is None:
        return None
    if apart(*pair):
        return different("algebraic", "they differ beyond the 300th digit")
    gaps = (
        [pair[0].re - pair[1].re, (pair[0].im or 0) - (pair[1].im or 0)]
        if _is_complex(pair)
        else [pair[0].re - pair[1].re]
    )
    small = Fraction(1, 2**bits)
    if all(max(map(abs, endpoints(gap))) < small for gap in gaps if not isinstance(gap, int)):
        return same("algebraic", "algebraic numbers of this size that close are equal")
    return None


def _is_complex(pair: tuple[Enclosure, Enclosure]) -> bool:
    return pair[0].im is not None or pair[1].im is not None


def _canonical(gold: Node, pred: Node) -> Equivalence | None:
    try:
        rest = numerator(normal(_gap(gold, pred)))
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
    if not bound and _both(gold, pred, LADDER[0]) is None:
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
        pair = _both(gold, pred, bits)
        if pair is None:
            continue
        if _is_complex(pair):
            raise Unresolved("a precision stated for complex numbers")
        (a, b), (c, d) = endpoints(pair[0].re), endpoints(pair[1].re)
        answers = {precision.agree(x, y) for x in (a, b) for y in (c, d)}
        if len(answers) == 1:
            if answers.pop():
                return same("precision", "the numbers agree to the stated precision")
            return different("precision", "the numbers differ at the stated precision")
    return compare_numbers(gold, pred, None)


# -- expressions with variables --------------------------------------------------------------------------------------


def compare_expressions(gold: Node, pred: Node, precision: Precision | None) -> Equivalence:
    """Refute by a point at which the two differ, prove by a normal form, and take wide agreement only where that is safe."""
    names = sorted(symbols(gold) | symbols(pred))
    regions: set[tuple[int, ...]] = set()
    whole = _are_whole(names, gold, pred)
    complex_allowed = any(part == Constant("i") for side in (gold, pred) for part in walk(side))
    agree = _closeness(precision)
    fractional = False
    for point in _points(names, whole=whole, pieced=is_pieced(gold) or is_pieced(pred)):
        pair = _at(gold, pred, dict(zip(names, point, strict=True)))
        if pair is None or (_is_complex(pair) and not complex_allowed):
            continue
        if apart(*pair) and not agree(*pair):
            where = ", ".join(f"{name} = {value}" for name, value in zip(names, point, strict=True))
            return different("counterexample", f"they differ at {where}")
        regions.add(tuple(1 if value > 0 else -1 for value in point))
        fractional = fractional or any(value.denominator > 1 for value in point)
    if precision is not None and regions:
        return same("precision", "the expressions agree to the stated precision wherever they were compared")
    return _identity(gold, pred, names, regions, samples_prove=fractional and not _may_hide(gold, pred))


def _are_whole(names: list[str], gold: Node, pred: Node) -> bool:
    """The variables have the letters of whole numbers, and something here is only used of those."""
    parts = [part for side in (gold, pred) for part in walk(side) if isinstance(part, Operation)]
    return set(names) <= WHOLE_NAMES and any(part.head in _OF_WHOLE_NUMBERS or _alternates(part) for part in parts)


def _alternates(part: Operation) -> bool:
    """(-1)^n and its like."""
    if part.head != "^" or not symbols(part.args[1]) or symbols(part.args[0]):
        return False
    base = rational_or_none(part.args[0])
    return base is not None and base < 0


_OF_WHOLE_NUMBERS = frozenset(("floor", "ceil", "mod", "gcd", "lcm", "factorial", "factorial2", "binomial", "sum", "prod"))
_INVERSES = frozenset(("arcsin", "arccos", "arctan", "arccot", "arcsec", "arccsc"))
_CIRCULAR = frozenset(("sin", "cos", "tan", "cot", "sec", "csc"))


def _may_hide(*nodes: Node) -> bool:
    """Agreement at samples proves nothing: pieces, roots of roots or squares, inverses of periodic functions, calls."""
    return any(is_pieced(node) or _folds(part) for node in nodes for part in walk(node))


def _folds(part: Node) -> bool:
    if not (isinstance(part, Operation) and symbols(part)):
        return False
    if part.head in _INVERSES:
        return any(isinstance(inner, Operation) and inner.head in _CIRCULAR for inner in walk(part.args[0]))
    if part.head in ("call", "total", "lim", *BINDERS):
        return True
    root = part.head in ("sqrt", "root", "cbrt") or (part.head == "^" and _fractional(part.args[1]))
    return root and any(_squares(inner) for inner in walk(part.args[0]))


def _fractional(exponent: Node) -> bool:
    value = rational_or_none(exponent)
    return value is not None and value.denominator > 1


def _squares(inner: Node) -> bool:
    """An even power of a sum, or another root: where the radicand may touch zero and turn back."""
    match inner:
        case Operation("sqrt" | "root", _):
            return bool(symbols(inner))
        case Operation("^", (base, exponent)):
            value = rational_or_none(exponent)
            even = value is not None and (value.denominator > 1 or value.numerator % 2 == 0)
            return even and isinstance(base, Operation) and bool(symbols(base))
    return False


def rational_or_none(node: Node) -> Fraction | None:
    """The exact value, None also where there is none."""
    try:
        return rational(node)
    except Undefined:
        return None


def _closeness(precision: Precision | None) -> Callable[[Enclosure, Enclosure], bool]:
    if precision is None:
        return lambda left, right: False
    slack = (
        Fraction(1, 2) / Fraction(10) ** (int(precision.amount) - 1)
        if precision.kind == "figures"
        else precision.amount
    )

    def agree(left: Enclosure, right: Enclosure) -> bool:
        a, b = endpoints(left.re)[0], endpoints(right.re)[0]
        return abs(a - b) <= slack * (max(abs(a), abs(b)) if precision.kind in ("figures", "relative") else 1)

    return agree


def _points(names: list[str], *, whole: bool, pieced: bool) -> Iterator[tuple[Fraction, ...]]:
    """Positive points first, then every choice of signs, small and large; then whole numbers, many where pieces are."""
    generator = random.Random(20_011)
    patterns = (
        list(product((1, -1), repeat=len(names)))
        if len(names) <= MAX_SIGNED
        else [(1,) * len(names), *(tuple(generator.choice((1, -1)) for _ in names) for _ in range(8))]
    )
    if not whole:
        for scale in (Fraction(1), Fraction(1, 10), Fraction(7), Fraction(60), Fraction(10**4), Fraction(10**7)):
            for signs in patterns:
                yield tuple(sign * scale * Fraction(generator.randint(101, 997), 499) for sign in signs)
    if whole or pieced:
        yield from _whole_points(names, generator, whole=whole)
    for _ in range(POINTS // 4):
        yield tuple(Fraction(generator.randint(2, 12)) for _ in names)


def _whole_points(names: list[str], generator: random.Random, *, whole: bool) -> Iterator[tuple[Fraction, ...]]:
    """Small numbers, powers of two and of ten and their neighbours; for several names any of them together."""
    ladder = [*range(int(whole), 41), *(2**k + d for k in range(6, 13) for d in (-1, 0, 1)), *(10**k + d for k in (2, 3, 4, 6) for d in (-1, 0, 1))]
    if len(names) == 1:
        signs = (1,) if whole else (1, -1)
        yield from ((Fraction(sign * value),) for value in ladder for sign in signs if value < 41 or sign > 0)
        return
    for _ in range(120):
        yield tuple(Fraction(generator.choice(ladder)) for _ in names)


def _at(gold: Node, pred: Node, values: dict[str, Fraction]) -> tuple[Enclosure, Enclosure] | None:
    evaluator = Evaluator(160, values)
    try:
        return evaluator.enclose(gold), evaluator.enclose(pred)
    except (Vague, Giant, Unsupported, Undefined):
        return None


def _identity(
    gold: Node, pred: Node, names: list[str], regions: set[tuple[int, ...]], *, samples_prove: bool
) -> Equivalence:
    signs = regions or {(1,) * len(names)}
    if all(_vanishes(gold, pred, names, pattern) for pattern in signs):
        return same("identity", "the difference vanishes identically")
    for parts, rule in ((cells, "cells"), (classes, "residues")):
        if _agree_in_parts(gold, pred, parts):
            return same(rule, "they agree in every piece of the line" if rule == "cells" else "they agree for every remainder")
    if not (_is_endless(gold) and _is_endless(pred)) and _reduces(gold, pred):
        return same("symbolic", "sympy reduces their difference to zero")
    if not regions:
        return undetermined("open", "no point was found where both expressions are defined")
    if samples_prove:
        return same(
            "numeric-identity", "no proof, but they agree to 40 digits at every random point where both are defined"
        )
    return undetermined("open", "they agree at every sample, which proves nothing for expressions made of pieces")


def _is_endless(node: Node) -> bool:
    """A series or an integral to infinity: two of them are not worked out."""
    return any(isinstance(part, Operation) and part.head in BINDERS and Constant("inf") in part.args for part in walk(node))


def _reduces(gold: Node, pred: Node) -> bool:
    from agentprop.answers.algebra import sympy_proof as proof

    try:
        return proof.difference_vanishes(gold, pred)
    except (Unresolved, ArithmeticError, NotImplementedError, TypeError, ValueError, AttributeError):
        return False


def _agree_in_parts(gold: Node, pred: Node, parts: Callable[[Node, Node], Iterator[tuple[Node, Node]]]) -> bool:
    """Every part has the same normal form on both sides, and there is one; closed parts by their exact value."""
    if not (is_pieced(gold) or is_pieced(pred) or parts is classes):
        return False
    try:
        found = list(parts(gold, pred))
        return bool(found) and all(_equal_part(left, right) for left, right in found)
    except (NoCells, NoForm, Undefined):
        return False


def _equal_part(left: Node, right: Node) -> bool:
    names = sorted(symbols(left) | symbols(right))
    if not names:
        return compare_numbers(left, right, None).status == "same"
    return all(_vanishes(left, right, names, signs) for signs in product((1, -1), repeat=len(names)))


def _vanishes(gold: Node, pred: Node, names: list[str], pattern: tuple[int, ...]) -> bool:
    negative: dict[str, Node] = {
        name: apply("neg", Symbol(name)) for name, sign in zip(names, pattern, strict=True) if sign < 0
    }
    try:
        return is_zero(normal(substitute(_gap(gold, pred), negative)))
    except (NoForm, Undefined):
        return False


# -- logarithms without a base ---------------------------------------------------------------------------------------


def _has_plain_log(*nodes: Node) -> bool:
    return any(isinstance(part, Operation) and part.head == "log" for node in nodes for part in walk(node))


def _decimal_logs(node: Node) -> Node:
    """`log` without a base is natural or decimal; here the latter."""
    if not isinstance(node, Operation):
        return node
    return Operation("log10" if node.head == "log" else node.head, tuple(map(_decimal_logs, node.args)), node.depth)
