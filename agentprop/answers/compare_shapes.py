"""Two trees to a verdict: what is compared with what, down to pairs of scalars that `Scalars` decides.

Policies, in one place:
- ( ) is ordered or an open interval, [ ] ordered or closed, { } unordered without repetition; a bare `1, 2` is a list
  of solutions in any order, and meets an ordered shape in its order. One solution is the same bare or in braces.
- `x = 5` meets `5`; with two different variables named, the answers differ.
- A unit named on one side only is taken to be understood on the other (unless `require_unit`); two units are converted.
- A set written as inequalities meets the same set written as intervals; conditions on one variable joined by commas
  hold together.
- Words meet words and values meet values (`compare_words`); names that are bound and values in pieces have rules of
  their own (`compare_families`, `compare_pieces`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol, TypeGuard

from agentprop.answers import compare_words as wording
from agentprop.answers.algebra import real_sets as realsets
from agentprop.answers.algebra.conjugates import may_be_complex, with_conjugates
from agentprop.answers.algebra.rewriting import (
    as_angle,
    assigned_value,
    assignments,
    converted,
    defines,
    evaluates,
    events_differ,
    expand,
    has_units,
    in_si,
    listed,
    may_be_undefined,
    radians,
    residue,
    solutions,
    units_in,
    with_imaginary_unit_of,
    without_units,
)
from agentprop.answers.compare_chains import chains
from agentprop.answers.compare_collections import shapes, unordered
from agentprop.answers.compare_constants import shares_constant, up_to_constant, with_constants_of
from agentprop.answers.compare_domains import domains
from agentprop.answers.compare_families import families, with_arguments_of, with_primes_of
from agentprop.answers.compare_lines import as_line, equal_names, lines
from agentprop.answers.compare_pieces import pieces
from agentprop.answers.compare_progressions import has_coordinates, progressions
from agentprop.answers.outcome import Equivalence, all_same, different, same, undetermined
from agentprop.answers.precision import Precision
from agentprop.answers.reading.chains import is_chain
from agentprop.answers.reading.counters import is_count
from agentprop.answers.reading.grammar import OPAQUE_RELATIONS
from agentprop.answers.reading.nodes import (
    BINDERS,
    Cases,
    Collection,
    Constant,
    Interval,
    Matrix,
    Node,
    Number,
    Operation,
    Quantity,
    Relational,
    Symbol,
    apply,
    is_closed,
    is_scalar,
    substitute,
    walk,
)
from agentprop.answers.reading.sentences import is_description
from agentprop.answers.reading.units import DEGREE_DIMENSIONS, RADIAN_DIMENSIONS, same_currency, same_turns

_GENERIC_NAMES = frozenset(
    ("answer", "result", "solution", "value", "total", "final answer", "required value", "number", "final result")
)


class Scalars(Protocol):
    """How two scalar trees are decided: quickly and in part (raising `Hard`), or with everything a worker has."""

    def decide(self, gold: Node, pred: Node, precision: Precision | None) -> Equivalence: ...

    def order(self, left: Node, right: Node) -> int:
        """-1, 0 or 1, for real closed trees."""
        ...

    def equations(self, gold: Relational, pred: Relational) -> Equivalence: ...

    def solution_sets(self, gold: Node, pred: Node) -> Equivalence:
        """Compare conditions on one real variable that are not plainly intervals."""
        ...

    def inequalities(self, gold: Relational, pred: Relational) -> Equivalence:
        """Compare two inequalities in any number of variables."""
        ...

    def piecewise(self, gold: Node, pred: Node) -> Equivalence:
        """Compare values in pieces, or one with an expression, where the pieces do not pair off."""
        ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison with its settings."""

    scalars: Scalars
    precision: Precision | None = None
    require_unit: bool = False
    one_constant: bool = False
    """Several values of an answer have the same constant of integration."""
    one_letter: bool = False
    """Several coordinates of an answer may have the same letter that counts."""

    def compare(self, gold: Node, pred: Node) -> Equivalence:
        """The verdict on two trees."""
        gold, pred = expand(gold), expand(pred)
        if gold == pred and not may_be_undefined(gold):
            return same("identical", "both read as the same expression")
        if not self.one_constant and isinstance(gold, Cases | Collection) and shares_constant(gold):
            return replace(self, one_constant=True).compare(gold, pred)
        if not self.one_letter and has_coordinates(gold):
            return replace(self, one_letter=True).compare(gold, pred)
        if (left := as_line(gold)) is not None and (right := as_line(pred)) is not None:
            return lines(left, right)
        if (names := equal_names(gold)) is not None and names == equal_names(pred):
            return same("equation", "the same names are said to be equal")
        if any(map(is_chain, walk(gold))) or any(map(is_chain, walk(pred))):
            return chains(gold, pred, self.compare, self._rounded)
        for outside in (
            wording.words,
            wording.labelled,
            wording.moments,
            wording.chemistry,
            wording.logic,
            domains,
            progressions,
            families,
            pieces,
        ):
            if self.one_letter and outside is progressions:
                continue
            verdict = outside(gold, pred, self.compare)
            if verdict is not None:
                return verdict
        for rule in (self._pieces, self._congruences, self._relations, self._sets, self._quantities, self._collections):
            verdict = rule(gold, pred)
            if verdict is not None:
                return verdict
        return self._scalars(gold, pred)

    def _rounded(self, exact: Node, value: Node, step: Fraction) -> Equivalence:
        """The value is the exact one rounded, or cut off, at its last digit."""
        rounding = replace(self, precision=Precision("step", step))
        verdict = rounding.compare(exact, value)
        if verdict.status != "different" or not (is_scalar(exact) and is_scalar(value)):
            return verdict
        half = Number(step / 2)
        cut = [apply("+", exact, apply("neg", half)), apply("+", exact, half)]
        towards_zero = cut[0] if self.scalars.order(exact, Number(Fraction(0))) > 0 else cut[1]
        return rounding.compare(towards_zero, value)

    def _collections(self, gold: Node, pred: Node) -> Equivalence | None:
        return shapes(gold, pred, self.compare)

    def _scalars(self, gold: Node, pred: Node) -> Equivalence:
        if not (is_scalar(gold) and is_scalar(pred)):
            return self._opaque(gold, pred)
        pred = with_imaginary_unit_of(gold, with_constants_of(gold, pred))
        gold, pred = with_conjugates(with_imaginary_unit_of(pred, gold), pred)
        verdict = self.scalars.decide(gold, pred, self.precision)
        if verdict.status == "same" and may_be_complex(gold, pred):
            return undetermined("complex", "they agree for real numbers, and the letter usually names a complex one")
        if verdict.status == "different":
            for left, right in up_to_constant(gold, pred):
                if self.scalars.decide(left, right, None).status == "same":
                    if self.one_constant:
                        return undetermined("constant", "they differ by a number, and another value has the same C")
                    return same("constant", "they differ by a constant, as antiderivatives may")
        return verdict

    def _opaque(self, gold: Node, pred: Node) -> Equivalence:
        """Unions over an index and powers of sets: the same where their parts are, and otherwise open."""
        match gold, pred:
            case Operation(head, left), Operation(other, right) if head == other and len(left) == len(right):
                if head in BINDERS and isinstance(left[1], Symbol) and isinstance(right[1], Symbol):
                    right = (substitute(right[0], {right[1].name: left[1]}), left[1], *right[2:])
                if all(self.compare(a, b).status == "same" for a, b in zip(left, right, strict=True)):
                    return same("parts", "the same parts")
                return undetermined("sets", "sets that are built in different ways are not compared")
        return different("kind", "one is a set, the other is not")

    def _pieces(self, gold: Node, pred: Node) -> Equivalence | None:
        if isinstance(gold, Cases) or isinstance(pred, Cases):
            return self.scalars.piecewise(gold, pred)
        return None

    # -- residue classes ---------------------------------------------------------------------------------------------

    def _congruences(self, gold: Node, pred: Node) -> Equivalence | None:
        left, right = residue(gold), residue(pred)
        if left is None and right is None:
            return None
        if left is None or right is None:
            value, _ = left or right or (gold, pred)
            verdict = self.compare(value, assigned_value(pred if right is None else gold))
            if verdict.status == "same":
                return undetermined("congruence", "one is a residue class, the other a number of it")
            return verdict
        moduli = self.compare(left[1], right[1])
        if moduli.status != "same":
            return moduli
        difference = apply("mod", apply("+", left[0], apply("neg", right[0])), left[1])
        return self.compare(Number(Fraction(0)), difference)

    # -- relations ---------------------------------------------------------------------------------------------------

    def _relations(self, gold: Node, pred: Node) -> Equivalence | None:
        pred = with_constants_of(gold, with_arguments_of(gold, with_primes_of(gold, pred)))
        gold = with_primes_of(pred, gold)
        for one, other in ((gold, pred), (pred, gold)):
            if isinstance(one, Relational) and one.op == "to" and is_scalar(other) and one.left in walk(other):
                return self.compare(*((one.right, other) if one is gold else (other, one.right)))  # x -> x^2
        if isinstance(gold, Relational) and isinstance(pred, Relational) and {gold.op, pred.op} & OPAQUE_RELATIONS:
            return self._side_by_side(gold, pred)
        if (
            isinstance(gold, Relational)
            and isinstance(pred, Relational)
            and not (_of_scalars(gold) and _of_scalars(pred))
        ):
            return self._shapes_side_by_side(gold, pred)
        several = self._solutions(gold, pred)
        if several is not None:
            return several
        left, right = assignments(gold), assignments(pred)
        if left and right:
            return self._assignments(left, right, gold, pred)
        if left or right:
            return self._bare_against_assigned(left or right or {}, pred if left else gold, gold, pred)
        match gold, pred:
            case Relational("="), Relational("="):
                return self.scalars.equations(gold, pred)
            case Relational("="), _ if (is_scalar(pred) or isinstance(pred, Quantity)) and defines(gold):
                return self.compare(gold.right, pred)
            case _, Relational("=") if (is_scalar(gold) or isinstance(gold, Quantity)) and defines(pred):
                return self.compare(gold, pred.right)
            case Relational("="), _ if is_closed(pred) and evaluates(gold) and self._agree(gold.right, pred):
                return same("evaluated", "the value that is stated on one side stands alone on the other")
            case _, Relational("=") if is_closed(gold) and evaluates(pred) and self._agree(gold, pred.right):
                return same("evaluated", "the value that is stated on one side stands alone on the other")
            case Relational("=", _, Matrix() as shape), Matrix() | Collection():
                return self.compare(shape, pred)
            case Matrix() | Collection(), Relational("=", _, Matrix() as shape):
                return self.compare(gold, shape)
            case (Relational("=") as equation, other) | (other, Relational("=") as equation) if is_scalar(other):
                if len(realsets.variables(equation)) > 1:
                    return different("kind", "one is an equation, the other is not")
                return self.scalars.solution_sets(gold, pred)
            case (Relational("="), _) | (_, Relational("=")):
                return self.scalars.solution_sets(gold, pred)
        return None

    def _agree(self, gold: Node, pred: Node) -> bool:
        return self.compare(gold, pred).status == "same"

    def _solutions(self, gold: Node, pred: Node) -> Equivalence | None:
        """Several solutions in several unknowns: as many tuples, in any order."""
        left, right = solutions(gold), solutions(pred)
        if left is not None and right is not None and set(left[0]) == set(right[0]):
            order = [right[0].index(name) for name in left[0]]
            reordered = [Collection("tuple", tuple(row.items[k] for k in order)) for row in right[1]]
            return unordered(left[1], reordered, self.compare)
        if left is not None and right is None and _is_group(pred):
            return unordered(left[1], pred.items, self.compare)
        if right is not None and left is None and _is_group(gold):
            return unordered(gold.items, right[1], self.compare)
        return None

    def _side_by_side(self, gold: Relational, pred: Relational) -> Equivalence:
        """Relations that are never solved: `x -> 2x`, parallels."""
        if gold.op != pred.op:
            return different("relation", "the relations differ")
        return all_same((self.compare(gold.left, pred.left), self.compare(gold.right, pred.right)), "relation")

    def _shapes_side_by_side(self, gold: Relational, pred: Relational) -> Equivalence | None:
        """Equations between matrices, which nothing solves; None where a name is given to a shape."""
        if gold.op != "=" or pred.op != "=" or (isinstance(gold.left, Symbol) and isinstance(pred.left, Symbol)):
            return None
        sides = [self.compare(a, b) for a, b in ((gold.left, pred.left), (gold.right, pred.right))]
        if all(side.status == "same" for side in sides):
            return same("equation", "the same on both sides")
        if sum(side.status == "same" for side in sides) == 1 and any(side.status == "different" for side in sides):
            return different("equation", "one side is the same and the other is not")
        return undetermined("equation", "equations between shapes that are written differently")

    def _assignments(
        self, left: dict[str, list[Node]], right: dict[str, list[Node]], gold: Node, pred: Node
    ) -> Equivalence:
        if left.keys() == right.keys():
            verdict = all_same((self._values(left[name], right[name]) for name in sorted(left)), "assignments")
            if verdict.status == "different" and self._are_renumbered(left, right):
                return undetermined("numbering", "the same values, numbered otherwise")
            return verdict
        if (values := _indexed(left, right)) is not None:
            return self.compare(*values)
        if len(left) == len(right) == 1:
            [name], [other] = left, right
            if events_differ(name, other):
                return different("variables", f"one is about {name}, the other about {other}")
            if name.endswith("()") != other.endswith("()"):
                return self._values(*left.values(), *right.values())  # y = … and f(x) = … name the same function
            if is_description(name) or is_description(other):
                return self._described(name, other, self._values(*left.values(), *right.values()))
        if isinstance(gold, Relational) and isinstance(pred, Relational):
            return self.scalars.equations(gold, pred)
        return different("variables", f"one is about {', '.join(left)}, the other about {', '.join(right)}")

    def _are_renumbered(self, left: dict[str, list[Node]], right: dict[str, list[Node]]) -> bool:
        """The same values under other numbers of one letter (`y_1`, `y_2`), which may or may not count."""
        if len(left) < 2 or len({name.partition("_")[0] if "_" in name else name for name in left}) > 1:
            return False
        golds, preds = ([listed(one) for one in side.values()] for side in (left, right))
        return unordered(golds, preds, self.compare).status == "same"

    def _described(self, name: str, other: str, values: Equivalence) -> Equivalence:
        """A value called by a name in words meets the same value called otherwise, unless both names say what it is."""
        if values.status != "same" or not (is_description(name) and is_description(other)):
            return values
        if set(name.split()) & set(other.split()) or {name, other} & _GENERIC_NAMES:
            return values
        return undetermined("names", f"the values agree; one is called {name}, the other {other}")

    def _values(self, left: list[Node], right: list[Node]) -> Equivalence:
        return self.compare(listed(left), listed(right))

    def _bare_against_assigned(
        self, assigned: dict[str, list[Node]], bare: Node, gold: Node, pred: Node
    ) -> Equivalence | None:
        if isinstance(bare, Relational) and isinstance(gold, Relational) and isinstance(pred, Relational):
            return self.scalars.equations(gold, pred) if bare.op == "=" else None
        if realsets.is_condition(bare) or isinstance(bare, Interval):
            return None
        if len(assigned) == 1:
            values = listed(next(iter(assigned.values())))
            return self.compare(bare, values) if bare is gold else self.compare(values, bare)
        if isinstance(bare, Collection) and all(len(values) == 1 for values in assigned.values()):
            ordered = Collection("tuple", tuple(values[0] for values in assigned.values()))
            return self.compare(ordered, Collection("tuple", bare.items) if bare.kind in ("bare", "vector") else bare)
        return different("kind", "one names several variables, the other is a single value")

    # -- sets of reals -----------------------------------------------------------------------------------------------

    def _sets(self, gold: Node, pred: Node) -> Equivalence | None:
        if not (realsets.is_set(gold) or realsets.is_set(pred)):
            return None
        if not (realsets.could_be_set(gold) and realsets.could_be_set(pred)):
            return different("kind", "one is a set of numbers, the other is not")
        if has_units(gold) or has_units(pred):
            return self._measured_sets(gold, pred)
        gold, pred = _condition_of(gold), _condition_of(pred)
        if isinstance(gold, Constant) and isinstance(pred, Constant):
            return self.scalars.decide(gold, pred, None)
        if len(realsets.variables(gold)) > 1 or len(realsets.variables(pred)) > 1:
            return self._several_variables(gold, pred)
        names = realsets.variables(gold) | realsets.variables(pred)
        if len(names) > 1:
            return different("variables", "the conditions are about different variables")
        if self.precision is not None and isinstance(gold, Interval) and isinstance(pred, Interval):
            return self._intervals(gold, pred)
        if realsets.is_plain(gold) and realsets.is_plain(pred):
            return realsets.compare(gold, pred, self.scalars.order)
        return self.scalars.solution_sets(gold, pred)

    def _measured_sets(self, gold: Node, pred: Node) -> Equivalence:
        """Sets with units in them: of one kind on both sides, or named on one side only."""
        kinds = [units_in(side) for side in (gold, pred)]
        if any(len(kind) > 1 for kind in kinds) or (all(kinds) and kinds[0] != kinds[1]):
            return different("units", "the units measure different things")
        if not all(kinds) and self.require_unit:
            return different("unit-missing", "a unit is stated on one side only")
        scaled = all(kinds)
        return self.compare(without_units(gold, scaled=scaled), without_units(pred, scaled=scaled))

    def _several_variables(self, gold: Node, pred: Node) -> Equivalence:
        """Conditions on several variables: each must be one of the other side."""
        if realsets.variables(gold) != realsets.variables(pred):
            return different("variables", "the conditions are about different variables")
        if isinstance(gold, Relational) and isinstance(pred, Relational):
            return self.scalars.inequalities(gold, pred)
        both = [node.args if isinstance(node, Operation) else (node,) for node in (gold, pred)]
        if len(both[0]) != len(both[1]) or not all(isinstance(part, Relational) for side in both for part in side):
            return undetermined("conditions", "conditions on several variables, joined in different ways")
        verdict = unordered(both[0], both[1], self.compare)
        if verdict.status == "different" and len(both[0]) > 1:
            return undetermined("conditions", "conditions on several variables that do not pair off")
        return verdict

    def _intervals(self, gold: Interval, pred: Interval) -> Equivalence:
        if (gold.low_closed, gold.high_closed) != (pred.low_closed, pred.high_closed):
            return different("interval", "the ends are not open and closed alike")
        ends = ((gold.low, pred.low), (gold.high, pred.high))
        return all_same((self.compare(left, right) for left, right in ends), "interval")

    # -- quantities --------------------------------------------------------------------------------------------------

    def _quantities(self, gold: Node, pred: Node) -> Equivalence | None:
        gold, pred = as_angle(gold), as_angle(pred)
        match gold, pred:
            case Quantity(), Quantity():
                return self._two_units(gold, pred)
            case Quantity(), _ if is_scalar(pred):
                return self._one_unit(gold, pred)
            case _, Quantity() if is_scalar(gold):
                return self._one_unit(pred, gold, swapped=True)
        return None

    def _two_units(self, gold: Quantity, pred: Quantity) -> Equivalence:
        left, right = gold.unit, pred.unit
        if left == right or (left.factor, left.dimensions, left.offset) == (
            right.factor,
            right.dimensions,
            right.offset,
        ):
            return self.compare(gold.value, pred.value)
        angles = {left.dimensions, right.dimensions}
        if angles == {DEGREE_DIMENSIONS, RADIAN_DIMENSIONS}:
            return self.compare(radians(gold), radians(pred))
        if is_count(left) and is_count(right) and left.dimensions != right.dimensions:
            return wording.counts(gold, pred, self.compare)
        if left.dimensions != right.dimensions and not (same_currency(left, right) or same_turns(left, right)):
            return different("units", f"{left.name} and {right.name} measure different things")
        if same_currency(left, right):
            return self.compare(gold.value, pred.value)
        if self.precision is None:
            return self.compare(in_si(gold.value, left), in_si(pred.value, right))
        return self.compare(gold.value, converted(pred.value, right, left))

    def _one_unit(self, quantity: Quantity, bare: Node, *, swapped: bool = False) -> Equivalence:
        pair = (bare, quantity.value) if swapped else (quantity.value, bare)
        if quantity.unit.dimensions == DEGREE_DIMENSIONS:
            in_radians = radians(quantity)
            verdict = self.compare(bare, in_radians) if swapped else self.compare(in_radians, bare)
            if verdict.status == "same":
                return verdict
        if not quantity.unit.dimensions:  # ppm is a number
            return self.compare(in_si(quantity.value, quantity.unit), bare)
        if self.require_unit:
            return different("unit-missing", f"{quantity.unit.name} is stated on one side only")
        if not quantity.certain:
            return different("units", f"{quantity.unit.name} stands on one side only")
        verdict = self.compare(*pair)
        if verdict.status != "same":
            return verdict
        return same("unit-understood", f"the numbers agree; {quantity.unit.name} is stated on one side only")


def _is_group(node: Node) -> TypeGuard[Collection]:
    """Tuples beside each other."""
    return isinstance(node, Collection) and all(isinstance(item, Collection) for item in node.items)


def _indexed(left: dict[str, list[Node]], right: dict[str, list[Node]]) -> tuple[Node, Node] | None:
    """`x_1 = 2, x_2 = 5` beside `x = 2, x = 5`: the values of both sides; None where one is about something else."""
    sides = [{name.partition("_")[0] for name in side} for side in (left, right)]
    if sides[0] != sides[1] or len(sides[0]) > 1 or {len(left) == 1, len(right) == 1} != {True, False}:
        return None
    values = [[value for values in side.values() for value in values] for side in (left, right)]
    return (listed(values[0]), listed(values[1])) if len(values[0]) == len(values[1]) > 1 else None


def _of_scalars(relation: Relational) -> bool:
    return (
        relation.op != "="
        or (is_scalar(relation.left) and is_scalar(relation.right))
        or isinstance(relation.left, Symbol | Collection)
    )


def _condition_of(node: Node) -> Node:
    """The condition that describes a set."""
    return node.args[0] if isinstance(node, Operation) and node.head == "set" else node
