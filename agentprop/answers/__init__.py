"""Is an answer right: `equivalent` compares two answers, whatever notation they are written in."""

from agentprop.answers.equivalence import equivalent
from agentprop.answers.outcome import Equivalence

__all__ = ["Equivalence", "equivalent"]
