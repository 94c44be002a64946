"""A mined question → the same question in agentprop's own sentences, and noun phrases that name its answer.

A question is taken apart into what is given and what is asked for, and put together again. Only what reads again as the
very computation of the question is kept, so no condition can be lost and no sentence of the corpus is needed where one
of agentprop's own fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.question.own_sentences import phrases, sentences
from agentprop.extraction.mining.question.question_parts import QuestionParts, ways
from agentprop.extraction.mining.question.relettered import relettered
from agentprop.extraction.mining.question.same_meaning import meaning_of
from agentprop.extraction.mining.question.template import QuestionTemplate

MOST = 10
"""Own sentences of one question."""
TRIES = 20
"""Sentences that are read for one question."""
MOST_PHRASES = 2
"""Noun phrases for one answer."""
TRIALS = 2
"""Settings whose texts are compared."""


def restated(template: QuestionTemplate, phrasings: Sequence[str]) -> tuple[list[str], list[str]]:
    """(own sentences, noun phrases) that say exactly what the question says; both may be empty."""
    told, phrases = dict[str, None](), dict[str, None]()
    for phrasing in phrasings:
        meaning = [_meaning(phrasing, setting) for setting in _settings(template)]
        for parts in ways(phrasing):
            same = _same_sentences(parts, phrasing, meaning, template)
            told |= dict.fromkeys(same)
            if same and template.kind in ("integer", "rational", "number"):
                phrases |= dict.fromkeys(_named(parts, meaning, template))
            if same:
                break
    return list(told), list(phrases)


def _same_sentences(
    parts: QuestionParts, phrasing: str, meaning: Sequence[frozenset[str]], template: QuestionTemplate
) -> list[str]:
    """The own sentences that say the same; if none of the first three does, the parts are not what they seem."""
    found: list[str] = []
    for number, text in enumerate(islice(sentences(parts), TRIES)):
        if (number == 3 and not found) or len(found) == MOST:
            break
        if text != phrasing and text not in found and _says(text, meaning, template):
            found.append(text)
    return found


def _named(parts: QuestionParts, meaning: Sequence[frozenset[str]], template: QuestionTemplate) -> Iterator[str]:
    """Noun phrases whose question says the same, each followed by itself in other letters."""
    fitting = (one for one in phrases(parts) if one[-1:] not in ".?!" and _says(f"What is {one}?", meaning, template))
    for number, phrase in enumerate(islice(fitting, MOST_PHRASES)):
        yield phrase
        if not number:
            yield from (one for one in relettered(phrase) if _says(f"What is {one}?", meaning, template))


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
    return meaning_of(re.sub(r"<(\w+)>", lambda found: setting[found[1]], phrasing))
