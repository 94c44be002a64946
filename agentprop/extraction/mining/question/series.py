"""Sums and products with dots to the rows of numbers that their terms go through.

Neighbouring terms are compared: where their numbers differ there is a hole, and each hole goes on by a law of its own
(`kernel.series`) until the last term is reached.

    1·2 + 2·3 + … + 9·10  →  rows((1 2), (2 3); last 9, 10; body h0 · h1), in sum
"""

from __future__ import annotations

from collections.abc import Sequence

from agentprop.extraction.mining.question.latex.tree import (
    Letter,
    Node,
    Numeral,
    Tree,
    Unreadable,
    bare,
    node,
    rewrite,
    show,
)

DOTS = node("dots")


def with_series(tree: Tree) -> Tree:
    """The tree with every series written out as rows, and what is nested without end as the number that it is."""
    if not isinstance(tree, Node):
        return tree
    nest = _nest(tree)
    if nest is not None:
        return nest
    args = tuple(map(with_series, tree.args))
    if tree.head == "series_sum":
        return _series(args, "total", "endless_sum")
    if tree.head == "series_product":
        return _series(args, "times_all", None)
    return tree if args == tree.args else Node(tree.head, args)


def _series(items: Sequence[Tree], combine: str, endless: str | None) -> Tree:
    items = list(items)
    while items and items[-1] == DOTS and len(items) > 1 and items[-2] == DOTS:
        items.pop()
    place = items.index(DOTS)
    head, tail = items[:place], items[place + 1 :]
    if DOTS in tail:
        raise Unreadable("dots in two places")
    if not tail:
        if endless is None:
            raise Unreadable("an endless product")
        return node(endless, node("list", *head))
    if len(head) < 2:
        raise Unreadable("one term before the dots")
    signs, plain = _signs(head)
    _, ends = _signs(tail)
    last_sign = _sign(tail[-1])
    template, columns = _common([_as_power(one, plain) for one in plain])
    last_template, last = _common([_as_power(one, plain) for one in (plain[0], *ends)])
    if last_template != template or not columns:
        raise Unreadable("a last term of another shape")
    pattern = node("signs", *(Numeral(str(sign)) if sign > 0 else node("neg", Numeral("1")) for sign in signs))
    rows = node(
        "rows",
        node("columns", *(node("column", *column) for column in columns)),
        node("last", *(node("column", *column[1:]) for column in last)),
        pattern,
        template,
    )
    if last_sign < 0 and signs == [1]:
        raise Unreadable("signs without a law")
    return node(combine, rows)


def progression(items: Sequence[Tree]) -> Tree:
    """A list with dots as the list of all its terms; without dots it is the list itself."""
    if DOTS not in items:
        return node("list", *items)
    made = _series(items, "list", None)
    assert isinstance(made, Node)
    return made.args[0]


def _sign(term: Tree) -> int:
    return -1 if isinstance(term, Node) and term.head == "neg" else 1


def _signs(terms: Sequence[Tree]) -> tuple[list[int], list[Tree]]:
    """The signs as the pattern that they repeat, and the terms without them."""
    signs = [_sign(term) for term in terms]
    plain = [term.args[0] if isinstance(term, Node) and term.head == "neg" else term for term in terms]
    for length in (1, 2):
        if all(sign == signs[place % length] for place, sign in enumerate(signs)):
            return signs[:length], plain
    raise Unreadable("signs without a law")


def _as_power(term: Tree, terms: Sequence[Tree]) -> Tree:
    """x as x^1 among powers of x."""
    if isinstance(term, Numeral | Letter) or (isinstance(term, Node) and term.head == "imaginary"):
        for other in terms:
            if isinstance(other, Node) and other.head == "pow" and _same_shape(bare(other.args[0]), bare(term)):
                return node("pow", term, Numeral("1"))
    return term


def _same_shape(left: Tree, right: Tree) -> bool:
    if isinstance(left, Numeral) and isinstance(right, Numeral):
        return left.text == right.text
    return left == right


def _common(terms: Sequence[Tree]) -> tuple[Tree, list[list[Tree]]]:
    """The shape that terms share, and the numbers in each of its holes."""
    columns: list[list[Tree]] = []
    template = _hole(terms, columns)
    return template, columns


def _hole(terms: Sequence[Tree], columns: list[list[Tree]]) -> Tree:
    first = terms[0]
    if all(isinstance(one, Numeral) for one in terms):
        columns.append(list(terms))
        return Letter(f"hole {len(columns) - 1}")
    if not isinstance(first, Node):
        if all(one == first for one in terms):
            return first
        raise Unreadable("terms of different shapes")
    nodes = [one for one in terms if isinstance(one, Node)]
    if len(nodes) < len(terms) or any(one.head != first.head or len(one.args) != len(first.args) for one in nodes):
        raise Unreadable("terms of different shapes")
    return Node(
        first.head, tuple(_hole([one.args[place] for one in nodes], columns) for place in range(len(first.args)))
    )


# --- what is nested without end ---

NEST = Letter("nest")


def _nest(tree: Node) -> Node | None:
    """√(12 - √(12 - √(12 - …))) as nest(t, √(12 - t)): the t that is equal to its own expression."""
    path = _way_to_dots(tree)
    same = [place for place, one in enumerate(path) if one.head == tree.head]
    for place in same[1:]:
        inner = path[place]
        deeper = [one for one in path[place + 1 :] if one.head == tree.head]
        if not deeper:
            return None
        outer_shape, inner_shape = _with_hole(tree, inner), _with_hole(inner, deeper[0])
        if show(outer_shape) == show(inner_shape):
            return node("nest", NEST, with_series(outer_shape))
    return None


def _way_to_dots(tree: Tree) -> list[Node]:
    """Nodes from a tree down to a sum that is open behind one term."""
    if not isinstance(tree, Node):
        return []
    if tree.head in ("series_sum", "series_product") and len(tree.args) == 2 and tree.args[1] == DOTS:
        return [tree]
    for arg in tree.args:
        way = _way_to_dots(arg)
        if way:
            return [tree, *way]
    return []


def _with_hole(tree: Node, inner: Node) -> Tree:
    args = tuple(rewrite(arg, lambda one: NEST if one is inner else None) for arg in tree.args)
    return Node(tree.head, args)
