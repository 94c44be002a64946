"""A composition, and what the sandbox saw of it → its declared difficulty: a score D and a band from 1 to 5.

D is a weighted sum of what a solver has to do, by weights of ours. It orders problems by work, not by insight, and says
nothing about the share of attempts that a model gets right: only a probe measures that.

Example: zeros(n = places(n = 5, k = 2), b = 12), with the values 20 and 8 and a statement of 25 words. Two steps of two
skills, two deep; the givens 5, 2 and 12 make log2(1 + 19) = 4.32 of work; 2 + 1 digits make log2(1 + 3) = 2. So
D = 0.55·2 + 0.35·2 + 0.25·2 + 0.22·4.32 + 0.3·2 + 0.1·0.5 = 3.9, in band 1.

    >>> found = Features(steps=2, skills=2, depth=2, work=4.32, digits=2.0, length=0.5)
    >>> score = declared_score(found)
    >>> round(score, 2), band_of(score)
    (3.9, 1)
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any

from agentprop.composition.ablation import ClauseCounts
from agentprop.composition.grammar import NUMBER
from agentprop.composition.terms import (
    Apply,
    Combine,
    Count,
    Given,
    Least,
    LowestTerms,
    Remainder,
    Sought,
    Term,
    Total,
    Variable,
    children,
    skills,
    walk,
)
from agentprop.records import DeclaredDifficulty, Domain, Features
from agentprop.skills import Package
from agentprop.skills.values import parse

WEIGHTS: Mapping[str, float] = {
    "steps": 0.55,
    "skills": 0.35,
    "depth": 0.25,
    "work": 0.22,
    "digits": 0.30,
    "length": 0.10,
    "loose": -0.50,
}
"""Weight of each feature in D."""
EDGES = (4.0, 5.0, 6.5, 8.0)
"""Scores at which bands 2, 3, 4 and 5 begin."""
BANDS = range(1, len(EDGES) + 2)
"""All bands: 1 is a step beyond a formula, 5 several steps with a long way between them."""
STEPS = (Apply, Combine, Least, Count, Total, LowestTerms, Remainder, Sought)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LARGEST = 10_000
"""A number counts as at most this much work: nobody counts up to a number of fifty digits."""
DATA = 8
"""Elements of a program's input, which the statement leaves open."""
UNBOUNDED = 30
"""Values that a search for the least one is taken to try."""
USUAL_FACTS = 2
"""Facts about an object that has still to be constructed."""
USUAL_DIGITS, SAMPLES = 3, 8
"""Digits of a value of which there is no sample, and samples that are looked at."""
WORDS: Mapping[Domain, int] = {"mathematics": 30, "coding": 35, "science": 75}
"""Words that a skill usually adds to a statement."""


def declare(term: Term, library: Mapping[str, Package], statement: str, clauses: ClauseCounts) -> DeclaredDifficulty:
    """Declare the difficulty of a problem; `clauses` is what trying its clauses showed."""
    loose = clauses.counts.get("loose", 0) / max(1, clauses.counts.get("givens", 0))
    return declaration(_features(term, library, clauses.digits, len(statement.split()), loose))


def declaration(features: Features) -> DeclaredDifficulty:
    """Score and band of features."""
    score = round(declared_score(features), 2)
    return DeclaredDifficulty(band=band_of(score), score=score, features=features)


def declared_score(features: Features) -> float:
    """D, the weighted sum of the features."""
    return float(sum(weight * getattr(features, name) for name, weight in WEIGHTS.items()))


def band_of(score: float) -> int:
    """Band of a score, from 1 to 5.

    >>> [band_of(score) for score in (3.9, 4.0, 6.4, 6.5, 12)]
    [1, 2, 3, 4, 5]
    """
    return 1 + sum(score >= edge for edge in EDGES)


