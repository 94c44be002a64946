"""What is asked for, with the letters that its parts are about bound to them.

A set of solutions becomes what ranges over them; a coefficient, a degree, a centre of a circle becomes a function of
the letters that are free in its expression.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from agentprop.extraction.mining.question.heads import HEADS
from agentprop.extraction.mining.question.latex.tree import (
    Letter,
    Node,
    Numeral,
    Tree,
    Unreadable,
    bare,
    node,
    substitute,
    symbols,
    walk,
)
from agentprop.extraction.mining.question.meaning.facts import INTEGER_SORTS, RELATIONS, Facts, sort_condition, where
from agentprop.extraction.mining.question.meaning.shorthand import IT, ZERO


def bound(tree: Tree, facts: Facts, outside: frozenset[str], complex_: bool) -> Tree:
    """The tree with its parts bound; `outside` are letters that the question's own relations determine."""
    if not isinstance(tree, Node):
        return tree
    if tree.head == "solutions":
        return solution_set(tree, facts, complex_)
    args = tuple(bound(arg, facts, outside, complex_) for arg in tree.args)
    if tree.head in ("remainder_of", "quotient_of"):
        return _division(tree.head, args, outside)
    if tree.head == "domain_of":
        return domain_of(args[0])
    head = HEADS.get(tree.head)
    if head is None or head.takes in ("values", "list"):
        return Node(tree.head, args)
    if head.takes == "curve" and len(args) == 1:
        if symbols(args[0]) - outside != {"x", "y"}:
            raise Unreadable("a curve in other letters than x and y")
        return node(tree.head, node("letters", Letter("x"), Letter("y")), args[0])
    if isinstance(args[0], Node) and args[0].head == "letters":
        return Node(tree.head, args)
    return with_letters(tree.head, args, outside)


def _division(head: str, args: Sequence[Tree], outside: frozenset[str]) -> Node:
    """Division of whole numbers, or of polynomials in a letter."""
    free = symbols(args[0]) | symbols(args[1])
    if not free:
        return Node("remainder" if head == "remainder_of" else "quotient", tuple(args))
    if free & outside or len(free) != 1:
        raise Unreadable("a division in several letters")
    return with_letters("remainder_form" if head == "remainder_of" else "quotient_form", args, outside)


def with_letters(head: str, args: Sequence[Tree], outside: frozenset[str]) -> Node:
    """A head over functions of the letters that are free in its arguments."""
    free = sorted(frozenset().union(*map(symbols, args)) - outside)
    if not free:
        raise Unreadable("an expression without letters")
    return node(head, node("letters", *map(Letter, free)), *args)


def solution_set(tree: Node, facts: Facts, complex_: bool) -> Tree:
    """solutions(relations, sorts, variable): the values of the variable, or of the only letter."""
    inner = Facts(facts.functions, facts.operators, facts.through, facts.known, used=facts.used)
    given, sorts, *variable = tree.args
    inner.relations = []
    add_relations(given, inner)
    relations = [inner.put_in(one) for one in inner.relations]
    if not relations:
        raise Unreadable("solutions of nothing")
    names = sorted(frozenset().union(*map(symbols, relations)))
    chosen = [bare(one) for one in variable if one != Node("none")]
    body = chosen[0] if chosen else (Letter(names[0]) if len(names) == 1 else node("tuple", *map(Letter, names)))
    if symbols(body) - set(names):
        raise Unreadable("a letter that the condition does not hold")
    sorts_found = [one.head for one in sorts.args if isinstance(one, Node)] if isinstance(sorts, Node) else []
    more = [(name, sort) for name, sort in inner.sorts]
    if chosen and isinstance(body, Letter):
        more += [(body.name, sort) for sort in sorts_found]
    elif len(names) == 1:
        more += [(names[0], sort) for sort in sorts_found]
    elif set(sorts_found) - {"real", "distinct"}:
        more += [(name, sort) for name in names for sort in sorts_found]
    return values_of(names, relations, more, body, complex_ or "complex" in sorts_found)


def add_relations(given: Tree, facts: Facts) -> None:
    """Relations of a tree to facts; an expression stands for its being zero. Nothing is taken as a definition."""
    if isinstance(given, Node) and given.head in ("given", "and"):
        for one in given.args:
            add_relations(one, facts)
    elif isinstance(given, Node) and given.head == "sort":
        facts.add(given)
    elif isinstance(given, Node) and (given.head in RELATIONS or given.head == "none"):
        if (
            given.head == "="
            and isinstance(given.args[0], Node)
            and given.args[0].head == "apply"
            and symbols(given.args[0].args[1])
        ):
            facts.relations.append(node("=", given.args[1], ZERO))
        elif given.head != "none":
            facts.relations.append(given)
    else:
        facts.relations.append(node("=", given, ZERO))


