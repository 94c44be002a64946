"""A rater's reply → the parts of each candidate's r(k), and r(k) itself.

    <rating skill="1"><grounded>4</grounded> … <reason>…</reason></rating>

Every part is a mark from 0 to 4. r(k) is the weighted mean of the marks over 4, and 0 where a part is 0: what is not in
the passages, serves no second problem, or cannot be carried out is no skill, however good the rest is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agentprop.extraction.teaching.sections import blocks, line, storable

WEIGHTS = {"grounded": 0.2, "general": 0.2, "method": 0.25, "effect": 0.15, "checkable": 0.2}
"""Parts of the rubric (ours)."""
BEST = 4
MAX_REPLY = 100_000
MAX_REASON = 500


@dataclass(frozen=True)
class Rating:
    """What a rater says of one candidate."""

    parts: Mapping[str, float]
    """Each part of the rubric in [0, 1]."""
    reason: str
    """The rater's reason in a sentence."""

    @property
    def quality(self) -> float:
        """r(k) in [0, 1]."""
        if not all(self.parts.values()):
            return 0.0
        return round(sum(weight * self.parts[name] for name, weight in WEIGHTS.items()), 3)


@dataclass(frozen=True)
class Ratings:
    """A reply, read."""

    good: Mapping[int, Rating]
    """Candidate number, from 1 → rating."""
    faults: tuple[str, ...] = ()
    """What is wrong with the rest."""


def read_ratings(text: str, wanted: int) -> Ratings:
    """The ratings of candidates 1 … wanted. Never raises."""
    if len(text) > MAX_REPLY:
        return Ratings({}, (f"the reply is longer than {MAX_REPLY} characters",))
    found: dict[int, Rating] = {}
    faults: list[str] = []
    for attributes, content in blocks(storable(text), "rating")[0]:
        number = re.fullmatch(r'skill\s*=\s*["\']?(\d{1,4})["\']?', attributes)
        if number is None or not 1 <= int(number[1]) <= wanted:
            faults.append(f'<rating {attributes}>: write skill="N" with N from 1 to {wanted}')
            continue
        rating = _rating(content)
        if isinstance(rating, Rating):
            found[int(number[1])] = rating
        else:
            faults.append(f"rating {number[1]}: {rating}")
    missing = [number for number in range(1, wanted + 1) if number not in found]
    return Ratings(found, tuple(faults) or tuple(f"skill {number} has no rating" for number in missing))


def _rating(text: str) -> Rating | str:
    marks = {part: re.fullmatch(rf"([0-{BEST}])(?:\s*/\s*{BEST})?", line(text, part)) for part in WEIGHTS}
    wrong = [part for part, mark in marks.items() if mark is None]
    if wrong:
        return f"<{wrong[0]}> must be a whole number from 0 to {BEST}"
    parts = {part: int(mark[1]) / BEST for part, mark in marks.items() if mark}
    return Rating(parts, line(text, "reason")[:MAX_REASON])
