"""Arguments without braces: LaTeX takes one digit (`x^23` is x²·3, `\\frac12` a half)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentprop.extraction.mining.question.latex.lexer import LatexToken

_TAKES = {"frac": 2, "binom": 2, "sqrt": 1, "overline": 1}
"""Commands whose arguments may stand without braces, and how many they take."""


def one_digit_each(tokens: Sequence[LatexToken]) -> list[LatexToken]:
    """The tokens, with numerals cut where only their first digit is an argument."""
    found: list[LatexToken] = []
    for token, wanted in _with_wanted(tokens):
        if wanted and token.kind == "number" and token.text.isdigit():
            digits = token.text[:wanted]
            found += [
                LatexToken("number", digit, token.start + place, token.start + place + 1)
                for place, digit in enumerate(digits)
            ]
            if len(token.text) > wanted:
                found.append(LatexToken("number", token.text[wanted:], token.start + wanted, token.end))
        else:
            found.append(token)
    return found


def unbraced(tokens: Sequence[LatexToken]) -> set[int]:
    """Where the numerals begin that are arguments without braces."""
    return {token.start for token, wanted in _with_wanted(tokens) if wanted and token.kind == "number"}


def _with_wanted(tokens: Sequence[LatexToken]) -> Iterator[tuple[LatexToken, int]]:
    """Each token with the number of unbraced arguments that a command or script before it still takes."""
    wanted, option = 0, False
    for token in tokens:
        yield token, 0 if option else wanted
        if option:
            option = token.text != "]"
        elif token.kind == "command" and token.text in _TAKES:
            wanted = _TAKES[token.text]
        elif token.kind == "symbol" and token.text in ("^", "_"):
            wanted = max(wanted, 1)
        elif wanted and token.text == "[":
            option = True
        elif wanted:
            wanted = max(0, wanted - len(token.text)) if token.kind in ("number", "letter") else 0
