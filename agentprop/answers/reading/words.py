"""Answers in words: yes and no, spelled-out numbers, labels, and the comparison of plain text."""

from __future__ import annotations

import re
from fractions import Fraction

from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.nodes import Collection, Node, Number
from agentprop.answers.reading.units import Unit

_TRUTHS = {"yes": True, "true": True, "no": False, "false": False, "correct": True, "incorrect": False}
_NONE_WORDS = frozenset((
    "no solution", "no solutions", "no real solution", "no real solutions", "empty set", "the empty set",
    "no such number", "there are no solutions", "there is no solution", "no real roots",
))  # fmt: skip
_ONES = dict(zip(words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"), range(20), strict=True))  # fmt: skip
_TENS = dict(zip(words("twenty thirty forty fifty sixty seventy eighty ninety"), range(20, 100, 10), strict=True))
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHARES = {
    "half": Fraction(1, 2), "one half": Fraction(1, 2), "one third": Fraction(1, 3), "two thirds": Fraction(2, 3),
    "one quarter": Fraction(1, 4), "three quarters": Fraction(3, 4), "one fourth": Fraction(1, 4),
    "one fifth": Fraction(1, 5),
}  # fmt: skip
_ARTICLES = frozenset(("a", "an", "the"))
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_NOON = re.compile(r"\b([ap])\.\s?m\b", re.IGNORECASE)
_FORMULA = re.compile(r"(?:\(?[A-Z][a-z]?\)?\d*){2,}(?:\^?\d*[+-])?")
_MIXED_CASE = re.compile(r"[a-z][A-Z]|^[A-Z]{2,}[a-z]")


def as_truth(text: str) -> bool | None:
    word = text.strip(" .!,;:'\"").casefold()
    return _TRUTHS.get(word.partition(",")[0].strip()) if len(word) < 200 else None


def as_value(text: str) -> Node | None:
    """`twenty-one` is 21, `one half` is 1/2, `no solution` is the empty set."""
    if len(text) > 200:
        return None
    plain = " ".join(word for word in _WORD.findall(text.casefold()) if word not in ("and",))
    if plain in _NONE_WORDS:
        return Collection("set", ())
    if plain in _SHARES:
        return Number(_SHARES[plain])
    return _cardinal(plain.split())


def _cardinal(spelled: list[str]) -> Node | None:
    if not spelled or not all(
        word in _ONES or word in _TENS or word in _SCALES or word == "hundred" for word in spelled
    ):
        return None
    total = current = 0
    for word in spelled:
        if word in _SCALES:
            total, current = total + (current or 1) * _SCALES[word], 0
        elif word == "hundred":
            current = (current or 1) * 100
        else:
            current += _ONES.get(word, _TENS.get(word, 0))
    return Number(Fraction(total + current))


_NO_NOUNS = frozenset(words(
    "is are not or and if for to mod no nor than but either maybe was be when where with without otherwise only wrong "
    "import times plus minus over divided choose sin cos tan log ln pi infinity"
))  # fmt: skip


def noun_unit(noun: str) -> Unit | None:
    """What is counted, in the singular, as a unit of its own; None for the empty word `units`."""
    plain = [word.removesuffix("s") for word in noun.casefold().split()]
    if plain in (["unit"], ["square", "unit"], ["cubic", "unit"], ["sq", "unit"]):
        return None
    name = " ".join(plain)
    return Unit(name, Fraction(1), ((f"count of {name}", Fraction(1)),))


def is_count(unit: Unit) -> bool:
    return any(base.startswith("count of ") for base, _ in unit.dimensions)


def is_noun(noun: str) -> bool:
    """Plain words of two letters or more, none of them grammar or mathematics."""
    return bool(re.fullmatch(r"(?:[A-Za-z]{2,}[ -]?)+", noun)) and not _NO_NOUNS & set(noun.casefold().split())


def is_prose(text: str) -> bool:
    """Letters only, so that `cat` is a word before it is a product of three variables; `xy` still is a product."""
    if re.fullmatch(r"[A-Za-z]|[a-df-hj-np-z]{2}", text):
        return False
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z\s'’.-]*", text))


def comparable(text: str) -> tuple[str, ...]:
    """Words without articles, punctuation and capitals; capitals inside a word (`aBc`) are kept."""
    found = [word if _MIXED_CASE.search(word) else word.casefold() for word in _WORD.findall(_NOON.sub(r"\1m", text))]
    kept = [word for word in found if word not in _ARTICLES]
    return tuple(kept or found)


def same_formula(left: str, right: str) -> bool:
    """`H_2O` and `H2O`: chemical formulas, whose subscripts may be written as plain digits."""
    if max(len(left), len(right)) > 200 or "_" not in left + right:
        return False
    plain = [re.sub(r"[_{}$\s]|\\text|\\mathrm|\\ce", "", text) for text in (left, right)]
    return plain[0] == plain[1] and bool(_FORMULA.fullmatch(plain[0]))


def same_text(left: str, right: str) -> bool:
    if left.strip() == right.strip():
        return True
    found = comparable(left)
    return bool(found) and found == comparable(right) and _signs(left) == _signs(right)


def _signs(text: str) -> str:
    """Characters that carry meaning in what could not be read: operators, brackets, digits' points."""
    return re.sub(r"[\w\s.,;:!?'\"“”’‘`$()-]|\\[a-z]+", "", text)
