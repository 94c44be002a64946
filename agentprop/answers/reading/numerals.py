"""Numbers in words to trees: `minus two thirds`, `two and a half million`, `3 dozen`, `the square root of 2 over 2`.

A small grammar over words and digits, tried on a whole text only; one word outside it, and there is no reading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.nodes import Collection, Constant, Node, Number, Symbol, UnreadableAnswer, apply

_ONES = dict(zip(words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"), range(20), strict=True))  # fmt: skip
_TENS = dict(zip(words("twenty thirty forty fifty sixty seventy eighty ninety"), range(20, 100, 10), strict=True))
_SCALES = {
    "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "quadrillion": 10**15,
    "lakh": 10**5, "lakhs": 10**5, "crore": 10**7, "crores": 10**7,
    "thousands": 10**3, "millions": 10**6, "billions": 10**9, "trillions": 10**12,
}  # fmt: skip
_MULTIPLES = {"dozen": 12, "dozens": 12, "score": 20, "scores": 20, "gross": 144, "hundreds": 100}
_ORDINALS = {
    **{f"{name}th": value for name, value in _ONES.items() if value >= 4 and not name.endswith(("e", "t"))},
    "half": 2, "halve": 2, "third": 3, "quarter": 4, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12,
    **{f"{name[:-1]}ieth": value for name, value in _TENS.items()},
    "hundredth": 100, "thousandth": 1000, "millionth": 10**6, "billionth": 10**9,
}  # fmt: skip
_FRACTIONS = {**_ORDINALS, **{f"{name}s": value for name, value in _ORDINALS.items()}}
_POWERS = {"squared": 2, "cubed": 3}
_VARIABLES = frozenset("bcknrstxyz")
_ARTICLES = frozenset(("a", "an", "the"))
_PIECE = re.compile(r"[A-Za-z]+|\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+|/")
_ALLOWED = re.compile(r"[A-Za-z0-9.,/\s-]+")
_KNOWN = frozenset((*_ONES, *_TENS, *_SCALES, *_MULTIPLES, *_FRACTIONS, *_POWERS, *words("""
    hundred and minus negative plus positive point percent percentage per cent square cube root of over divided by times
    in out to chance chances below above a an the pi x infinity
    """)))  # fmt: skip


def number_in_words(text: str) -> Node | None:
    """The value that the whole text spells, or None; a text of digits alone is not its business."""
    if len(text) > 200 or not _ALLOWED.fullmatch(text) or not re.search(r"[A-Za-z]{2}", text):
        return None
    spelled = _PIECE.findall(re.sub(r"(?<=[A-Za-z])-(?=[A-Za-z])", " ", text.casefold()))
    if "-" in text and re.search(r"(?<![A-Za-z])-|-(?![A-Za-z])", text):
        return None
    if not any(word in _KNOWN and len(word) > 1 for word in spelled):
        return None
    if "".join(spelled) != re.sub(r"[\s-]", "", text.casefold()).rstrip(",."):
        return None
    try:
        return _Spelled(spelled).whole()
    except (UnreadableAnswer, ZeroDivisionError):
        return None


class _Spelled:
    """A place in the words; every method reads one level of the grammar or raises `UnreadableAnswer`."""

    def __init__(self, spelled: Sequence[str]) -> None:
        self.words = [*spelled, ""]
        self.at = 0

    def whole(self) -> Node:
        """A sum, or two of them as a chance (`one in six`) or a ratio (`three to four`)."""
        left = self._sum()
        if self._accept("chance") or self._accept("chances"):
            pass
        if self._accept("in") or (self._accept("out") and self._accept("of")):
            left = apply("/", left, self._sum())
        elif self._accept("to"):
            left = Collection("ratio", (left, self._sum()))
        elif self._accept("below"):
            self._expect("zero")
            left = apply("neg", left)
        elif self._accept("above"):
            self._expect("zero")
        if self.words[self.at]:
            raise UnreadableAnswer(self.words[self.at])
        return left

    def _accept(self, word: str) -> bool:
        found = self.words[self.at] == word
        self.at += found
        return found

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise UnreadableAnswer(self.words[self.at])

    def _sum(self) -> Node:
        total = self._product()
        while self.words[self.at] in ("plus", "minus"):
            minus = self.words[self.at] == "minus"
            self.at += 1
            term = self._product()
            total = apply("+", total, apply("neg", term) if minus else term)
        return total

    def _product(self) -> Node:
        total = self._signed()
        while True:
            if self._accept("over") or (self._accept("divided") and self._accept("by")):
                total = apply("/", total, self._signed())
            elif self._accept("times"):
                total = apply("*", total, self._signed())
            elif self.words[self.at] in (*_VARIABLES, "pi") or self.words[self.at : self.at + 2] == ["square", "root"]:
                total = apply("*", total, self._power())
            else:
                return total

    def _signed(self) -> Node:
        if self._accept("minus") or self._accept("negative"):
            return apply("neg", self._power())
        if self._accept("plus") or self._accept("positive"):
            return self._power()
        return self._power()

    def _power(self) -> Node:
        value = self._base()
        while (exponent := _POWERS.get(self.words[self.at])) is not None:
            self.at += 1
            value = apply("^", value, Number(Fraction(exponent)))
        if self._accept("percent") or self._accept("percentage") or (self._accept("per") and self._accept("cent")):
            value = apply("/", value, Number(Fraction(100)))
        return value

    def _base(self) -> Node:
        mark = self.at
        if self.words[self.at] == "the":
            self.at += 1
        if self.words[self.at + 1 : self.at + 3] == ["root", "of"] and self.words[self.at] in ("square", "cube"):
            head = "sqrt" if self.words[self.at] == "square" else "cbrt"
            self.at += 3
            return apply(head, self._power())
        word = self.words[self.at]
        if word == "pi" or word == "infinity":
            self.at += 1
            return Constant("pi" if word == "pi" else "inf")
        if word in _VARIABLES and len(self.words) > 2:
            self.at += 1
            return Symbol(word)
        self.at = mark
        return Number(self._number())

    # -- numbers -----------------------------------------------------------------------------------------------------

    def _number(self) -> Fraction:
        """`two and a half million`, `three quarters`, `half a dozen`, `2.5 million`, `one hundred and five`."""
        total = self._fraction()
        if total is None:
            total = self._cardinal()
            denominator = self._denominator(total)
            if denominator:
                total = total / denominator
            elif self.words[self.at] == "and":
                total += self._added_fraction()
        return self._scaled(total)

    def _fraction(self) -> Fraction | None:
        """`half`, `a third`, `one half`; None where a whole number stands."""
        mark = self.at
        if self.words[self.at] in _ARTICLES:
            self.at += 1
        if (denominator := _FRACTIONS.get(self.words[self.at])) is not None:
            self.at += 1
            return Fraction(1, denominator)
        self.at = mark
        return None

    def _added_fraction(self) -> Fraction:
        mark = self.at
        self.at += 1
        share = self._fraction()
        above, slash, below = (*self.words[self.at : self.at + 3], "", "")[:3]
        if slash == "/" and above.isdigit() and below.isdigit() and 0 < int(above) < int(below):
            self.at += 3
            return Fraction(int(above), int(below))
        if share is None and self.words[self.at] in _ONES:
            top = Fraction(_ONES[self.words[self.at]])
            self.at += 1
            denominator = self._denominator(top)
            share = top / denominator if denominator else None
        if share is None:
            self.at = mark
            return Fraction(0)
        return share

    def _denominator(self, top: Fraction) -> int:
        """`thirds` after `two`; 0 where none stands. `twenty third` is no fraction, `two hundredths` is one."""
        word = self.words[self.at]
        if word not in _FRACTIONS or (top > 20 and word in _ORDINALS and _ORDINALS[word] < 10):
            return 0
        self.at += 1
        return _FRACTIONS[word]

    def _scaled(self, value: Fraction) -> Fraction:
        while True:
            mark = self.at
            if self.words[self.at] in _ARTICLES or self.words[self.at : self.at + 2] == ["of", "a"]:
                self.at += 1 if self.words[self.at] in _ARTICLES else 2
            word = self.words[self.at]
            factor = _SCALES.get(word) or _MULTIPLES.get(word) or (100 if word == "hundred" else 0)
            if not factor:
                self.at = mark
                return value
            self.at += 1
            value *= factor

    def _cardinal(self) -> Fraction:
        word = self.words[self.at]
        if word[:1].isdigit() or word[:1] == ".":
            return self._digits()
        if word in ("a", "an") and self.words[self.at + 1] in (*_SCALES, *_MULTIPLES, "hundred"):
            self.at += 1
            return Fraction(1)
        if word in _MULTIPLES and word[-1] != "s" and word != "gross" and word != "score":
            return Fraction(1)
        total, current, seen = Fraction(0), Fraction(0), False
        while True:
            word = self.words[self.at]
            if word in _ONES or word in _TENS:
                step = _ONES.get(word, _TENS.get(word, 0))
                if current % 100 and not (current % 100 >= 20 and current % 10 == 0 and 0 < step < 10):
                    raise UnreadableAnswer("digits in a row")
                current += step
            elif word == "hundred":
                current = (current or Fraction(1)) * 100
            elif word in _SCALES:
                total, current = total + (current or Fraction(1)) * _SCALES[word], Fraction(0)
            elif word == "and" and seen and (self.words[self.at + 1] in _ONES or self.words[self.at + 1] in _TENS):
                if self._is_share(self.at + 1):
                    break
            else:
                break
            seen = True
            self.at += 1
        if not seen:
            raise UnreadableAnswer(word)
        return total + current + self._decimals()

    def _is_share(self, at: int) -> bool:
        """`and three quarters` adds a fraction, `and three` a number."""
        return self.words[at + 1] in _FRACTIONS

    def _digits(self) -> Fraction:
        value = Fraction(self.words[self.at].replace(",", ""))
        self.at += 1
        if self.words[self.at] == "/" and self.words[self.at + 1].isdigit():
            value = value / Fraction(self.words[self.at + 1])
            self.at += 2
        elif self.words[self.at].isdigit() and self.words[self.at + 1] == "/" and self.words[self.at + 2].isdigit():
            value += Fraction(int(self.words[self.at]), int(self.words[self.at + 2]))
            self.at += 3
        return value

    def _decimals(self) -> Fraction:
        """`point one four`."""
        if not (self.words[self.at] == "point" and self.words[self.at + 1] in _ONES):
            return Fraction(0)
        self.at += 1
        digits = ""
        while self.words[self.at] in _ONES and _ONES[self.words[self.at]] < 10:
            digits += str(_ONES[self.words[self.at]])
            self.at += 1
        return Fraction(int(digits or 0), 10 ** len(digits))
