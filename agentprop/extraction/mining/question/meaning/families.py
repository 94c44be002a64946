"""Families of questions whose words stand for letters and equations that the text does not write.

the sum of two numbers is 25        n1 + n2 = 25, n1 ≥ n2
three consecutive even integers     c, c + 2, c + 4 with c even
x² + mx + 8 has two real roots      m² − 4 · 8 > 0
the x-intercept of y = 2x − 6       the x with 0 = 2x − 6
a cylinder with radius r, height h  π r² h is its volume
"""

from __future__ import annotations

from collections.abc import Callable

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
)

Args = tuple[Tree, ...]
ZERO, ONE, TWO, THREE = (Numeral(text) for text in "0123")
PI = Node("pi")
MOST_CONSECUTIVE = 12


def _minus(left: Tree, right: Tree) -> Node:
    return node("add", left, node("neg", node("paren", right)))


# --- numbers in a row ---


def _consecutive(args: Args) -> Tree:
    """(sum or product, how many, sorts, value, which of them is asked for)."""
    operator, count, sorts, value, member = args
    step, found = ONE, bare(count)
    kinds = [one for one in sorts.args if isinstance(one, Node)] if isinstance(sorts, Node) else []
    if any(one.head in ("even", "odd") for one in kinds):
        step = TWO
    if not isinstance(found, Numeral) or not found.text.isdigit() or not 2 <= int(found.text) <= MOST_CONSECUTIVE:
        raise Unreadable("how many consecutive numbers there are")
    if not isinstance(operator, Node) or not isinstance(member, Node):
        raise Unreadable("consecutive numbers without a sum")
    size, first = int(found.text), Letter("c")
    places = [node("mul", step, Numeral(str(place))) for place in range(size)]
    numbers: list[Tree] = [first, *(node("paren", node("add", first, place)) for place in places[1:])]
    given: list[Tree] = [node("=", node(operator.head, *numbers), value), node("sort", first, Node("integer"))]
    given += [node("sort", first, one) for one in kinds if one.head in ("even", "odd", "positive")]
    if any(one.head == "negative" for one in kinds):
        given.append(node("<", numbers[-1], ZERO))
    chosen = _member(member.head, numbers)
    return node("given", *given, chosen)


