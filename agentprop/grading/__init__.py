"""Is a problem valid, and how hard is it: verifiers, the rule of acceptance, probers, and what compares answers."""

from agentprop.answers import Equivalence, equivalent

__all__ = ["Equivalence", "equivalent"]
