"""The tree of the phrases with its formulas parsed and what the phrases abbreviate written out.

The data files of the grammar name meanings that are no functions of the kernel: `leaves(it, 7, 3)` is an equation about
a remainder, `digits_count(it, 3)` two bounds. What they stand for is here; everything else is kept as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agentprop.extraction.mining.question.latex.lexer import plain_number
from agentprop.extraction.mining.question.latex.parser import parse
from agentprop.extraction.mining.question.latex.tree import (
    Letter,
    Node,
    Numeral,
    Tree,
    Unreadable,
    bare,
    node,
    rewrite,
    substitute,
    symbols,
)
from agentprop.extraction.mining.question.meaning.events import chances_in
from agentprop.extraction.mining.question.meaning.facts import RELATIONS, interval_condition
from agentprop.extraction.mining.question.meaning.families import RULES as FAMILIES
from agentprop.extraction.mining.question.meaning.letters import Letters
from agentprop.extraction.mining.question.series import progression, with_series
from agentprop.extraction.mining.question.text import QuestionText

IT = Node("it")
ZERO = Numeral("0")
COMPARISONS = {"less": "<", "more": ">", "most": "<=", "least": ">=", "same": "=", "unequal": "!="}


@dataclass
class Expander:
    """Writes out the tree of one reading."""

    question: QuestionText
    letters: Letters

    def tree(self, parsed: Tree) -> Tree:
        if not isinstance(parsed, Node):
            return parsed
        if parsed.head.startswith("chunk:"):
            return self.formula(parsed)
        rule = RULES.get(parsed.head)
        args = tuple(map(self.tree, parsed.args))
        return Node(parsed.head, args) if rule is None else rule(args)

    def formula(self, parsed: Node) -> Tree:
        """A piece of the question as the tree of its formula."""
        place = parsed.args[0]
        assert isinstance(place, Numeral)
        piece = self.question.pieces[int(place.text)]
        role = parsed.head.removeprefix("chunk:")
        tokens = piece.tokens
        if role == "ordinal":
            return Numeral(plain_number(piece.text), self.question.numbers[tokens[0].start])
        if role == "point":
            opening = next(place for place, token in enumerate(tokens) if token.text == "(")
            tokens = tokens[opening:]
        kept, chances = chances_in(tokens)
        tree = self.letters.resolve(with_series(parse(kept, self.question.numbers, self.letters.names)))
        tree = substitute(tree, chances)
        if role == "variable" and not isinstance(tree, Letter):
            raise Unreadable(f"{piece.text} is no letter")
        return tree


Args = tuple[Tree, ...]


def _conditions(args: Args) -> Tree:
    found: list[Tree] = []
    for one in args:
        found += one.args if isinstance(one, Node) and one.head == "and" else [one]
    return node("and", *(one for one in found if one not in (Node("true"), Node("none"))))


def _integers_of(args: Args) -> Tree:
    inner = _conditions(args)
    assert isinstance(inner, Node)
    conditions = list(inner.args)
    default = node("positive_unless_bounded", IT)
    if default in conditions:
        conditions = [one for one in conditions if one != default]
        if not any(_bounds_below(one) or _ends_below_zero(one) for one in conditions):
            conditions.append(node(">", IT, ZERO))
    if not conditions:
        raise Unreadable("integers without a condition")
    return node("integers", *conditions)


def _bounds_below(condition: Tree) -> bool:
    if not isinstance(condition, Node):
        return False
    if condition.head in (">", ">="):
        return condition.args[0] == IT
    if condition.head in ("<", "<="):
        return condition.args[1] == IT
    return condition.head == "and" and any(map(_bounds_below, condition.args))


def _ends_below_zero(condition: Tree) -> bool:
    """`less than 0`, `less than -5`."""
    if not isinstance(condition, Node) or condition.head not in ("<", "<="):
        return False
    bound = bare(condition.args[1])
    if isinstance(bound, Numeral):
        return bound.text == "0"
    return isinstance(bound, Node) and bound.head == "neg"


def _digits_count(args: Args) -> Tree:
    subject, count = args
    below = node("pow", Numeral("10"), node("add", count, node("neg", Numeral("1"))))
    return node("and", node(">=", subject, below), node("<", subject, node("pow", Numeral("10"), count)))


def _leaves(args: Args) -> Tree:
    subject, divisor, rest = args
    return node("=", node("remainder", subject, divisor), rest)


def _about(args: Args) -> Tree:
    variable, relation = args
    if not isinstance(variable, Letter):
        raise Unreadable("a condition on no letter")
    return substitute(relation, {variable.name: IT})


def _about_itself(args: Args) -> Tree:
    (relation,) = args
    free = symbols(relation)
    if len(free) != 1:
        raise Unreadable("a condition on several letters")
    return substitute(relation, {next(iter(free)): IT})


def _congruent_to(args: Args) -> Tree:
    subject, residue = args
    if not isinstance(residue, Node) or residue.head != "residue":
        raise Unreadable("congruent without a modulus")
    return node("cong", subject, *residue.args)


def _sort(args: Args) -> Tree:
    variables, sorts = args
    found = sorts.args if isinstance(sorts, Node) and sorts.head == "list" else (sorts,)
    found = tuple(one for one in found if one != Node("none"))
    assert isinstance(variables, Node)
    return node("given", *(node("sort", one, sort) for one in variables.args for sort in found))


def _letters_of(args: Args) -> Tree:
    """A word as text, for its letters."""
    (word,) = args
    if not isinstance(word, Letter):
        raise Unreadable("no word")
    return node("quoted", Letter(word.name.upper()))


def _none_if_nonzero(args: Args) -> Tree:
    """`assume x ≠ 0` says nothing that is not true anyway; other relations are no inert sentences."""
    (relation,) = args
    if isinstance(relation, Node) and relation.head == "!=":
        return Node("none")
    if isinstance(relation, Node) and relation.head == "=" and _is_imaginary_square(relation):
        return Node("none")
    raise Unreadable("a condition among the instructions")


def _is_imaginary_square(relation: Node) -> bool:
    left = relation.args[0]
    return isinstance(left, Node) and left.head == "pow" and left.args[0] == Node("imaginary")


def _inside(args: Args) -> Tree:
    """Relations in one letter, and the interval that it lies in."""
    relations, interval = args
    free = symbols(relations) - {"real", "complex"}
    if len(free) != 1 or not isinstance(interval, Node):
        raise Unreadable("an interval for several letters")
    return node("given", relations, interval_condition(Letter(next(iter(free))), interval))


def _solutions_inside(args: Args) -> Tree:
    solutions, interval = args
    if not isinstance(solutions, Node) or solutions.head != "solutions":
        raise Unreadable("an interval for no solutions")
    return node("solutions", _inside((solutions.args[0], interval)), *solutions.args[1:])


def _conditions_with(args: Args) -> Tree:
    """Conditions of a noun that has a letter: the letter is what the noun's conditions are about."""
    (*others,) = args
    letter = next((one.args[1] for one in others if isinstance(one, Node) and one.head == "named"), None)
    found = [one.args[0] if isinstance(one, Node) and one.head == "named" else one for one in others]
    found = [one for one in found if one != Node("b")]
    merged = _conditions(tuple(found))
    return substitute(merged, {letter.name: IT}) if isinstance(letter, Letter) else merged


