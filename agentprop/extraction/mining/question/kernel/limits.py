"""When a computation is refused: it has no value, no exact value, or takes too many steps."""

from __future__ import annotations

MOST_STEPS = 100_000
"""Steps of one computation, counted where loops turn; the same on every machine."""


class Undefined(ValueError):
    """There is no such value: a division by zero, an empty set's largest member, two values where one is asked."""


class Unsettled(ValueError):
    """The question leaves open what it asks for; no part of it may take this for a no."""


class NotExact(ValueError):
    """There may be a value, but not one that the exact route can write down."""


class TooLong(ValueError):
    """The computation takes too many steps."""


class Steps:
    """Counts steps down."""

    left = MOST_STEPS


def step(count: int = 1) -> None:
    """Account for work. Raises TooLong."""
    Steps.left -= count
    if Steps.left < 0:
        raise TooLong("too many steps")


def fresh_steps() -> None:
    """Begin a computation."""
    Steps.left = MOST_STEPS
