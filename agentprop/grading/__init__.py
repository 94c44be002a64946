"""Is an answer right: `equivalent` compares two answers, whatever notation they are written in."""

from agentprop.grading.equivalence import equivalent
from agentprop.grading.outcome import Equivalence

__all__ = ["Equivalence", "equivalent"]
