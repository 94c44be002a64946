"""Numbers in words around them: ordinals, singular and plural, articles, dollars."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentprop.composition.grammar import suffix
from agentprop.composition.lint.rule import Draft, Rule

_COUNTED = (
    "dominoes|lines|circles|times|points|balls|coins|cards|letters|elements|words|steps|terms|colours|generations|people|"
    "places|days|hours|minutes|seconds|years|packets|boxes|triangles|players|patterns|copies|edges|chairs|others|counts|"
    "metres|objects|digits|children|pupils|guests|rolls|dice|draws|turns|rounds|rows|columns|numbers|integers|zeros|"
    "positions|blocks|characters|vertices|nodes|pairs|sets|tiles|beads|stones|marbles|books|kinds|sorts|faces|throws|"
    "trees|divisors|colourings|cubes|roots|solutions|subsets|permutations|factors"
)
_ONE = re.compile(
    rf"(?<![\w.,/^\-{{(])(?<![-+] )1 (?:{_COUNTED})\b|\b[Tt]here are (?:exactly )?1\b|\bone (?:{_COUNTED})\b"
    rf"|\bexactly 1 (?!of )(?:[a-z]+ ){{1,2}}(?:{_COUNTED})\b"
)
_ORDINAL = re.compile(r"(?<![\d.,])(\d+)(st|nd|rd|th)\b")
_ARTICLE = re.compile(r"\b([Aa]n?) (\d+(?:\.\d+)?)(?![\d/])")
# Most statements hold nothing of the kind, and are searched no further. These are quick: they begin with literal text.
_ONES = tuple(
    map(re.compile, (rf"1 (?:[a-z]+ ){{,2}}(?:{_COUNTED})\b", rf"one (?:{_COUNTED})\b", r"here are (?:exactly )?1\b"))
)
_ENDING = re.compile(r"\d(?:st|nd|rd|th)\b")


def _ordinal(draft: Draft) -> Iterator[str]:
    if _ENDING.search(draft.words) is None:
        return
    for found in _ORDINAL.finditer(draft.words):
        if suffix(int(found[1])) != found[2]:
            yield f"{found[0]} is {found[1]}{suffix(int(found[1]))}"


def _one_of_many(draft: Draft) -> Iterator[str]:
    if not any(quick.search(draft.words) for quick in _ONES):
        return
    for found in _ONE.finditer(draft.words):
        if (
            not re.search(r"(?:than|every|by|each|least|most) $", draft.words[: found.start()][-8:])
            or found[0][0] == "1"
        ):
            yield found[0]


def _article(draft: Draft) -> Iterator[str]:
    for found in _ARTICLE.finditer(draft.words):
        right = "an" if _begins_with_vowel(found[2]) else "a"
        if found[1].lower() != right:
            yield f"{found[0]} is {right} {found[2]}"


def _begins_with_vowel(number: str) -> bool:
    """Whether a number is spoken with a vowel first: eight, eleven, eighteen, eighty, eleven thousand."""
    whole = number.split(".")[0]
    return whole.startswith("8") or (whole[:2] in ("11", "18") and len(whole) % 3 == 2)


def _mixed_numbers(draft: Draft) -> Iterator[str]:
    if draft.domain != "mathematics":  # quantities stand outside of formulas everywhere in the sciences
        return
    lone = [formula for formula in draft.formulas if re.fullmatch(r"\d+", formula)]
    plain = re.sub(r"\$[^$]*\$|\[[^\]]*\]|`[^`]*`", "", draft.prose)
    bare = re.findall(r"(?<![\w.\-(,/])\d+(?![\w.,)%\-°/])", plain)
    if lone and bare:
        yield f"${lone[0]}$ and {bare[0]}"


ORDINAL = Rule("error", _ordinal)
"""2th, 11st."""
ONE_OF_MANY = Rule("error", _one_of_many)
"""1 edges."""
ARTICLE = Rule("error", _article)
"""a 8-digit number, an 100."""
MIXED_NUMBERS = Rule("warning", _mixed_numbers)
"""Numbers with dollars and without in one statement."""
