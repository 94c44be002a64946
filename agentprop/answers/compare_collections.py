"""Collections, vectors, matrices and ratios, compared part by part with a given comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from agentprop.answers.algebra.named_shapes import ZERO_VECTOR, as_shape
from agentprop.answers.algebra.rewriting import without_common
from agentprop.answers.outcome import Equivalence, all_same, different, same, undetermined
from agentprop.answers.reading.nodes import Collection, Constant, Matrix, Node, Number, Symbol, apply, is_scalar

Compare = Callable[[Node, Node], Equivalence]
MAX_MATCHED = 300
"""Longest unordered collection matched item by item; sorted or hashed forms have been tried before."""


def shapes(gold: Node, pred: Node, compare: Compare) -> Equivalence | None:
    """Decide pairs with a matrix or a collection in them; None where both are single values."""
    match gold, pred:
        case Matrix(), Matrix():
            return _matrices(gold, pred, compare)
        case (Matrix() | Collection(), _) if is_scalar(pred) and (shape := as_shape(pred, gold)) is not None:
            return compare(gold, shape)
        case (_, Matrix() | Collection()) if is_scalar(gold) and (shape := as_shape(gold, pred)) is not None:
            return compare(shape, pred)
        case Matrix(), Collection(kind, items) if kind in ("tuple", "list", "vector", "bare"):
            return _vector(gold, items, compare, swapped=False)
        case Collection(kind, items), Matrix() if kind in ("tuple", "list", "vector", "bare"):
            return _vector(pred, items, compare, swapped=True)
        case Collection("ratio", left), Collection("ratio", right):
            return _ratios(left, right, compare)
        case (Collection("ratio", items), other) | (other, Collection("ratio", items)) if not isinstance(
            other, Collection
        ):
            return _ratio_as_number(items, other, compare)
        case Collection(), Collection():
            return _groups(gold, pred, compare)
        case Collection(kind, items), _:
            return _lone(kind, items, pred, compare, swapped=False)
        case _, Collection(kind, items):
            return _lone(kind, items, gold, compare, swapped=True)
        case (Matrix(), _) | (_, Matrix()):
            return different("kind", "one is a matrix, the other is not")
        case (other, Symbol() as zero) | (Symbol() as zero, other) if zero == ZERO_VECTOR:
            return compare(other, Number(Fraction(0))) if other != zero else None
    return None


def _matrices(gold: Matrix, pred: Matrix, compare: Compare) -> Equivalence:
    if (len(gold.rows), len(gold.rows[0])) != (len(pred.rows), len(pred.rows[0])):
        return different("matrix", "the matrices differ in size")
    pairs = zip(gold.rows, pred.rows, strict=True)
    return all_same((compare(a, b) for left, right in pairs for a, b in zip(left, right, strict=True)), "matrix")


def _vector(matrix: Matrix, items: Sequence[Node], compare: Compare, *, swapped: bool) -> Equivalence:
    nested = [item.items for item in items if isinstance(item, Collection) and item.kind in ("list", "tuple")]
    if nested and len(nested) == len(items) and len({len(row) for row in nested}) == 1:
        rows = Matrix(tuple(nested))
        return _matrices(rows, matrix, compare) if swapped else _matrices(matrix, rows, compare)
    entries = [entry for row in matrix.rows for entry in row]
    if min(len(matrix.rows), len(matrix.rows[0])) > 1:
        return different("matrix", "one is a matrix, the other a vector")
    return _ordered(items, entries, compare) if swapped else _ordered(entries, items, compare)


def _ratios(left: Sequence[Node], right: Sequence[Node], compare: Compare) -> Equivalence:
    if len(left) != len(right):
        return different("ratio", "the ratios differ in length")
    parts = zip(left[1:], right[1:], strict=True)
    return all_same((compare(apply("*", a, right[0]), apply("*", b, left[0])) for a, b in parts), "ratio")


def _ratio_as_number(items: Sequence[Node], other: Node, compare: Compare) -> Equivalence:
    """3:4 is 3/4; whether 5:1 is meant by 5 is open."""
    if len(items) != 2 or not is_scalar(other):
        return different("kind", "one is a ratio, the other is not")
    verdict = compare(apply("/", *items), other)
    if verdict.status == "same" and isinstance(other, Number) and other.value.denominator == 1:
        return undetermined("ratio", "one is a ratio, the other a whole number")
    return verdict


def _groups(gold: Collection, pred: Collection, compare: Compare) -> Equivalence:
    gold, pred = _written_out(gold), _written_out(pred)
    kinds = {gold.kind, pred.kind}
    if "set" in kinds:
        compare = _of_elements(compare)
    if "bare" in kinds and {_depth(gold), _depth(pred)} == {"groups", "list"}:
        return _groups_against_list(gold, pred, compare)
    if kinds == {"dict"} or kinds == {"bare"}:
        return unordered(gold.items, pred.items, compare)
    if "set" in kinds and kinds <= {"set", "bare"}:
        return _as_sets(gold.items, pred.items, compare)
    if (
        len(kinds) == 1
        or ("vector" in kinds - {"set", "dict"} and not kinds & {"set", "dict"})
        or ("bare" in kinds and kinds <= {"bare", "tuple", "list"})
    ):
        return _ordered(gold.items, pred.items, compare)
    return different("brackets", f"a {gold.kind} is not a {pred.kind}")


def _depth(items: Collection) -> str:
    inner = {item.kind for item in items.items if isinstance(item, Collection)}
    return "groups" if "bare" in inner else "shapes" if inner else "list"


def _groups_against_list(gold: Collection, pred: Collection, compare: Compare) -> Equivalence:
    """`1; 2, 3` beside `1, 2, 3`: if the values are the same, whether the groups matter is open."""
    flat = [Collection("bare", tuple(_flat(side))) for side in (gold, pred)]
    verdict = unordered(flat[0].items, flat[1].items, compare)
    if verdict.status == "same":
        return undetermined("groups", "the same values, in groups on one side only")
    return verdict


def _flat(items: Collection) -> list[Node]:
    return [
        each
        for item in items.items
        for each in (item.items if isinstance(item, Collection) and item.kind == "bare" else (item,))
    ]


def _written_out(items: Collection) -> Collection:
    """`1, 2, ..., 9` with all its members, where its first ones leave no doubt about the step."""
    dots = [k for k, item in enumerate(items.items) if item == Constant("ellipsis")]
    given = [item.value for item in items.items if isinstance(item, Number) and item.value.denominator == 1]
    if len(dots) != 1 or len(given) != len(items.items) - 1 or not 1 <= dots[0] < len(given):
        return items
    before, after = given[: dots[0]], given[dots[0] :]
    step = before[1] - before[0] if len(before) > 1 else Fraction(1)
    count = (after[0] - before[0]) / step + 1 if step else Fraction(0)
    certain = step == 1 or len(before) > 2
    if not certain or count.denominator > 1 or not len(before) < count <= MAX_MATCHED:
        return items
    run = [before[0] + step * k for k in range(int(count) + len(after) - 1)]
    if run[: len(before)] != before or run[int(count) - 1 :] != after:
        return items
    return Collection(items.kind, tuple(map(Number, run)))


def _of_elements(compare: Compare) -> Compare:
    """Elements of sets: a set of one value is not that value."""

    def strictly(left: Node, right: Node) -> Equivalence:
        sets = [isinstance(side, Collection) and side.kind == "set" for side in (left, right)]
        return compare(left, right) if sets[0] == sets[1] else different("kind", "one element is a set, the other not")

    return strictly


def _ordered(left: Sequence[Node], right: Sequence[Node], compare: Compare) -> Equivalence:
    if len(left) != len(right):
        return different("length", f"{len(left)} entries against {len(right)}")
    return all_same((compare(a, b) for a, b in zip(left, right, strict=True)), "ordered")


def unordered(left: Sequence[Node], right: Sequence[Node], compare: Compare) -> Equivalence:
    """Match each item with one of the other side that it equals."""
    if len(left) != len(right):
        return different("length", f"{len(left)} values against {len(right)}")
    remaining = list(right)
    doubtful: Equivalence | None = None
    for item in without_common(left, remaining):
        if len(remaining) > MAX_MATCHED:
            return undetermined("size", "too many values to match one by one")
        verdicts = [compare(item, other) for other in remaining]
        position = next((k for k, verdict in enumerate(verdicts) if verdict.status == "same"), None)
        if position is not None:
            remaining.pop(position)
            continue
        doubtful = next((verdict for verdict in verdicts if verdict.status == "undetermined"), None)
        if doubtful is None:
            return different("unordered", "a value of one side is missing on the other")
    return same("unordered", f"the same {len(left)} values") if doubtful is None else doubtful


def _as_sets(left: Sequence[Node], right: Sequence[Node], compare: Compare) -> Equivalence:
    if len(left) == len(right):
        verdict = unordered(left, right, compare)
        if verdict.status == "same":
            return verdict
    forward = _included(left, right, compare)
    return forward if forward.status != "same" else _included(right, left, compare)


def _included(left: Sequence[Node], right: Sequence[Node], compare: Compare) -> Equivalence:
    known = set(right)
    doubtful: Equivalence | None = None
    for item in left:
        if item in known:
            continue
        verdicts = [compare(item, other) for other in right[:MAX_MATCHED]]
        if any(verdict.status == "same" for verdict in verdicts):
            continue
        doubtful = next((verdict for verdict in verdicts if verdict.status == "undetermined"), None)
        if doubtful is None and len(right) <= MAX_MATCHED:
            return different("set", "an element of one set is not in the other")
    return same("set", "the same elements") if doubtful is None else doubtful


def _lone(kind: str, items: Sequence[Node], other: Node, compare: Compare, *, swapped: bool) -> Equivalence:
    if kind in ("set", "bare") and len(items) == 1:
        return compare(other, items[0]) if swapped else compare(items[0], other)
    return different("kind", f"one is a {kind} of {len(items)}, the other a single value")
