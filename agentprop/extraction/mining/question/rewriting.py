"""A question with other numerals: the text rewritten in place, or with named holes where numerals may vary.

A numeral that stands as an argument without braces (`x^2`, `\\frac12`) is given them, since two digits would be two
arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from agentprop.extraction.mining.question.latex.arguments import unbraced
from agentprop.extraction.mining.question.text import QuestionText

_HOLE = re.compile(r"<\w+>")


def rewritten(question: QuestionText, texts: Mapping[int, str]) -> str:
    """The question with numerals exchanged."""
    bare = _unbraced(question)
    parts, position = [], 0
    for slot, token in enumerate(question.numerals):
        if slot in texts:
            parts.append(question.source[position : token.start])
            parts.append(f"{{{texts[slot]}}}" if slot in bare else texts[slot])
            position = token.end
    parts.append(question.source[position:])
    return "".join(parts)


def template(question: QuestionText, names: Mapping[int, str]) -> str:
    """The question as one line with holes `<a>` for some numerals."""
    text = rewritten(question, {slot: f"<{name}>" for slot, name in names.items()})
    return re.sub(r"\s+", " ", text).strip()


def has_holes(question: QuestionText) -> bool:
    """Whether the text itself has something like a hole."""
    return _HOLE.search(question.source) is not None


def _unbraced(question: QuestionText) -> frozenset[int]:
    """Slots of the numerals that are arguments without braces."""
    return frozenset(question.numbers[start] for piece in question.pieces for start in unbraced(piece.tokens))
