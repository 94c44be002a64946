"""A corpus' own answer as text against a computed value: the same, another, or not to be read.

The answer is read by the same parser as the question, with everything that only says what it is (`x = 5`, `$12$ cm`)
taken off. Sets are compared without order, pairs in order; a decimal is the value rounded to its places only where the
question asks for rounding.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.execute import NotComputed, call, compiled
from agentprop.extraction.mining.question.kernel.exact import Exact, decimal_of, is_real, number
from agentprop.extraction.mining.question.kernel.plain import same_number
from agentprop.extraction.mining.question.kernel.ranges import Interval, Intervals
from agentprop.extraction.mining.question.latex.arguments import one_digit_each
from agentprop.extraction.mining.question.latex.lexer import LatexToken, lex
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
    symbols,
)
from agentprop.extraction.mining.question.latex.vocabulary import Names
from agentprop.extraction.mining.question.meaning.calculus import derivative
from agentprop.extraction.mining.question.program import in_floats, program

TELLING = 4
"""Digits of a decimal answer that no other value has by chance."""
ROUNDING = re.compile(r"nearest|round|decimal|approximat|significant", re.IGNORECASE)


def gold_trees(gold: str) -> list[Tree]:
    """The values that an answer lists. Raises Unreadable."""
    runs: list[list[LatexToken]] = [[]]
    depth = 0
    for token in one_digit_each(lex(_plain(gold))):
        depth += _depth(token)
        if depth == 0 and (
            token.text in (",", ";") or (token.kind == "text" and token.text.strip(" ,") in ("and", "or", ""))
        ):
            runs.append([])
        elif token.kind != "text" and not (depth == 0 and token.text in ("quad", "qquad", "\\")):
            runs[-1].append(token)
    return [one for run in runs if run for one in _both_signs(_value_side(parse(_trimmed(run), {}, Names())))]


def _plain(gold: str) -> str:
    text = gold.strip()
    text = re.sub(r"(?<!\\)\$|\\\$|\\[()\[\]](?![a-z])", " ", text)
    text = re.sub(r"\\(?:text|mbox|textrm|mathrm|rm|textbf)\s*\{\s*(?:and|or)\s*\}", ",", text)
    text = re.sub(r"\\(?:text|mbox|textrm|mathrm|rm|textbf)\s*\{[^{}]*\}(?:\^\{?\d\}?)?", " ", text)
    text = re.sub(r"^[A-Za-z ]+:\s*\[(.*=.*)\]\s*\.?$", r"\1", text)
    text = re.sub(r"\\approx\b", "=", text)
    text = re.sub(r"\b(?:and|or)\b", ",", text)
    return re.sub(r"(?<=[\d})])\s+(?:[a-z]{2,}\.?\s*)+$", "", text).strip().rstrip(".")


def _trimmed(run: list[LatexToken]) -> list[LatexToken]:
    while run and run[-1].kind == "symbol" and run[-1].text in (".", "~"):
        run = run[:-1]
    return run


def _depth(token: LatexToken) -> int:
    if token.kind == "begin":
        return 1
    if token.kind == "end":
        return -1
    opening = token.text in ("(", "[", "{", "lfloor", "lceil")
    return opening - (token.text in (")", "]", "}", "rfloor", "rceil"))


def _value_side(tree: Tree) -> Tree:
    """`5` of `x = 5`."""
    if isinstance(tree, Node) and tree.head == "=":
        return tree.args[1]
    return tree


def _both_signs(tree: Tree) -> list[Tree]:
    """`1 \\pm \\sqrt 2` as two values."""
    if isinstance(tree, Node) and tree.head in ("set", "braces"):
        return [one for item in tree.args for one in _both_signs(item)]
    found = [tree]
    for sign in (1, -1):
        made = rewrite(tree, lambda one, sign=sign: _one_sign(one, sign))  # type: ignore[misc]
        if made != tree:
            found = [made] if sign == 1 else [*found, made]
    return found


def _one_sign(tree: Tree, sign: int) -> Tree | None:
    if not isinstance(tree, Node) or tree.head != "plus_minus":
        return None
    *first, last = tree.args
    signed = last if sign > 0 else node("neg", last)
    return node("add", *first, signed) if first else signed


def letters(tree: Tree) -> Tree:
    """i and e of an answer as numbers."""
    names = {"i": node("imaginary"), "e": node("euler")}
    return rewrite(tree, lambda one: names.get(one.name) if isinstance(one, Letter) else None)


def value_of(tree: Tree) -> Any:
    """The value of a tree without letters, exact where possible. Raises Unreadable, NotComputed."""
    made = program(letters(tree), {})
    try:
        return call(compiled(made.solve, 0), [])
    except NotComputed:
        return call(compiled(made.check, 0), [])


def agrees(value: Any, gold: str, question: str = "", unordered: bool = False) -> bool:
    """Whether a computed value is the answer. Raises Unreadable, NotComputed where the answer cannot be read."""
    if isinstance(value, str):
        return _same_text(value, gold)
    if isinstance(value, Intervals):
        return _same_intervals(value, gold)
    trees = gold_trees(gold)
    if not trees:
        raise Unreadable("an empty answer")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list) and len(value) > len(trees):
        trees = gold_trees(re.sub(r"(?<=\d),(?=\d{3}(?!\d))", ", ", gold))  # `-125,343` may be two numbers
    if isinstance(value, tuple) or (isinstance(value, list) and not unordered):
        return _same_list(value, trees, gold, question)
    if isinstance(value, list):
        return _same_set(value, trees, question)
    return all(_same_value(value, tree, question) for tree in trees) if len(trees) < 4 else False


def _same_text(value: str, gold: str) -> bool:
    digits, _, base = value.replace("{", "").replace("}", "").partition("_")
    found = re.fullmatch(
        r"\(?(-?[0-9A-Z ]+?)\)?(?:_\{?(\d+|[a-z]+)\}?)?",
        re.sub(r"\\(?:text|mathrm)?|[${}\s,!]", "", _plain(gold)).strip(),
    )
    return bool(found and found[1] == digits and (not found[2] or found[2] in (base, "")))


def _same_intervals(value: Intervals, gold: str) -> bool:
    """Unions of intervals, or inequalities in one letter, against intervals. Raises Unreadable."""
    found = [one for part in re.split(r"\\cup|\bU\b", _plain_keeping_brackets(gold)) for one in _interval(part)]
    found.sort(key=lambda one: -math.inf if one[0] is None else number(one[0]))
    if len(found) != len(value):
        return False
    return all(
        (a is None) == (c is None)
        and (b is None) == (d is None)
        and (a is None or same_number(number(a), number(c), 1e-9))
        and (b is None or same_number(number(b), number(d), 1e-9))
        and flags[0] == others[0]
        and flags[1] == others[1]
        for (a, b, *flags), (c, d, *others) in zip(value, found, strict=True)
    )


def _plain_keeping_brackets(gold: str) -> str:
    text = re.sub(r"(?<!\\)\$|\\left|\\right|\\\[|\\\]", " ", gold.strip())
    text = re.sub(r"^\s*[a-z]\s*\\in\s*", "", text)
    text = _set_builder(text)
    return re.sub(r"\\(?:text|mbox|textrm|mathrm)\s*\{\s*or\s*\}|\bor\b", r"\\cup ", text).rstrip(". ")


def _set_builder(text: str) -> str:
    """`\\{x \\mid x > 2\\}` as `x > 2`, what is left out of all reals as intervals."""
    match = re.match(r"\s*\\\{\s*([a-z])\s*(?:\\mid|:|\|)\s*(.*?)\\\}", text, re.DOTALL)
    if match is None:
        return text
    name, body = match[1], re.sub(r"\\text\s*\{\s*and\s*\}|\band\b", ",", match[2])
    if re.search(r"\\in\s*\\mathbb\s*\{?R", body):
        return r"(-\infty, \infty)"
    parts = [part.strip() for part in body.split(",") if part.strip()]
    out = [part for part in parts if re.search(r"\\neq?\b", part)]
    kept = [part for part in parts if part not in out]
    if len(kept) > 1:
        return text
    return _without(kept[0] if kept else "", [re.split(r"\\neq?\b", part)[1] for part in out], name)


def _without(kept: str, points: list[str], name: str) -> str:
    """Intervals with points taken out of them."""
    ((low, high, left, right),) = _interval(kept) if kept else [(None, None, False, False)]
    ends = sorted((value_of(parse(one_digit_each(lex(point)), {}, Names())) for point in points), key=number)
    text, opening, start = [], "[" if left else "(", r"-\infty" if low is None else str(low)
    if not ends and kept:
        return kept
    for end in ends:
        if low is not None and number(end) < number(low):
            continue
        text.append(f"{opening}{start}, {end})")
        opening, start = "(", str(end)
    last = r"\infty" if high is None else str(high)
    return r" \cup ".join([*text, f"{opening}{start}, {last}{']' if right else ')'}"])


def _interval(text: str) -> list[Interval]:
    """One piece: `(2, 5]`, `x \\ge 3`, `\\{4\\}`."""
    match = re.fullmatch(r"\s*([\[(])(.*),(.*?)([\])])\s*", text, re.DOTALL)
    if match:
        low, high = _end(match[2]), _end(match[3])
        return [(low, high, match[1] == "[" and low is not None, match[4] == "]" and high is not None)]
    tree = parse(one_digit_each(lex(text)), {}, Names())
    if isinstance(tree, Node) and tree.head in ("braces", "set"):
        return [(one, one, True, True) for one in map(value_of, tree.args)]
    low = high = None
    closed = [False, False]
    for part in tree.args if isinstance(tree, Node) and tree.head == "and" else (tree,):
        if not isinstance(part, Node) or part.head not in ("<", "<=", ">", ">="):
            raise Unreadable("no interval")
        left, right = map(bare, part.args)
        below = part.head in ("<", "<=")
        if isinstance(right, Letter):
            left, right, below = right, left, not below
        if not isinstance(left, Letter):
            raise Unreadable("no interval")
        if below:
            high, closed[1] = value_of(right), part.head.endswith("=")
        else:
            low, closed[0] = value_of(right), part.head.endswith("=")
    return [(low, high, closed[0], closed[1])]


def _end(text: str) -> Any:
    return None if "infty" in text else value_of(parse(one_digit_each(lex(text)), {}, Names()))


def _same_list(value: Sequence[Any], trees: list[Tree], gold: str, question: str) -> bool:
    if len(trees) == 1:
        only = trees[0]
        if isinstance(only, Node) and only.head in ("tuple", "row", "matrix", "interval[)", "interval(]", "interval[]"):
            trees = list(only.args)
        elif isinstance(only, Node) and only.head == "paren":
            trees = [only.args[0]]
    return len(trees) == len(value) and all(
        _same_value(one, tree, question) for one, tree in zip(value, trees, strict=True)
    )


def _same_set(value: list[Any], trees: list[Tree], question: str) -> bool:
    if len(value) != len(trees):
        return False
    left = list(value)
    for tree in trees:
        found = next((place for place, one in enumerate(left) if _same_value(one, tree, question)), None)
        if found is None:
            return False
        del left[found]
    return True


def _same_value(value: Any, tree: Tree, question: str) -> bool:
    tree = bare(tree)
    if isinstance(value, list | tuple):
        inner = tree.args if isinstance(tree, Node) and tree.head in ("tuple", "row", "matrix") else None
        return (
            inner is not None
            and len(inner) == len(value)
            and all(_same_value(one, part, question) for one, part in zip(value, inner, strict=True))
        )
    if isinstance(value, bool):
        return False
    options = [tree.args[0], tree] if isinstance(tree, Node) and tree.head in ("degrees", "percent") else [tree]
    return any(_same_number(value, one, question) for one in options if not symbols(letters(one)))


def _same_number(value: Any, tree: Tree, question: str) -> bool:
    other = value_of(tree)
    if isinstance(other, list | tuple | str):
        return False
    if _exact(value) and _exact(other):
        if value == other:
            return True
    elif same_number(number(value), number(other), 1e-9):
        return True
    return _rounded_to(value, bare(tree), question)


def _exact(value: Any) -> bool:
    return isinstance(value, int | Fraction | Exact)


def _rounded_to(value: Any, tree: Tree, question: str) -> bool:
    """Whether a decimal is the value to its places: in a question about rounding, or if its digits are many."""
    sign = -1 if isinstance(tree, Node) and tree.head == "neg" else 1
    inner = tree.args[0] if sign < 0 and isinstance(tree, Node) else tree
    if not isinstance(inner, Numeral):
        return False
    places = len(inner.text.partition(".")[2])
    if not ROUNDING.search(question) and not (places and len(inner.text.replace(".", "").lstrip("0")) >= TELLING):
        return False
    if _exact(value):
        if not is_real(value):
            return False
        size = float(decimal_of(value))
    else:
        size = value
    if isinstance(size, complex):
        return False
    scaled = abs(size) * 10**places
    return math.floor(scaled + 0.5 + 1e-9) == round(float(inner.text) * 10**places) and (size >= 0) == (sign > 0)


SAMPLE_POINTS = (1.37, 0.731, 2.59, 3.17, 0.413, 1.93, 5.71, 4.23)
"""Places, all positive, at which two expressions in the same letters are compared."""


def same_form(tree: Tree, gold: str) -> bool:
    """Whether an expression in letters has the answer's values. Raises Unreadable, NotComputed."""
    if isinstance(bare(tree), Node) and bare(tree).head == "antiderivative":  # type: ignore[union-attr]
        return _is_antiderivative(bare(tree), gold)
    trees = gold_trees(gold)
    if len(trees) != 1:
        return False
    other = trees[0]
    return _same_values(tree, letters(other))


