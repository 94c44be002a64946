"""r(k) of a mined skill in [0, 1], with the parts it is made of.

r = reproduced · (0.25 freedom + 0.15 support + 0.35 phrasing + 0.25 coverage). A skill whose original answers do not
come back is worth nothing; the weights say that a wording one would set, over numbers that can vary, matters most.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentprop.extraction.mining.merge import SkillFamily

WEIGHTS = {"freedom": 0.25, "support": 0.15, "phrasing": 0.35, "coverage": 0.25}


def parts(family: SkillFamily, reproduced: bool) -> dict[str, float]:
    """Each part in [0, 1]: originals reproduced, givens that vary, documents behind it, clean wordings, share of the
    question's numbers that vary."""
    candidates = [member.candidate for member in family.members]
    found = {
        "reproduced": 1.0 if reproduced else 0.0,
        "freedom": min(len(family.domains), 3) / 3,
        "support": 1 - 0.5 ** len(family.members),
        "phrasing": _mean([phrasing.cleanliness for phrasing in family.phrasings]),
        "coverage": _mean([len(family.domains) / max(candidate.mentioned, 1) for candidate in candidates]),
    }
    return {name: round(min(value, 1.0), 3) for name, value in found.items()}


def score(found: dict[str, float]) -> float:
    """r(k) of its parts."""
    return round(found["reproduced"] * sum(weight * found[name] for name, weight in WEIGHTS.items()), 3)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
