"""Derivatives of trees: `derivative(x² + 3x)` is written out as 2·x + 3 before anything is computed."""

from __future__ import annotations

from collections.abc import Callable

from agentprop.extraction.mining.question.latex.tree import (
    Letter,
    Node,
    Numeral,
    Tree,
    Unreadable,
    bare,
    holds,
    node,
    rewrite,
    substitute,
    symbols,
)

ZERO, ONE, TWO = Numeral("0"), Numeral("1"), Numeral("2")


def written_out(tree: Tree) -> Tree:
    """The tree with every derivative and every tangent written out. Raises Unreadable."""
    while holds(tree, *_WRITTEN):
        tree = rewrite(tree, _write)
    return tree


def derivative(tree: Tree, name: str) -> Tree:
    """The derivative of a tree by a letter. Raises Unreadable for what has no rule."""
    if isinstance(tree, Numeral):
        return ZERO
    if isinstance(tree, Letter):
        return ONE if tree.name == name else ZERO
    if name not in symbols(tree):
        return ZERO
    if tree.head in _LINEAR:
        return Node(tree.head, tuple(derivative(arg, name) for arg in tree.args))
    rule = _RULES.get(tree.head)
    if rule is not None:
        return rule(tree, name)
    if tree.head in _FUNCTIONS and len(tree.args) == 1:
        outer = _FUNCTIONS[tree.head](node("paren", tree.args[0]))
        return node("mul", node("paren", outer), node("paren", derivative(tree.args[0], name)))
    raise Unreadable(f"no derivative of {tree.head}")


def _product(tree: Node, name: str) -> Tree:
    terms = []
    for place, arg in enumerate(tree.args):
        changed = derivative(arg, name)
        if changed != ZERO:
            others = [*tree.args[:place], node("paren", changed), *tree.args[place + 1 :]]
            terms.append(node("mul", *others))
    return terms[0] if len(terms) == 1 else node("paren", node("add", *terms))


def _quotient(tree: Node, name: str) -> Tree:
    top, bottom = (node("paren", arg) for arg in tree.args)
    left = node("mul", node("paren", derivative(top, name)), bottom)
    right = node("mul", top, node("paren", derivative(bottom, name)))
    return node("div", node("add", left, node("neg", right)), node("pow", bottom, TWO))


def _power(tree: Node, name: str) -> Tree:
    base, exponent = tree.args
    inner = node("paren", base)
    if name not in symbols(exponent):
        less = node("add", exponent, node("neg", ONE))
        return node("mul", node("paren", exponent), node("pow", inner, less), node("paren", derivative(base, name)))
    rate = node("mul", node("paren", derivative(exponent, name)), node("ln", inner))
    if name in symbols(base):
        slope = node("div", node("mul", node("paren", exponent), node("paren", derivative(base, name))), inner)
        rate = node("add", rate, slope)
    return node("mul", tree, node("paren", rate))


def _root(tree: Node, name: str) -> Tree:
    value, degree = tree.args
    return _power(node("pow", node("paren", value), node("div", ONE, degree)), name)


def _logarithm(tree: Node, name: str) -> Tree:
    base, value = tree.args
    if name in symbols(base):
        raise Unreadable("a logarithm to a base that changes")
    return node("div", derivative(node("ln", value), name), node("ln", base))


def _absolute(tree: Node, name: str) -> Tree:
    inner = node("paren", tree.args[0])
    return node("mul", node("div", inner, tree), node("paren", derivative(tree.args[0], name)))


def _integral(tree: Node, name: str) -> Tree:
    """The derivative of an integral by a letter of its bounds."""
    variable, low, high, body = tree.args
    if not isinstance(variable, Letter) or name in symbols(body) - {variable.name}:
        raise Unreadable("an integral that depends on a letter twice")
    ends = [
        node(
            "mul",
            node("paren", substitute(body, {variable.name: node("paren", end)})),
            node("paren", derivative(end, name)),
        )
        for end in (high, low)
    ]
    return node("add", ends[0], node("neg", ends[1]))


def _over(tree: Tree) -> Node:
    return node("div", ONE, tree)


def _one_minus_square(u: Tree) -> Tree:
    return node("add", ONE, node("neg", node("pow", u, TWO)))


def _one_plus_square(u: Tree) -> Tree:
    return node("add", ONE, node("pow", u, TWO))


_LINEAR = frozenset({"add", "neg", "paren"})
_RULES: dict[str, Callable[[Node, str], Tree]] = {
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "root": _root,
    "log": _logarithm,
    "abs": _absolute,
    "integral": _integral,
}
_FUNCTIONS: dict[str, Callable[[Tree], Tree]] = {
    "sin": lambda u: node("cos", u),
    "cos": lambda u: node("neg", node("sin", u)),
    "tan": lambda u: node("pow", node("sec", u), TWO),
    "cot": lambda u: node("neg", node("pow", node("csc", u), TWO)),
    "sec": lambda u: node("mul", node("sec", u), node("tan", u)),
    "csc": lambda u: node("neg", node("mul", node("csc", u), node("cot", u))),
    "ln": _over,
    "exp": lambda u: node("exp", u),
    "sinh": lambda u: node("cosh", u),
    "cosh": lambda u: node("sinh", u),
    "arcsin": lambda u: _over(node("root", _one_minus_square(u), TWO)),
    "arccos": lambda u: node("neg", _over(node("root", _one_minus_square(u), TWO))),
    "arctan": lambda u: _over(node("paren", _one_plus_square(u))),
    "arccot": lambda u: node("neg", _over(node("paren", _one_plus_square(u)))),
}


# --- what is written out ---


def _write(tree: Tree) -> Tree | None:
    if not isinstance(tree, Node) or tree.head not in _WRITTEN or any(holds(arg, *_WRITTEN) for arg in tree.args):
        return None
    return _WRITTEN[tree.head](tree.args)


def _letter(tree: Tree) -> str:
    free = symbols(tree) - {"C"}
    if len(free) != 1:
        raise Unreadable("a derivative by one of several letters")
    return next(iter(free))


def _derivative(args: tuple[Tree, ...]) -> Tree:
    (tree,) = args
    return node("paren", derivative(bare(tree), _letter(tree)))


def _value_at(args: tuple[Tree, ...]) -> Tree:
    """The derivative of a function at a place."""
    tree, place = args
    name = _letter(tree)
    return substitute(derivative(bare(tree), name), {name: node("paren", place)})


def _tangent(args: tuple[Tree, ...]) -> Tree:
    """f(a) + f'(a)·(x - a)."""
    tree, place = args
    name = _letter(tree)
    height = node("paren", substitute(tree, {name: node("paren", place)}))
    away = node("paren", node("add", Letter(name), node("neg", node("paren", place))))
    return node("add", height, node("mul", node("paren", _value_at(args)), away))


def _antiderivative(args: tuple[Tree, ...]) -> Tree:
    (tree,) = args
    if isinstance(bare(tree), Node) and bare(tree).head == "antiderivative":  # type: ignore[union-attr]
        return tree
    return node("antiderivative", Letter(_letter(tree)), tree)


_WRITTEN: dict[str, Callable[[tuple[Tree, ...]], Tree]] = {
    "derivative": _derivative,
    "derivative_at": _value_at,
    "tangent_line": _tangent,
    "antiderivative_of": _antiderivative,
}