def values_of(
    names: Sequence[str], relations: Sequence[Tree], sorts: Sequence[tuple[str, str]], body: Tree, complex_: bool
) -> Tree:
    """The different values of the body over everything that the relations allow."""
    equations, others = split(relations)
    conditions = [made for name, sort in sorts if (made := sort_condition(Letter(name), sort)) is not None]
    integer = [name for name in names if any(one == name and sort in INTEGER_SORTS for one, sort in sorts)]
    if equations and not (len(names) == 1 and integer and _awkward(equations)):
        unsaid = not others and not sorts and _is_polynomial(equations)
        numbers: Literal["real", "complex", "any"] = "complex" if complex_ else "any" if unsaid else "real"
        return node("ordered", where(names, equations, [*others, *conditions], body, numbers))
    if len(names) != 1 or body != Letter(names[0]):
        raise Unreadable("conditions without an equation")
    if integer or _is_about_integers(relations):
        whole: dict[str, Tree] = {names[0]: IT}
        return node("integers", *(substitute(_integer_condition(one), whole) for one in [*relations, *conditions]))
    return real_set(names[0], [*others, *conditions])


def _is_polynomial(equations: Sequence[Tree]) -> bool:
    """Whether equations have complex solutions where they have no real ones."""
    plain = {"add", "mul", "neg", "pow", "paren", "=", "div"}
    return all(one.head in plain for tree in equations for one in walk(tree) if isinstance(one, Node))


def _awkward(equations: Sequence[Tree]) -> bool:
    """Whether an equation in an integer is one to be tried rather than solved."""
    return any(
        isinstance(one, Node) and one.head in ("remainder", "digits", "count", "total", "gcd", "factorial")
        for tree in equations
        for one in walk(tree)
    )


def _is_about_integers(relations: Sequence[Tree]) -> bool:
    return any(
        isinstance(one, Node) and one.head in ("cong", "divides", "is_prime", "is_square", "factorial")
        for tree in relations
        for one in walk(tree)
    )


def _integer_condition(tree: Tree) -> Tree:
    """Sorts of an integer as bounds and divisibility."""
    if isinstance(tree, Node) and tree.head == "domain":
        subject, sort = tree.args
        assert isinstance(sort, Letter)
        bounds = {"positive": ">", "negative": "<", "nonnegative": ">=", "nonzero": "!=", "nonpositive": "<="}
        if sort.name in bounds:
            return node(bounds[sort.name], subject, ZERO)
        if sort.name in ("even", "odd"):
            even = node("divides", Numeral("2"), subject)
            return even if sort.name == "even" else node("not", even)
        return Node("true")
    if isinstance(tree, Node) and tree.head == "and":
        return node("and", *map(_integer_condition, tree.args))
    return tree


def split(relations: Sequence[Tree]) -> tuple[list[Tree], list[Tree]]:
    """(equations, conditions)."""
    equations, others = list[Tree](), list[Tree]()
    for one in relations:
        for part in one.args if isinstance(one, Node) and one.head == "and" else (one,):
            (equations if isinstance(part, Node) and part.head == "=" else others).append(part)
    return equations, others


# --- sets of real numbers ---


def real_set(name: str, conditions: Sequence[Tree]) -> Node:
    """The reals that meet conditions, with the functions at whose zeros that can change."""
    borders = list(dict.fromkeys(border for one in conditions for border in _borders(one)))
    borders = [one for one in borders if name in symbols(one)]
    return node("real_set", node("letters", Letter(name)), node("borders", *borders), node("and", *conditions))


def domain_of(expression: Tree) -> Node:
    """The reals at which an expression in one letter is defined."""
    free = sorted(symbols(expression))
    if len(free) != 1:
        raise Unreadable("a domain in several letters")
    borders = [one for one in dict.fromkeys(_inner_borders(expression)) if free[0] in symbols(one)]
    return node("real_set", node("letters", Letter(free[0])), node("borders", *borders), node("defined", expression))


def _borders(condition: Tree) -> Iterator[Tree]:
    if not isinstance(condition, Node):
        return
    if condition.head in ("and", "or", "not"):
        for one in condition.args:
            yield from _borders(one)
    elif condition.head in ("<", "<=", ">", ">=", "!=", "="):
        yield node("=", *condition.args)
        yield from (border for arg in condition.args for border in _inner_borders(arg))
    elif condition.head == "domain":
        yield condition.args[0]


def _inner_borders(tree: Tree) -> Iterator[Tree]:
    """Denominators, and what stands under even roots and in logarithms."""
    if not isinstance(tree, Node):
        return
    if tree.head == "div":
        yield tree.args[1]
    elif tree.head == "root":
        yield tree.args[0]
    elif tree.head in ("log", "ln"):
        yield tree.args[-1]
    elif tree.head in ("floor", "ceil", "tan", "cot", "sec", "csc", "sin", "cos"):
        raise Unreadable("a set of reals with steps in it")
    for arg in tree.args:
        yield from _inner_borders(arg)
