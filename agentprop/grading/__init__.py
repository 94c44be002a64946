"""Grading: is an answer right, a problem valid, and how hard is it.

`equivalent` and `Equivalence` live in `agentprop.answers`; they can be imported from here too.
"""

from typing import Any

__all__ = ["Equivalence", "equivalent"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from agentprop import answers

        return getattr(answers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
