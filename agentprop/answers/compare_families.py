"""Answers with bound names: `3k+1` for k in the integers, `f(x) = …`, and free constants such as the C of an integral.

A bound name is nobody's: `3k+1, k in Z` is `3m+1, m in Z`, and f(x) = x² is f(t) = t². Two families over the integers
are the same set of values when one is the other shifted or reversed: 2k+1 and 2k-1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise, permutations

from agentprop.answers.algebra.monomials import PI, NoForm
from agentprop.answers.algebra.normal_form import normal
from agentprop.answers.algebra.rationals import UndefinedValue
from agentprop.answers.algebra.residues import WHOLE_NAMES
from agentprop.answers.algebra.rewriting import events, residue
from agentprop.answers.outcome import Equivalence, all_same, different, same, undetermined
from agentprop.answers.reading.nodes import (
    Constant,
    Family,
    Interval,
    Node,
    Number,
    Operation,
    Relational,
    Symbol,
    is_scalar,
    substitute,
    symbols,
)

Compare = Callable[[Node, Node], Equivalence]
INTEGERS = frozenset(("integers", "naturals", "positive integers", "naturals from 0"))
MAX_BOUND = 3
"""Bound names that are exchanged in every order."""


def families(gold: Node, pred: Node, compare: Compare) -> Equivalence | None:
    """Decide pairs in which at least one side is a family of values."""
    for one, other in ((gold, pred), (pred, gold)):
        if (verdict := _residue_against_line(one, other)) is not None:
            return verdict
    match gold, pred:
        case Family(), Family():
            return _two_families(gold, pred, compare)
        case Family(), _:
            return _family_against_value(gold, pred, compare, swapped=False)
        case _, Family():
            return _family_against_value(pred, gold, compare, swapped=True)
    return None


def domains_of(family: Family) -> dict[str, str]:
    """The names that run through a whole domain, with the domain."""
    return {
        condition.left.name: condition.right.name
        for condition in family.conditions
        if isinstance(condition, Relational)
        and condition.op == "in"
        and isinstance(condition.left, Symbol)
        and isinstance(condition.right, Constant)
    }


def limits_of(family: Family) -> list[Node]:
    """The conditions that are more than a domain."""
    names = domains_of(family)
    return [
        condition
        for condition in family.conditions
        if not (
            isinstance(condition, Relational) and isinstance(condition.left, Symbol) and condition.left.name in names
        )
        or condition.op != "in"
    ]


def _two_families(gold: Family, pred: Family, compare: Compare) -> Equivalence:
    left, right = domains_of(gold), domains_of(pred)
    verdicts = []
    for renaming in _renamings(list(right), list(left)):
        renamed = Family(substitute(pred.body, renaming), tuple(substitute(c, renaming) for c in pred.conditions))
        verdict = _alike(gold, renamed, compare)
        if verdict.status == "same":
            return verdict
        verdicts.append(verdict)
    if len(left) == len(right) == 1 and set(left.values()) | set(right.values()) == {"integers"}:
        [name], [other] = left, right
        renamed_body = substitute(pred.body, {other: Symbol(name)})
        if not limits_of(gold) and not limits_of(pred):
            return _integer_families(gold.body, renamed_body, name)
    doubtful = next((verdict for verdict in verdicts if verdict.status == "undetermined"), None)
    if doubtful is not None:
        return doubtful
    if not verdicts:
        return undetermined("family", "the families are bound in different ways")
    if set(left.values()) & INTEGERS:
        return undetermined("family", "the families are written differently and may still hold the same values")
    return verdicts[0]


def _renamings(names: Sequence[str], targets: Sequence[str]) -> Iterator[dict[str, Node]]:
    if len(names) != len(targets) or len(names) > MAX_BOUND:
        return
    for chosen in permutations(targets):
        yield {name: Symbol(target) for name, target in zip(names, chosen, strict=True)}


def _alike(gold: Family, pred: Family, compare: Compare) -> Equivalence:
    if domains_of(gold) != domains_of(pred):
        return different("family", "the names run through different domains")
    limits = limits_of(gold), limits_of(pred)
    if len(limits[0]) != len(limits[1]):
        return different("conditions", "they hold under different conditions")
    conditions = all_same((compare(a, b) for a, b in zip(*limits, strict=True)), "conditions")
    if conditions.status != "same":
        return conditions
    return compare(gold.body, pred.body)


def _family_against_value(family: Family, value: Node, compare: Compare, *, swapped: bool) -> Equivalence:
    """A domain on one side only is understood on the other; a real condition is not."""

    def bodies(body: Node, other: Node) -> Equivalence:
        return compare(other, body) if swapped else compare(body, other)

    names = domains_of(family)
    if isinstance(value, Interval) or (isinstance(value, Constant) and not is_scalar(value)):
        return undetermined("family", "a family of values against a set")
    verdict = bodies(family.body, _with_its_names(family, value, names))
    if limits_of(family):
        if verdict.status != "same":
            return verdict
        return different("conditions", "one holds under a condition only")
    if verdict.status == "different" and set(names.values()) & INTEGERS and symbols(value):
        return undetermined("family", "a family of values, and an expression that may stand for one")
    return verdict


def _with_its_names(family: Family, value: Node, names: dict[str, str]) -> Node:
    """The plain expression with its one foreign name read as the family's bound one."""
    missing = [name for name in names if name not in symbols(value)]
    foreign = sorted(symbols(value) - symbols(family.body))
    if len(missing) == 1 and len(foreign) == 1:
        return substitute(value, {foreign[0]: Symbol(missing[0])})
    return value


