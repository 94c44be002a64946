"""How far a number of a question may move and still be one a person would have written there.

Values stay within about half and twice the original, keep its roundness (`$5000` moves in steps of 500), keep to what
its unit allows (days of a week, hours of a day, shares of a whole), and never need another article (`a 9-ounce`, but
`an 8-ounce`).
"""

from __future__ import annotations

import re
from fractions import Fraction

from agentprop.extraction.mining.mentions import Mention

MOST_VALUES = 60
"""Longer lists of allowed values are thinned; a range without gaps is written as min and max."""
LONGEST_RANGE = 5_000
"""A longer range without gaps is thinned too: each of its values is tried."""

_CAPS: tuple[tuple[str, str, int], ...] = (
    (r"^[ -](?:\w+ )?(?:hours?|hrs?)\b", r"\b(?:day|daily|night|morning|evening|weekdays?)\b", 12),
    (r"^[ -](?:\w+ )?(?:hours?|hrs?)\b", r"\bweek", 60),
    (r"^[ -](?:\w+ )?(?:hours?|hrs?)\b", r"", 24),
    (r"^[ -](?:\w+ )?days?\b", r"\bweek", 6),
    (r"^[ -](?:\w+ )?days?\b", r"\b(?:month|April|June|September|November)\b", 28),
    (r"^[ -](?:\w+ )?months?\b", r"", 11),
    (r"^[ -](?:\w+ )?weeks?\b", r"\bmonth", 4),
    (r"^[ -](?:\w+ )?weeks?\b", r"", 50),
    (r"^[ -](?:\w+ )?(?:minutes?|mins?)\b", r"\b(?:hour|minute)", 55),
    (r"^[ -](?:\w+ )?seconds?\b", r"\bminute", 55),
    (r"^[ -](?:years?[ -]old|years? of age)\b", r"", 90),
    (r"^[ -](?:inches)\b", r"\b(?:feet|foot)\b", 11),
    (r"", r"\b(?:tests?|exams?|quiz\w*|grades?|test scores?)\b", 100),
)
_CAPS_COMPILED = tuple(
    (re.compile(unit, re.IGNORECASE), re.compile(cue, re.IGNORECASE), cap) for unit, cue, cap in _CAPS
)
_NARROW = re.compile(
    r"^[ -](?:years?[ -]old|feet tall|inches tall|years of age|degrees|mph|miles per hour)", re.IGNORECASE
)


def domain(mention: Mention, question: str, reach: int = 2) -> tuple[int, ...]:
    """The values a number may take, ascending, up to `reach` times the original, which is always one of them."""
    original = mention.value.numerator
    if mention.form == "percent":
        return _percentages(original)
    before, after = question[max(0, mention.start - 4) : mention.start], question[mention.end : mention.end + 40]
    low, high = _bounds(original, bool(_NARROW.match(after)), reach)
    caps = (cap for unit, cue, cap in _CAPS_COMPILED if original <= cap and unit.match(after) and cue.search(question))
    cap = min(caps, default=high)
    step = _roundness(original)
    values = range(low - low % step if low > step else low if step == 1 else step, min(high, cap) + 1, step)
    values = values if len(values) <= LONGEST_RANGE else values[:: -(-len(values) // LONGEST_RANGE)]
    kept = [value for value in values if value >= 2]
    if re.search(r"\ba \$?$", before, re.IGNORECASE):
        kept = [value for value in kept if not _vowel_sound(value)]
    return tuple(sorted({original, *_thin(kept)}))


_ANSWER_CAPS = (
    (re.compile(r"\bwhat percent|\bwhat is the percent|\bpercentage\b", re.IGNORECASE), 100),
    (re.compile(r"\bhow many days\b.*\bweek\b|\bweek\b.*\bhow many days\b", re.IGNORECASE | re.DOTALL), 7),
    (re.compile(r"\bhow many hours\b[^?]*\b(?:day|night)\b", re.IGNORECASE), 24),
    (re.compile(r"\bhow old\b|\bwhat (?:is|was) [\w']+ age\b", re.IGNORECASE), 100),
)


def answer_caps(question: str, answer: Fraction) -> list[int]:
    """Upper bounds that the unit of the answer sets, where the original answer kept to them."""
    return [cap for cue, cap in _ANSWER_CAPS if answer <= cap and cue.search(question)]


def _bounds(original: int, narrow: bool, reach: int) -> tuple[int, int]:
    if narrow:
        return max(2, original * 2 // 3), original * 3 // 2 + 1
    if original <= 5:
        return 2, original + 4 * (reach - 1)
    return max(2, original // 2), reach * original


def _percentages(original: int) -> tuple[int, ...]:
    if original >= 100:
        return tuple(range(max(100, original // 2), 2 * original + 1, 10 if original % 10 == 0 else 1))
    if original % 5 == 0:
        return tuple(range(5, 100, 5))
    return tuple(range(max(2, original // 2), min(98, 2 * original) + 1))


def _roundness(original: int) -> int:
    """The step in which a number of this roundness moves: 5 for 30, 10 for 120, 100 for 1200, 500 for 5000."""
    if original < 20 or original % 5:
        return 1
    if original < 100:
        return 5 if original % 10 == 0 else 1
    magnitude = int("1" + "0" * (len(str(original)) - 1))
    for step in (magnitude // 2, magnitude // 10, magnitude // 20):
        if original % step == 0 and (step < magnitude // 2 or original >= 5 * magnitude):
            return step
    return 5 if original % 10 == 0 or original < 1000 else 1


def _thin(values: list[int]) -> list[int]:
    if len(values) <= MOST_VALUES or (values[-1] - values[0] == len(values) - 1 and len(values) < LONGEST_RANGE):
        return values
    return values[:: -(-len(values) // MOST_VALUES)]


def _vowel_sound(value: int) -> bool:
    text = str(value)
    leading = text[: (len(text) - 1) % 3 + 1]
    return leading.startswith("8") or leading in ("11", "18")
