"""Judging a problem, valid or not, and how hard: verifiers, the acceptance rule, probers, comparison of answers."""

from agentprop.answers import Equivalence, equivalent

__all__ = ["Equivalence", "equivalent"]