# -- families over the integers --------------------------------------------------------------------------------------


def _integer_families(gold: Node, pred: Node, name: str) -> Equivalence:
    """The same steps from starting points a whole number of steps apart; or a value that one of them never takes."""
    lines = [line_of(body, name) for body in (gold, pred)]
    if isinstance(gold, Relational) and isinstance(pred, Relational) and (gold.op, gold.left) == (pred.op, pred.left):
        return _integer_families(gold.right, pred.right, name)
    if lines[0] is not None and lines[1] is not None:
        (step, start, unit), (other, first, foreign) = lines[0], lines[1]
        if unit != foreign:
            return different("family", "one counts in multiples of pi, the other does not")
        if abs(step) == abs(other) and step and ((start - first) / step).denominator == 1:
            return same("family", "the same values, counted from another one")
        return different("family", "the values are spaced or placed differently")
    return undetermined("family", "the families are written differently and may still hold the same values")


def _residue_against_line(one: Node, other: Node) -> Equivalence | None:
    """n ≡ 1 (mod 4) beside n = 4k + 1 for every integer k; None where they are not those."""
    found = residue(one)
    integral = isinstance(other, Family) and set(domains_of(other).values()) == {"integers"} and not limits_of(other)
    body = other.body if isinstance(other, Family) else other
    body = body.right if isinstance(body, Relational) and body.op == "=" else body
    names = symbols(body)
    if found is None or not (integral or is_scalar(other) or isinstance(other, Relational)) or len(names) != 1:
        return None
    [name], line = names, line_of(body, next(iter(names)))
    start, modulus = (multiple_of(part) for part in found)
    if name not in WHOLE_NAMES or line is None or start is None or modulus is None or line[2] == "pi":
        return None
    if abs(line[0]) == abs(modulus[0]) and ((line[1] - start[0]) / modulus[0]).denominator == 1:
        return same("family", "the same values, as a residue class and as a sequence")
    return different("family", "the values are spaced or placed differently")


def line_of(body: Node, name: str) -> tuple[Fraction, Fraction, str | None] | None:
    """Step and start of a·k + b, both rational or both rational multiples of pi; None for anything else."""
    if not is_scalar(body) or symbols(body) != {name}:
        return None
    values = [multiple_of(substitute(body, {name: Number(Fraction(k))})) for k in range(-1, 4)]
    units = {unit for _, unit in filter(None, values) if unit is not None}
    if len(units) > 1:
        return None
    found = [value[0] for value in values if value is not None]
    if len(found) < len(values) or any(b - a != found[1] - found[0] for a, b in pairwise(found)):
        return None
    return found[1] - found[0], found[1], next(iter(units), None)


def multiple_of(node: Node) -> tuple[Fraction, str | None] | None:
    """A rational number, or a rational multiple of pi; zero is a multiple of both."""
    try:
        poly = normal(node)
    except (NoForm, UndefinedValue):
        return None
    if not poly:
        return Fraction(0), None
    if len(poly) > 1:
        return None
    [(monomial, coefficient)] = poly.items()
    if monomial == ():
        return coefficient, "1"
    return (coefficient, "pi") if monomial == ((PI, Fraction(1)),) else None


# -- definitions -----------------------------------------------------------------------------------------------------


def with_arguments_of(gold: Node, pred: Node) -> Node:
    """f(t) = t² as f(x) = x² where the other side defines it so."""
    match gold, pred:
        case (
            Relational("=", Operation("call", (Symbol(f), *names)), value),
            Relational("=", Operation("call", (Symbol(g), *others)), body),
        ) if f == g and len(names) == len(others) and names != others:
            if events(names, value) or events(others, body):
                return pred
            renaming: dict[str, Node] = {
                name.name: Symbol(f"{name.name} of the other") for name in names if isinstance(name, Symbol)
            }
            for other, name in zip(others, names, strict=True):
                renaming |= {other.name: name} if isinstance(other, Symbol) else {}
            return Relational("=", gold.left, substitute(body, renaming))
    return pred


_DERIVATIVE = re.compile(r"d(\w+) by d(\w) (\d)")


def with_primes_of(gold: Node, pred: Node) -> Node:
    """dy/dx as y' if the other side writes primes, and all of this side's derivatives are by one variable."""
    mine, theirs = symbols(gold), symbols(pred)
    found = {name: match for name in theirs if (match := _DERIVATIVE.fullmatch(name)) is not None}
    primes = {name: f"{match[1]}{chr(39) * int(match[3])}" for name, match in found.items()}
    if not found or len({match[2] for match in found.values()}) > 1 or not set(primes.values()) <= mine:
        return pred
    if any(match[2] == match[1] or f"{match[2]}'" in mine for match in found.values()):
        return pred
    return substitute(pred, {name: Symbol(prime) for name, prime in primes.items()})