def _about_letter(args: Args) -> Tree:
    """Relations that speak of the noun's letter; sorts of numbers among them as conditions."""
    found: list[Tree] = []

    def add(one: Tree) -> None:
        if not isinstance(one, Node):
            raise Unreadable("no condition")
        if one.head in ("given", "and"):
            for part in one.args:
                add(part)
        elif one.head in RELATIONS:
            found.append(one)
        elif one.head != "none":
            raise Unreadable("no condition on an integer")

    add(args[0])
    return node("and", *found)


def _about_expression(args: Args) -> Tree:
    """A condition on an expression of the noun's letter."""
    expression, condition = args
    return rewrite(condition, lambda one: node("paren", expression) if one == IT else None)


def _squares(args: Args) -> Tree:
    return _each(args[0], lambda one: node("pow", one, Numeral("2")))


def _cubes(args: Args) -> Tree:
    return _each(args[0], lambda one: node("pow", one, Numeral("3")))


def _reciprocals(args: Args) -> Tree:
    return _each(args[0], lambda one: node("div", Numeral("1"), one))


def _each(members: Tree, body: Callable[[Tree], Tree]) -> Tree:
    member = Letter("member")
    return node("each", member, members, body(member))


def _terms(args: Args) -> Tree:
    """A list with dots as the terms that it goes through."""
    items = args[0]
    assert isinstance(items, Node)
    return progression(items.args)


def _in_base(args: Args) -> Tree:
    value, base = args
    if isinstance(bare(base), Numeral) and bare(base).text == "10":  # type: ignore[union-attr]
        return value
    return node("written_in", value, base)


def _right_side(args: Args) -> Tree:
    (relation,) = args
    if isinstance(relation, Node) and relation.head == "and":
        relation = relation.args[-1]
    if not isinstance(relation, Node) or relation.head != "=":
        raise Unreadable("no function")
    return relation.args[1]


def _coordinate(args: Args) -> Tree:
    letter, point = args
    places = {"x": "1", "y": "2", "z": "3"}
    if not isinstance(letter, Letter) or letter.name not in places:
        raise Unreadable("a coordinate of another letter")
    return node("part", point, Numeral(places[letter.name]))


def _nth_of(args: Args) -> Tree:
    place, members = args
    if isinstance(members, Node) and members.head == "integers":
        return node("nth", node("first_few", place, members), place)
    return node("nth", members, place)


def _angle_in_radians(args: Args) -> Tree:
    a, b = args
    return node("arccos", node("div", node("dot", a, b), node("mul", node("abs", a), node("abs", b))))


def _angle_between(args: Args) -> Tree:
    a, b = args
    lengths = node("mul", node("abs", a), node("abs", b))
    return node("div", node("mul", Numeral("180"), node("arccos", node("div", node("dot", a, b), lengths))), Node("pi"))


def _difference_by(args: Args) -> Tree:
    """How much greater than the first is the second."""
    return node("add", args[1], node("neg", node("paren", args[0])))


def _compare(sign: str) -> Callable[[Args], Tree]:
    return lambda args: Node(sign, args)


RULES: dict[str, Callable[[Args], Tree]] = {
    "conditions": _conditions,
    "integers_of": _integers_of,
    **{name: _compare(sign) for name, sign in COMPARISONS.items()},
    "digits_count": _digits_count,
    "leaves": _leaves,
    "about": _about,
    "about_itself": _about_itself,
    "congruent_to": _congruent_to,
    "sort_all": _sort,
    "letters_of": _letters_of,
    "none_if_nonzero": _none_if_nonzero,
    "difference_by": _difference_by,
    "conditions_with": _conditions_with,
    "about_letter": _about_letter,
    "about_expression": _about_expression,
    "squares": _squares,
    "cubes": _cubes,
    "reciprocals": _reciprocals,
    "terms": _terms,
    "in_base": _in_base,
    "right_side": _right_side,
    "coordinate": _coordinate,
    "nth_of": _nth_of,
    "angle_between": _angle_between,
    "angle_in_radians": _angle_in_radians,
    "inside": _inside,
    "solutions_inside": _solutions_inside,
    **FAMILIES,
}
