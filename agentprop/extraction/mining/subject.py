"""`How many clips did Natalia sell in May?` to `clips that Natalia sold in May`: what a story can go on with.

The question is dropped when a story goes on, so the noun phrase must say what was counted. Only concrete things that
can be put into boxes are taken: not people, animals, hours or points.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from agentprop.extraction.mining.words import PAST, THINGS, VERBS

MAX_WORDS = 14
"""A longer noun phrase would bury the sentence it stands in."""

_WHO = (
    r"(?P<who>(?:(?:Mr|Mrs|Ms|Dr)\. )?[A-Z][a-z]+(?: and [A-Z][a-z]+)?|he|she|they|it|we|"
    r"(?:the|his|her|their) (?:[a-z]+ )?[a-z]+)"
)
_HOW_MANY = r"How many (?P<noun>[a-z -]+?)"
_VERB = (
    r"(?P<adverb>(?:now|still|currently|originally|initially|actually|already) )?"
    rf"(?P<verb>{'|'.join(sorted(VERBS, key=len, reverse=True))})(?![a-z])"
)
_DO = re.compile(rf"{_HOW_MANY} (?P<aux>do|does|did) {_WHO} {_VERB}(?P<rest>[^?]*)\?")
_MODAL = re.compile(rf"{_HOW_MANY} (?P<aux>will|can|should|must) {_WHO} {_VERB}(?P<rest>[^?]*)\?")
_BE = re.compile(rf"{_HOW_MANY} (?P<aux>are|were) (?P<rest>[^?]+)\?")
_REMAIN = re.compile(rf"{_HOW_MANY} (?P<verb>remain(?:ed|s)?)(?P<rest>[^?]*)\?")
_TAIL = re.compile(r",?\s*\b(?:in total|altogether|all together|in all|in the end|combined|overall|total|now)$")


def subject(ask: str) -> str | None:
    """The noun phrase, or None where the question counts no pile of things in a way that can be turned round."""
    if re.search(r"<|,| (?:if|when|each|every|per|apiece)\b", ask):
        return None
    for pattern, turn in _TURNS:
        match = pattern.fullmatch(ask)
        if match is not None:
            noun = _things(match["noun"])
            phrase = turn(noun, match) if noun else None
            return phrase if phrase and len(phrase.split()) <= MAX_WORDS else None
    return None


def _things(noun: str) -> str | None:
    """The counted things without `total`; None for anything that is not a plain pile."""
    words = [word for word in noun.split() if word != "total"]
    if {"more", "fewer", "less", "additional", "extra", "and", "or", "different", "dozen", "in"} & set(words):
        return None
    head = words[: words.index("of")] if "of" in words else words
    return " ".join(words) if head and head[-1] in THINGS else None


def _did(noun: str, match: re.Match[str]) -> str | None:
    verb, who = match["verb"], match["who"]
    inflected = past(verb) if match["aux"] == "did" else third_person(verb) if match["aux"] == "does" else verb
    adverb = match["adverb"] or ""
    if re.match(r" to [a-z]+", match["rest"]) and not match["rest"].startswith((" to the ", " to his ", " to her ")):
        return None
    return f"{noun} that {who} {adverb}{inflected}{_rest(match['rest'])}"


def _will(noun: str, match: re.Match[str]) -> str | None:
    return f"{noun} that {match['who']} {match['aux']} {match['verb']}{_rest(match['rest'])}"


def _remains(noun: str, match: re.Match[str]) -> str:
    return f"{noun} that {match['verb']}{_rest(match['rest'])}"


def _are(noun: str, match: re.Match[str]) -> str | None:
    rest = _TAIL.sub("", match["rest"])
    if rest == "there":
        return noun
    if rest.startswith("there "):
        rest = rest.removeprefix("there ")
        return f"{noun} {rest}" if re.match(r"(?:in|on|at|inside) ", rest) else f"{noun} that {match['aux']} {rest}"
    if re.match(r"(?:left|not|still|in|on|[a-z]+ed)\b", rest):
        return f"{noun} that {match['aux']} {rest}"
    return None


def _rest(rest: str) -> str:
    return re.sub(r" (?:in total|altogether)\b", "", _TAIL.sub("", rest.rstrip()))


def past(verb: str) -> str:
    """sell → sold, carry → carried, bake → baked."""
    if verb in PAST:
        return PAST[verb]
    if verb.endswith("e"):
        return verb + "d"
    return verb[:-1] + "ied" if re.search(r"[^aeiou]y$", verb) else verb + "ed"


def third_person(verb: str) -> str:
    """have → has, catch → catches, carry → carries."""
    if verb == "have":
        return "has"
    if re.search(r"(?:s|x|z|ch|sh|o)$", verb):
        return verb + "es"
    return verb[:-1] + "ies" if re.search(r"[^aeiou]y$", verb) else verb + "s"


_TURNS: tuple[tuple[re.Pattern[str], Callable[[str, re.Match[str]], str | None]], ...] = (
    (_DO, _did),
    (_MODAL, _will),
    (_REMAIN, _remains),
    (_BE, _are),
)
