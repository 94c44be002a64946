"""A mined question → the same question in agentprop's own sentences, and a noun phrase that names its answer.

A question is taken apart into what is given and what is asked for, and put together again by the templates below. Only
what reads again as the very computation of the question is kept, so no condition can be lost and no sentence of the
corpus is needed where a template fits.

    >>> parts = taken_apart("If $f(x) = x^2 - <a>$, what is the value of $f(<b>)$? Express your answer as a fraction.")
    >>> parts.given, parts.asked
    ('$f(x) = x^2 - <a>$', 'the value of $f(<b>)$')
    >>> list(sentences(parts))[:2]  # doctest: +NORMALIZE_WHITESPACE
    ['Suppose that $f(x) = x^2 - <a>$. Find the value of $f(<b>)$.',
     'Given that $f(x) = x^2 - <a>$, determine the value of $f(<b>)$.']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.question.reading import numbers_of, readings
from agentprop.extraction.mining.question.template import QuestionTemplate

LONGEST_PHRASE = 260
"""A longer noun phrase would bury the sentence it stands in."""
MOST = 6
"""Own sentences of one question."""
TRIALS = 2
"""Settings whose texts are compared."""

_PLAIN = (
    "Find <asked>.",
    "Determine <asked>.",
    "What is <asked>?",
    "Compute <asked>.",
    "Calculate <asked>.",
)
"""Questions in which nothing is given apart."""
_GIVEN = (
    "Suppose that <given>. Find <asked>.",
    "Given that <given>, determine <asked>.",
    "If <given>, what is <asked>?",
    "Let <given>. Compute <asked>.",
    "Assume that <given>. What is <asked>?",
    "What is <asked> if <given>?",
    "Find <asked>, given that <given>.",
    "Suppose <given>. Calculate <asked>.",
)
"""Questions with something given."""
_PHRASES = ("<asked>, where <given>", "<asked> if <given>", "<asked> given that <given>")
"""Noun phrases of questions with something given."""

_FORM = re.compile(r"\s*(?:Express|Give|Write|Round|Enter|Simplify) (?:your|the) (?:final )?answers?\b[^?]*\.$")
_ASK = r"(?:[Ww]hat(?: is|'s)|[Ff]ind|[Ee]valuate|[Cc]ompute:?|[Dd]etermine|[Cc]alculate|[Ss]olve for|[Ss]implify)"
_WHOLE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:If|Given(?: that)?|Given the functions?) (?P<given>[^?]+?),? (?:then )?{_ASK} (?P<asked>[^?]+?)\s*[.?]?",
        r"(?:Let|Suppose(?: that)?|Assume(?: that)?|Define|Consider) (?P<given>[^?]+?)\. ?"
        rf"{_ASK} (?P<asked>[^?]+?)\s*[.?]?",
        rf"{_ASK} (?P<asked>[^?]+?),? (?:if|when|given(?: that)?|such that) (?P<given>[^?]+?)\s*[.?]?",
        rf"{_ASK} (?P<asked>[^?]+?)\s*[.?]?",
        r"How many (?P<count>[^?]+?)\s*\?",
    )
)
_COUNTED = tuple(
    (re.compile(pattern), frame)
    for pattern, frame in (
        (r"(?P<noun>[a-z -]+?) are there (?P<rest>.+)", "the number of {noun} {rest}"),
        (r"(?P<noun>[a-z -]+?) does (?P<rest>.+) have", "the number of {noun} of {rest}"),
        (r"(?P<noun>[a-z ,-]+?) (?P<rest>(?:satisfy|divide|are|have|lie) .+)", "the number of {noun} that {rest}"),
        (r"(?P<noun>[a-z -]+? of .+?)(?: are)? (?P<rest>(?:less|greater|between) .+)", "the number of {noun} {rest}"),
    )
)
"""What `How many …` counts → its noun phrase."""


@dataclass(frozen=True)
class RestatedParts:
    """What is given, which may be nothing, and what is asked for, as a noun phrase."""

    given: str
    asked: str


def restated(template: QuestionTemplate, phrasings: Sequence[str]) -> tuple[list[str], list[str]]:
    """(own sentences, noun phrases) that say exactly what the question says; both may be empty."""
    told, phrases = dict[str, None](), dict[str, None]()
    for phrasing in phrasings:
        meaning = [_meaning(phrasing, setting) for setting in _settings(template)]
        for parts in ways(phrasing):
            same = _same_sentences(parts, phrasing, meaning, template)
            told |= dict.fromkeys(same)
            if same and template.kind in ("integer", "rational"):
                phrases |= dict.fromkeys(_named(parts, meaning, template))
            if same:
                break
    return list(told), list(phrases)


def _same_sentences(
    parts: RestatedParts, phrasing: str, meaning: Sequence[frozenset[str]], template: QuestionTemplate
) -> list[str]:
    """The own sentences that say the same; if neither of the first two does, the parts are not what they seem."""
    found: list[str] = []
    for number, text in enumerate(sentences(parts)):
        if (number == 2 and not found) or len(found) == MOST:
            break
        if text != phrasing and _says(text, meaning, template):
            found.append(text)
    return found


def sentences(parts: RestatedParts) -> Iterator[str]:
    """The question by every template."""
    for frame in _GIVEN if parts.given else _PLAIN:
        yield frame.replace("<asked>", parts.asked).replace("<given>", parts.given)


def taken_apart(phrasing: str) -> RestatedParts | None:
    """The first way to take a question apart; None if it has another form."""
    return next(ways(phrasing), None)


def ways(phrasing: str) -> Iterator[RestatedParts]:
    """The ways to take a question apart into what is given and what is asked for."""
    text = _FORM.sub("", phrasing.strip()).strip()
    for pattern in _WHOLE:
        found = pattern.fullmatch(text)
        if found is None:
            continue
        groups = found.groupdict()
        asked = _counted(groups["count"]) if "count" in groups else _noun_phrase(groups["asked"])
        given = _given(groups.get("given") or "")
        if asked is None or len(asked) + len(given) > LONGEST_PHRASE:
            continue
        if _whole_formulas(asked) and _whole_formulas(given):
            yield RestatedParts(given, asked)


def _given(text: str) -> str:
    """A condition without the comma that stood inside its last formula."""
    return re.sub(r"[,.]\$$", "$", text.strip().rstrip(",."))


def _noun_phrase(text: str) -> str | None:
    text = re.sub(r"[,.]\$$", "$", text.strip().rstrip(".,"))
    if text.startswith("the "):
        return text
    if re.fullmatch(r"\$[^$]+\$", text):
        return f"the value of {text}"
    return None


def _counted(text: str) -> str | None:
    for pattern, frame in _COUNTED:
        found = pattern.fullmatch(text.strip())
        if found is not None:
            return frame.format(**found.groupdict())
    return None


def _whole_formulas(text: str) -> bool:
    return text.replace(r"\$", "").count("$") % 2 == 0 and "\\[" not in text and "$$" not in text


def _named(parts: RestatedParts, meaning: Sequence[frozenset[str]], template: QuestionTemplate) -> Iterator[str]:
    """Noun phrases whose question says the same."""
    frames = _PHRASES if parts.given else ("<asked>",)
    for frame in frames:
        phrase = frame.replace("<asked>", parts.asked).replace("<given>", parts.given)
        if phrase.rstrip()[-1:] not in ".?!" and _says(f"What is {phrase}?", meaning, template):
            yield phrase
            return


def _settings(template: QuestionTemplate) -> list[dict[str, str]]:
    names = [one.name for one in template.parameters]
    return [dict(zip(names, values, strict=True)) for values, _ in template.trials[:TRIALS]]


def _says(text: str, meaning: Sequence[frozenset[str]], template: QuestionTemplate) -> bool:
    """Whether a text with other words is, for the same numbers, the same computation."""
    try:
        return all(
            _meaning(text, setting) == wanted for setting, wanted in zip(_settings(template), meaning, strict=True)
        )
    except Refusal:
        return False


def _meaning(phrasing: str, setting: Mapping[str, str]) -> frozenset[str]:
    """The programs of a question, its numbers written in: they stand in another order in another sentence."""
    text = re.sub(r"<(\w+)>", lambda found: setting[found[1]], phrasing)
    understood = readings(text)
    numbers = numbers_of(understood.question)
    return frozenset(
        re.sub(r"\bn(\d+)\b", lambda found: f"({numbers[int(found[1])]})", program) for program in understood.programs
    )