def _is_antiderivative(tree: Tree, gold: str) -> bool:
    """Whether the answer's derivative is what was to be integrated."""
    assert isinstance(tree, Node) and isinstance(tree.args[0], Letter)
    trees = [letters(one) for one in gold_trees(re.sub(r"\+\s*[CcKk]\b", "", gold))]
    name = tree.args[0].name
    return len(trees) == 1 and _same_values(tree.args[1], derivative(trees[0], name))


def _same_values(tree: Tree, other: Tree) -> bool:
    """Whether two expressions have the same values. Raises Unreadable, NotComputed."""
    names = sorted(symbols(tree) | symbols(other))
    own, theirs = _function(tree, names), _function(other, names)
    agreed = 0
    for turn in range(4):
        point = [SAMPLE_POINTS[(turn * 3 + place) % len(SAMPLE_POINTS)] for place in range(len(names))]
        try:
            left, right = call(own, point), call(theirs, point)
        except NotComputed:
            continue
        if not same_number(left, right, 1e-9):
            return False
        agreed += 1
    if not agreed:
        raise Unreadable("no place to compare at")
    return True


def _function(tree: Tree, names: Sequence[str]) -> Any:
    """An expression as a function of its letters, in floats."""
    slots = {name: place for place, name in enumerate(names)}
    numbered = {place: f"n{place}" for place in range(len(names))}
    return compiled(in_floats(_fixed(tree, slots), numbered), len(names))


def _fixed(tree: Tree, slots: dict[str, int]) -> Tree:
    """Numerals as literals, letters as numbered arguments."""

    def change(one: Tree) -> Tree | None:
        if isinstance(one, Numeral):
            return Numeral(one.text, -1)
        if isinstance(one, Letter) and one.name in slots:
            return Numeral("0", slots[one.name])
        return None

    return rewrite(tree, change)