def spread(scores: Mapping[float, int]) -> dict[str, Any]:
    """Problems by band, and the quantiles of D at 5, 25, 50, 75 and 95 %; `scores` counts the problems by D.

    >>> spread({3.9: 1, 4.2: 2, 7.0: 1})
    {'bands': {'1': 1, '2': 2, '4': 1}, 'quantiles': {'5%': 3.9, '25%': 3.9, '50%': 4.2, '75%': 4.2, '95%': 7.0}}
    """
    bands = Counter[str]()
    for score, count in sorted(scores.items()):
        bands[str(band_of(score))] += count
    ordered = sorted(scores)
    reached = list(accumulate(scores[score] for score in ordered))
    quantiles = {f"{q:.0%}": ordered[bisect_left(reached, q * reached[-1])] for q in QUANTILES} if ordered else {}
    return {"bands": dict(bands), "quantiles": quantiles}


def expected_features(term: Term, library: Mapping[str, Package], survey: Mapping[str, Sequence[Any]]) -> Features:
    """Features as they are expected before anything is computed: values as the samples of the skills have them."""
    inner = [node.skill for node in walk(term) if isinstance(node, Apply)]
    digits = sum(_usual_digits(survey.get(name, ())[:SAMPLES]) for name in inner)
    words = sum(WORDS[library[name].spec.domain] for name in inner)
    return _features(term, library, digits, words, 0.0)


def _features(term: Term, library: Mapping[str, Package], digits: float, words: int, loose: float) -> Features:
    return Features(
        steps=sum(1 + _facts(node, library) for node in walk(term) if isinstance(node, STEPS)),
        skills=len(skills(term)),
        depth=_depth(term),
        work=round(math.log2(1 + _work(term, library)), 2),
        digits=round(math.log2(1 + digits), 2),
        length=round(words / 50, 2),
        loose=round(loose, 2),
    )


def _facts(node: Term, library: Mapping[str, Package]) -> int:
    """Facts about an object, each of which has to be brought together with the others; 0 for anything else."""
    if not isinstance(node, Apply) or not library[node.skill].spec.is_object:
        return 0
    facts = dict(node.arguments).get("facts")
    if not isinstance(facts, Given):
        return USUAL_FACTS
    return len(parse(library[node.skill].spec.parameters["facts"], facts.text))


def _depth(term: Term) -> int:
    """Steps on the longest way from a given to the answer."""
    below = max(map(_depth, children(term)), default=0)
    return below + isinstance(term, STEPS)


def _work(term: Term, library: Mapping[str, Package]) -> float:
    """Sizes of the givens, those inside a sweep once for each of its values."""
    match term:
        case Apply(skill, arguments):
            parameters = library[skill].spec.parameters
            return sum(
                _work(value, library)
                if not isinstance(value, Given)
                else _size(parameters[name].kind, value.text)
                if name in parameters
                else 1  # a model that has still to be constructed
                for name, value in arguments
            )
        case Total() | Count():
            return (term.high - term.low + 1) * _inside(term, library)
        case Least():
            return UNBOUNDED * _inside(term, library)
        case Variable():
            return DATA
    return sum(_work(child, library) for child in children(term))


def _inside(sweep: Least | Total | Count, library: Mapping[str, Package]) -> float:
    return max(1.0, sum(_work(child, library) for child in children(sweep)) / 4)


def _size(kind: str, text: str) -> float:
    """Work that a given stands for: a number's amount, the elements of data, one for anything else.

    >>> _size("integer", "-120"), _size("list", "[3, 1, 4]"), _size("string", "abba"), _size("decimal", "3.5")
    (120.0, 3, 4, 1)
    """
    if kind in ("integer", "rational"):
        found = NUMBER.search(text)
        return min(LARGEST, float(found[0])) if found else 1
    if kind in ("list", "words", "graph", "points", "matrix", "polynomial", "facts"):
        return text.count(",") + 1
    return len(text) if kind == "string" else 1


def _usual_digits(values: Sequence[Any]) -> float:
    """Median digits of samples; a list counts as a number of four."""
    found = sorted(len(str(value)) if isinstance(value, int | Fraction) else 4 for value in values)
    return found[len(found) // 2] if found else USUAL_DIGITS
