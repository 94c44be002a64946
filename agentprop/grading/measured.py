"""The attempts of a prober at a problem → the record of its difficulty."""

from __future__ import annotations

from agentprop.grading.difficulty import AttemptCounts
from agentprop.grading.probers import Prober
from agentprop.grading.wilson import wilson
from agentprop.records import Difficulty, Problem


def measured(problem: Problem, tally: AttemptCounts, prober: Prober) -> Difficulty | None:
    """The record of ρ with all that it depends on; None if no attempt counts."""
    if not tally.counted:
        return None
    low, high = wilson(tally.correct, tally.counted)
    return Difficulty(
        problem_id=problem.id,
        prober=prober.name,
        k=tally.counted,
        c=tally.correct,
        truncated=tally.truncated,
        timeouts=tally.timeouts,
        low=low,
        high=high,
        sampling=prober.made_by.sampling,
        made_by=prober.made_by,
    )
