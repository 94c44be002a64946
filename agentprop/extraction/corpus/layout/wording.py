"""A question's text → the same with its gaps written alike, and what it needs besides: a figure, its options."""

from __future__ import annotations

import re

NEEDS_OPTIONS = re.compile(
    r"\b(?:which|what|one|any|all|each|none)\s+(?:\w+\s+){0,2}of\s+(?:the\s+)?(?:following|these|above|below)\b"
    r"|\bthe following (?:statements?|options?|choices?)\b|以下",
    re.IGNORECASE,
)
"""Words of a question that means nothing without its options."""
_DRAWING = "figure|diagram|picture|image"
IMAGE = re.compile(r"<image[ _]?\d*>|<img\b|!\[[^\]]*\]\(|\\includegraphics", re.IGNORECASE)
"""Marks of an image in a text."""
FIGURE = re.compile(
    rf"\b(?:in|see|from|on)\s+the\s+(?:\w+\s+)?(?:{_DRAWING})\b(?!\s+(?:frame|book))"
    rf"|\b(?:{_DRAWING}|graph)\s+(?:above|below|shown|on the (?:left|right))\b"
    rf"|\b(?:shown|pictured|depicted|illustrated)\s+in\s+(?:{_DRAWING})\b|如图|如下图|图中"
)
"""Words, in lower case, by which a question points to a drawing."""
_BLANK = re.compile(
    r"_{2,}|\\underline\s*\{(?:\s|~|\\(?:hspace|q?quad)\s*(?:\{[^{}]*\})?)*\}|(?<![\w)\]])[(（]\s{1,8}[)）]"
)
BLANK = "____"
LONG_CONTEXT = 400
"""Characters from which a context is set apart by a blank line."""


def has_image(question: str) -> bool:
    """Whether an image stands in a question."""
    hinted = "![" in question or "<im" in question or "<IM" in question or "\\includegraphics" in question
    return hinted and bool(IMAGE.search(question))


def points_to_figure(question: str) -> bool:
    """Whether a question speaks of a drawing that belongs to it."""
    text = question.lower()
    hinted = (
        "figure" in text
        or "diagram" in text
        or "picture" in text
        or "image" in text
        or "graph " in text
        or "图" in text
    )
    return hinted and bool(FIGURE.search(text))


def with_blanks(question: str) -> str:
    """A question whose gaps are all written `____`."""
    hinted = "__" in question or "( " in question or "（" in question or "\\underline" in question
    return _BLANK.sub(BLANK, question) if hinted else question


_ASKS = re.compile(r"(?:How|What|Which|Who|When|Where|Find|Calculate|Determine|In|By|At|The)\b")
_CLAUSE = re.compile(r"(?:^|[.?!]\s+)(?:If|When|After|Since|Suppose|Given|As|Because|Before|While)\b[^.?!]*$")


def joined(context: str, asked: str) -> str:
    """A context and the question behind it as one text; a context that stops in its sentence is ended.

    A clause that waits for the question goes on behind a comma: `If each costs 3 dollars` + `How much …`.
    """
    if "\n" in context or len(context) > LONG_CONTEXT:
        return f"{context}\n\n{asked}"
    if not context[-1].isalnum():
        return f"{context} {asked}"
    if _CLAUSE.search(context):
        return f"{context}, {asked[:1].lower() + asked[1:] if _ASKS.match(asked) else asked}"
    return f"{context}. {asked}"
