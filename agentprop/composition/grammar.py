"""The sentences that statements are made of, one table for the writer and the reader.

Holes are `<name>`. `<body> <left> <right>` are noun phrases (`the number of …`), `<var>` a letter, `<low> <high>
<value>` integers, `<relation>` a verb phrase of RELATIONS. The reader can read exactly what the writer can write.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from agentprop.skills.constants import CONSTANTS

FRAMES: dict[str, tuple[str, ...]] = {
    "find": ("Find <body>.", "Determine <body>.", "What is <body>?", "Compute <body>."),
    "sum": ("Find the sum of <left> and <right>.", "What is the sum of <left> and <right>?"),
    "difference": ("By how much does <left> exceed <right>?",),
    "product": ("Find the product of <left> and <right>.", "What is the product of <left> and <right>?"),
    "least": (
        r"Find the smallest integer $<var> \ge <low>$ for which <body> <relation>.",
        r"What is the smallest integer $<var> \ge <low>$ such that <body> <relation>?",
        r"Determine the least integer $<var>$, with $<var> \ge <low>$, for which <body> <relation>.",
    ),
    "total": (
        r"Find the sum, over all integers $<var>$ with $<low> \le <var> \le <high>$, of <body>.",
        r"As $<var>$ runs through the integers from $<low>$ to $<high>$, what is the sum of all the values of <body>?",
    ),
    "count": (
        r"How many integers $<var>$ with $<low> \le <var> \le <high>$ have the property that <body> <relation>?",
        r"For how many integers $<var>$ with $<low> \le <var> \le <high>$ is it true that <body> <relation>?",
    ),
    "lowestterms": (
        r"Written in lowest terms, <body> is $\frac{p}{q}$ with $q > 0$. Find $p + q$.",
        r"Let $\frac{p}{q}$, in lowest terms with $q > 0$, be <body>. What is $p + q$?",
    ),
    "remainder": ("Find the remainder when <body> is divided by $<value>$.",),
}
"""Questions, by the node at the root of the term."""

PHRASES: dict[str, tuple[str, ...]] = {
    "sum": ("the sum of <left> and <right>",),
    "product": ("the product of <left> and <right>",),
    "least": (r"the smallest integer $<var> \ge <low>$ for which <body> <relation>",),
    "total": (r"the sum, over all integers $<var>$ with $<low> \le <var> \le <high>$, of <body>",),
    "count": (r"the number of integers $<var>$ with $<low> \le <var> \le <high>$ for which <body> <relation>",),
    "remainder": ("the remainder when <body> is divided by $<value>$",),
}
"""Noun phrases of nodes inside a statement."""

OLD_FRAMES: dict[str, tuple[str, ...]] = {
    "total": (r"Find the sum of <body> over all integers $<var>$ with $<low> \le <var> \le <high>$.",),
}
OLD_PHRASES: dict[str, tuple[str, ...]] = {
    "total": (r"the sum of <body> over all integers $<var>$ with $<low> \le <var> \le <high>$",),
}
"""What statements said before, which is still read: the range stood behind a noun phrase and seemed to belong to it."""

RELATIONS: dict[str, tuple[str, ...]] = {
    "at_least": ("is at least $<value>$",),
    "divisible": ("is divisible by $<value>$", "is a multiple of $<value>$"),
    "odd": ("is odd",),
    "equals": ("is exactly $<value>$", "equals $<value>$"),
    "exceeds": ("is greater than <right>", "exceeds <right>"),
    "same": ("is equal to <right>",),
}

PROGRAM_FRAMES = (
    "Write a Python function `solve(<var>)` that takes <data> and returns <body>.",
    "Implement a Python function `solve(<var>)`. It is given <data> and must return <body>.",
)
STEPS_FRAMES = (
    "Write a Python function `solve(<var>)` that takes <data>, carries out these steps in order and returns the "
    "result.\n<steps>",
    "Implement a Python function `solve(<var>)`. It is given <data> and must return the result of these steps, carried "
    "out in order.\n<steps>",
)
PRINTED_FRAMES = (
    "What does the following program print?\n\n```python\n<listing>\n```",
    "Determine the output of this Python program.\n\n```python\n<listing>\n```",
)
DATA_NOUNS = {
    "list": "a list of integers `<var>`",
    "string": "a string `<var>` of lowercase letters",
    "words": "a list `<var>` of strings of lowercase letters",
    "graph": "a list `<var>` of the edges `(a, b)` of an undirected graph",
    "directed graph": "a list `<var>` of the edges `(a, b)`, from `a` to `b`, of a directed graph",
    "weighted graph": "a list `<var>` of the weighted edges `(a, b, w)` of an undirected graph",
}

FIGURES = {2: "two", 3: "three", 4: "four"}
FRACTION_NOTE = "Give your answer as an integer or as a fraction in lowest terms."
OLD_FRACTION_NOTE = "Express your answer as a common fraction in lowest terms."
"""What statements said before; still read, but it contradicts an answer that happens to be an integer."""
ORDINAL = re.compile(r"^(\$?)th\b")
"""Ending behind a number in a wording: the writer puts the right one for it."""

WHERE = ", where "
LET = "Let "
TOLD = ("Let $<symbol>$ be <named>.", "Call <named> $<symbol>$.", "We write $<symbol>$ for <named>.")
"""What stands behind a scene whose result is used later."""
TOLD_FIRST = tuple(frame for frame in TOLD if not frame.startswith("Call "))
"""The same with the letter in front: behind "in the order of the line" it would seem to belong to the line."""
SHORT = 8
"""Words of the longest name that a letter stands behind."""
SOUGHT = (
    "For which value of $<symbol>$ is <named> <value>?",
    "What must $<symbol>$ be so that <named> is <value>?",
    "If <named> is <value>, what is $<symbol>$?",
)
"""Questions for a datum, behind a scene in which a letter stands for it."""
SOUGHT_EXCESS = (
    "For which value of $<symbol>$ does <left> exceed <right> by <value>?",
    "What must $<symbol>$ be so that <left> exceeds <right> by <value>?",
)
"""Questions for a datum of one of two quantities that have letters."""
APART = "\n\n"
"""What stands between such a scene and the next one."""


def quantity_note(unit: str, figures: int, decimals: int | None = None) -> str:
    """Last sentence of a question about a quantity."""
    scale = "" if unit == "1" else f" in {unit}"
    if decimals is not None:
        return f"Give your answer{scale} to {FIGURES.get(decimals, str(decimals))} decimal places."
    return f"Give your answer{scale} to {FIGURES.get(figures, str(figures))} significant figures."


_FORMULA = re.compile(r"\$\$(.*?)\$\$|\\\[(.*?)\\\]|\\\((.*?)\\\)|(?<!\\)\$((?:\\.|[^$\\])*)\$", re.DOTALL)


def constants_note(names: Collection[str]) -> str:
    """Sentence that states constants; empty for none.

    >>> constants_note({"R", "g"})
    'Use $g = 9.8$ m/s² and $R = 8.314$ J/(mol·K).'
    """
    texts = [text for name, text in CONSTANTS.items() if name in names]
    if not texts:
        return ""
    return f"Use {', '.join(texts[:-1])}{' and ' if texts[1:] else ''}{texts[-1]}."


def suffix(number: int) -> str:
    """Ending of an ordinal.

    >>> [f"{n}{suffix(n)}" for n in (1, 2, 3, 4, 11, 12, 13, 21, 111, 122)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '111th', '122nd']
    """
    return "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def with_ordinal(before: str, text: str) -> str:
    """The text behind a hole, with the ordinal ending that fits the number in the hole: 3rd, but `$k$th`.

    >>> with_ordinal("every $3", "$th person"), with_ordinal("3", "$th person"), with_ordinal("n", "$th term")
    ('$th person', '$rd person', '$th term')
    """
    if not before.isdigit():
        return text
    return ORDINAL.sub(lambda found: f"{found[1]}{suffix(int(before))}", text)


def capitalized(text: str) -> str:
    """The text with a capital first letter; the others stay as they are, unlike with `str.capitalize`.

    >>> capitalized("take $N$")
    'Take $N$'
    """
    return text[:1].upper() + text[1:]


def letters(text: str) -> set[str]:
    """Single letters used as mathematics in a text, which a new symbol must avoid."""
    inside = " ".join(next(filter(None, found), "") for found in _FORMULA.findall(text))
    bare = re.sub(r"\\(?:text|mathrm|operatorname)\{[^}]*\}|\\[A-Za-z]+", " ", inside)
    return set(re.findall(r"[A-Za-z]", bare))


NUMBER = re.compile(r"\d+(?:\.\d+)?")


def masked(statement: str) -> str:
    """The statement with every number replaced by #: two problems with equal masks differ in their numbers only."""
    return re.sub(r"(?:#, ?)+#", "#", NUMBER.sub("#", statement))


def told(named: str) -> tuple[str, ...]:
    """The frames that give a name its letter: behind it only if it has few words and no comma."""
    return TOLD if "," not in named and len(named.split()) <= SHORT else TOLD_FIRST