def _member(name: str, numbers: list[Tree]) -> Tree:
    if name == "middle" and len(numbers) % 2:
        return numbers[len(numbers) // 2]
    made: dict[str, Callable[[], Tree]] = {
        "first": lambda: numbers[0],
        "last": lambda: numbers[-1],
        "second": lambda: numbers[1],
        "ends": lambda: node("add", numbers[0], numbers[-1]),
        "all_added": lambda: node("add", *numbers),
        "all_multiplied": lambda: node("mul", *numbers),
    }
    if name not in made:
        raise Unreadable("no such number in the row")
    return made[name]()


# --- a deck of cards ---


def _from_deck(head: str) -> Callable[[Args], Tree]:
    """(cards in the deck, cards drawn): a deck has 52 cards whatever else varies."""

    def made(args: Args) -> Tree:
        deck, drawn = bare(args[0]), args[1]
        if not isinstance(deck, Numeral) or deck.text != "52":
            raise Unreadable("another deck than of 52 cards")
        return node(head, Numeral("52"), drawn)

    return made


# --- roots that are counted ---


def _degree(tree: Tree, name: str) -> int:
    """The degree of a tree in a letter. Raises Unreadable for what is no polynomial in it."""
    tree = bare(tree)
    if name not in symbols(tree):
        return 0
    if isinstance(tree, Letter):
        return 1
    assert isinstance(tree, Node)
    if tree.head == "add":
        return max(_degree(one, name) for one in tree.args)
    if tree.head in ("neg", "mul"):
        return sum(_degree(one, name) for one in tree.args)
    if tree.head == "div" and name not in symbols(tree.args[1]):
        return _degree(tree.args[0], name)
    exponent = bare(tree.args[1]) if tree.head == "pow" else None
    if isinstance(exponent, Numeral) and exponent.text in ("1", "2"):
        return int(exponent.text) * _degree(tree.args[0], name)
    raise Unreadable("no polynomial")


def _discriminant(formula: Tree) -> Node:
    """b² − 4ac of a quadratic in x whose coefficients hold other letters, from its values at −1, 0 and 1."""
    if isinstance(formula, Node) and formula.head == "=":
        left, right = formula.args
        formula = right if isinstance(left, Letter) and left.name == "y" else _minus(left, right)
    names = [name for name in ("x", "z", "t") if name in symbols(formula)]
    if not names or len(symbols(formula)) < 2 or _degree(formula, names[0]) != 2:
        raise Unreadable("no quadratic with a letter in its coefficients")
    if _leading_letters(formula, names[0]):
        raise Unreadable("a leading coefficient that may vanish")
    formula = _with_fixed_exponents(formula)
    at = [node("paren", substitute(formula, {names[0]: node("paren", one)})) for one in (node("neg", ONE), ZERO, ONE)]
    leading = _minus(node("div", node("add", at[0], at[2]), TWO), at[1])
    linear = node("div", _minus(at[2], at[0]), TWO)
    square = node("pow", node("paren", linear), TWO)
    return _minus(square, node("mul", Numeral("4"), node("paren", leading), at[1]))


def _leading_letters(tree: Tree, name: str) -> frozenset[str]:
    """Letters in the coefficient of the highest power of a letter."""
    tree = bare(tree)
    if not isinstance(tree, Node) or not _degree(tree, name):
        return symbols(tree) - {name}
    parts = tree.args[:1] if tree.head == "pow" else tree.args
    if tree.head == "add":
        highest = max(_degree(one, name) for one in parts)
        parts = tuple(one for one in parts if _degree(one, name) == highest)
    return frozenset().union(*(_leading_letters(one, name) for one in parts))


def _with_fixed_exponents(tree: Tree) -> Tree:
    """The tree with exponents as they are, because a number put in for a letter no longer shows that they stay."""
    if not isinstance(tree, Node):
        return tree
    args = tuple(map(_with_fixed_exponents, tree.args))
    if tree.head == "pow" and isinstance(bare(args[1]), Numeral):
        args = (args[0], Numeral(bare(args[1]).text))  # type: ignore[union-attr]
    return Node(tree.head, args)


def _root_count(sign: str) -> Callable[[Args], Tree]:
    return lambda args: node(sign, _discriminant(args[0]), ZERO)


# --- places on curves ---


def _intercept(args: Args) -> Tree:
    """(letter, curve): where the curve meets the letter's axis."""
    letter, curve = args
    if not isinstance(letter, Letter) or letter.name not in ("x", "y"):
        raise Unreadable("an axis of another letter")
    other = "y" if letter.name == "x" else "x"
    if not (isinstance(curve, Node) and curve.head == "="):
        curve = node("=", Letter("y"), curve)
    if isinstance(curve.args[0], Node) and curve.args[0].head == "apply":
        curve = node("=", Letter("y"), curve.args[1])
    if bare(curve.args[0]) == Letter("y") and isinstance(curve.args[1], Node) and curve.args[1].head == "apply":
        return _intercept_of_function(letter, curve.args[1])
    if not symbols(curve) <= {"x", "y"} or letter.name not in symbols(curve):
        raise Unreadable("a curve in other letters than x and y")
    there = substitute(curve, {other: ZERO})
    if letter.name == "y" and bare(there.args[0]) == letter:  # type: ignore[union-attr]
        return node("paren", there.args[1])  # type: ignore[union-attr]
    return node("only", node("solutions", there, Node("list"), letter))


def _intercept_of_function(letter: Letter, applied: Node) -> Tree:
    """f(0), or the x with f(x) = 0."""
    name, *arguments = applied.args
    if len(arguments) != 1 or not isinstance(arguments[0], Letter):
        raise Unreadable("a function of something else than a letter")
    if letter.name == "y":
        return node("apply", name, ZERO)
    return node("only", node("solutions", node("given", node("=", ZERO, applied)), Node("list"), arguments[0]))


def _meeting(args: Args) -> Tree:
    """The point in which two curves meet."""
    point = node("tuple", Letter("x"), Letter("y"))
    return node("only", node("solutions", node("given", *args), Node("list"), point))


def _coordinates(args: Args) -> tuple[Tree, ...]:
    (point,) = args
    if not isinstance(point, Node) or point.head != "tuple" or len(point.args) not in (2, 3):
        raise Unreadable("no point")
    return tuple(node("paren", one) for one in point.args)


def _from_polar(args: Args) -> Tree:
    radius, angle, *rest = _coordinates(args)
    return node("tuple", node("mul", radius, node("cos", angle)), node("mul", radius, node("sin", angle)), *rest)


def _from_spherical(args: Args) -> Tree:
    radius, around, down = _coordinates(args)
    flat = node("mul", radius, node("sin", down))
    parts = (node("mul", flat, node("cos", around)), node("mul", flat, node("sin", around)))
    return node("tuple", *parts, node("mul", radius, node("cos", down)))


def _to_polar(args: Args) -> Tree:
    """(r, θ) with 0 ≤ θ < 2π, and the height as it is."""
    x, y, *rest = _coordinates(args)
    radius = _slant(x, y)
    angle = node("arccos", node("div", x, radius))
    other = _minus(node("mul", TWO, PI), angle)
    return node("tuple", radius, node("cases", angle, node(">=", y, ZERO), other, node("<", y, ZERO)), *rest)


def _average_on(args: Args) -> Tree:
    """The mean of a function on an interval."""
    function, interval = args
    names = sorted(symbols(function))
    if len(names) != 1 or not isinstance(interval, Node) or len(interval.args) != 2:
        raise Unreadable("an average in several letters")
    low, high = interval.args
    mean = node("div", node("integral", Letter(names[0]), low, high, function), node("paren", _minus(high, low)))
    return node("cases", mean, node("<", low, high))


def _area_between(args: Args) -> Tree:
    """The area that two graphs y = f(x) enclose."""
    (given,) = args
    sides = [_height(one) for one in given.args] if isinstance(given, Node) else []
    if len(sides) != 2 or symbols(node("add", *sides)) != {"x"}:
        raise Unreadable("an area between other curves than y = f(x)")
    return node("enclosed_area", _minus(*sides))


def _height(curve: Tree) -> Tree:
    if isinstance(curve, Node) and curve.head == "=" and curve.args[0] == Letter("y"):
        return curve.args[1]
    raise Unreadable("no graph of a function")


# --- bodies and plane figures ---


def _body(args: Args) -> Tree:
    """(volume, area, …, body): a formula of its measures."""
    quantity, body = args
    if not isinstance(quantity, Node) or not isinstance(body, Node):
        raise Unreadable("a measure of nothing")
    made = _BODIES.get((quantity.head, body.head))
    if made is None:
        raise Unreadable(f"{quantity.head} of a {body.head}")
    return made(*(node("paren", one) for one in body.args))


def _power(base: Tree, exponent: Numeral) -> Node:
    return node("pow", base, exponent)


def _part(top: int, bottom: int) -> Node:
    return node("div", Numeral(str(top)), Numeral(str(bottom)))


def _slant(radius: Tree, height: Tree) -> Node:
    return node("root", node("add", _power(radius, TWO), _power(height, TWO)), TWO)


_BODIES: dict[tuple[str, str], Callable[..., Tree]] = {
    ("volume", "cylinder"): lambda r, h: node("mul", PI, _power(r, TWO), h),
    ("side_area", "cylinder"): lambda r, h: node("mul", TWO, PI, r, h),
    ("surface", "cylinder"): lambda r, h: node("mul", TWO, PI, r, node("paren", node("add", r, h))),
    ("volume", "cone"): lambda r, h: node("mul", _part(1, 3), PI, _power(r, TWO), h),
    ("side_area", "cone"): lambda r, h: node("mul", PI, r, _slant(r, h)),
    ("volume", "sphere"): lambda r: node("mul", _part(4, 3), PI, _power(r, THREE)),
    ("surface", "sphere"): lambda r: node("mul", Numeral("4"), PI, _power(r, TWO)),
    ("volume", "cube"): lambda a: _power(a, THREE),
    ("surface", "cube"): lambda a: node("mul", Numeral("6"), _power(a, TWO)),
    ("volume", "box"): lambda a, b, c: node("mul", a, b, c),
    ("surface", "box"): lambda a, b, c: node(
        "mul", TWO, node("paren", node("add", node("mul", a, b), node("mul", a, c), node("mul", b, c)))
    ),
    ("volume", "pyramid"): lambda a, h: node("mul", _part(1, 3), _power(a, TWO), h),
    ("area", "circle"): lambda r: node("mul", PI, _power(r, TWO)),
    ("perimeter", "circle"): lambda r: node("mul", TWO, PI, r),
    ("area", "square"): lambda a: _power(a, TWO),
    ("perimeter", "square"): lambda a: node("mul", Numeral("4"), a),
    ("diagonal", "square"): lambda a: node("root", node("mul", TWO, _power(a, TWO)), TWO),
    ("area", "rectangle"): lambda a, b: node("mul", a, b),
    ("perimeter", "rectangle"): lambda a, b: node("mul", TWO, node("paren", node("add", a, b))),
    ("diagonal", "rectangle"): _slant,
    ("area", "triangle"): lambda a, h: node("mul", _part(1, 2), a, h),
    ("area", "trapezoid"): lambda a, b, h: node("mul", _part(1, 2), node("paren", node("add", a, b)), h),
    ("area", "equilateral"): lambda a: node("div", node("mul", node("root", THREE, TWO), _power(a, TWO)), Numeral("4")),
    ("perimeter", "equilateral"): lambda a: node("mul", THREE, a),
    ("hypotenuse", "right_triangle"): _slant,
    ("area", "right_triangle"): lambda a, b: node("mul", _part(1, 2), a, b),
}

RULES: dict[str, Callable[[Args], Tree]] = {
    "consecutive": _consecutive,
    "deck_selections": _from_deck("selections"),
    "deck_orders": _from_deck("ordered_selections"),
    "two_roots": _root_count(">"),
    "one_root": _root_count("="),
    "no_root": _root_count("<"),
    "real_roots": _root_count(">="),
    "intercept": _intercept,
    "meeting": _meeting,
    "from_polar": _from_polar,
    "from_spherical": _from_spherical,
    "to_polar": _to_polar,
    "average_on": _average_on,
    "area_between": _area_between,
    "measure_of": _body,
    "exponent_of": lambda args: node("log", *args),
}
"""Heads of the grammar → what they stand for."""
