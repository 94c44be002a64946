"""Answers changed on purpose, so that the truth is known → the error rates of answer checkers.

A checker calls an answer right, wrong or undetermined. A false accept is a wrong answer called right, a false reject a
right one called wrong; undetermined answers are counted separately as neither.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agentprop.answers.outcome import Equivalence
from agentprop.grading.claimed_answers import compared_claim
from agentprop.grading.comparison import ComparisonLimits
from agentprop.grading.judged_tests import comparison_of
from agentprop.grading.mathverify import MathVerify
from agentprop.grading.mutations import Mutation
from agentprop.grading.wilson import wilson
from agentprop.models.chat import ChatModel, Message, Request, Sampling
from agentprop.models.failures import ModelFailure
from agentprop.prompts import prompt
from agentprop.records import Problem
from agentprop.sandbox import Sandbox

Check = Callable[[Problem, str], bool | None]
EXAMPLES = 20
"""Misjudged answers kept per checker, for the reader of the report."""
_SAME = re.compile(r"<same>\s*(yes|no)\s*</same>", re.IGNORECASE)


@dataclass(frozen=True)
class Checker:
    """One way to check an answer."""

    name: str
    """Its name in the report."""
    check: Check
    """(problem, answer) → right or wrong; None if it cannot tell."""
    programs: bool = False
    """It checks programs; all others check texts."""


def local_checkers(sandbox: Sandbox, limits: ComparisonLimits, peer: MathVerify | None) -> list[Checker]:
    """Checkers that ask no language model."""
    found = [
        Checker("equivalent", lambda p, answer: _as_bool(comparison_of(p, sandbox, limits)(p.answer, answer))),
        Checker("exact text", lambda p, answer: answer == p.answer),
        Checker(
            "builtin", lambda p, answer: _as_bool(compared_claim(p.answer, p.model_copy(update={"answer": answer})))
        ),
        Checker("hidden tests", lambda p, answer: _as_bool(comparison_of(p, sandbox, limits)(p.answer, answer)), True),
    ]
    return [*found, Checker("math-verify", lambda p, answer: peer.same(p.answer, answer))] if peer else found


def _as_bool(found: Equivalence) -> bool | None:
    return None if found.status == "undetermined" else found.status == "same"


async def ask_model(model: ChatModel, sampling: Sampling, problem: Problem, answer: str) -> bool | None:
    """Ask a model to compare an answer with the right one; None if it gives no clear reply."""
    material = (
        f"<question>\n{problem.statement}\n</question>\n\n<right>\n{problem.answer}\n</right>\n\n"
        f"<check>\n{answer}\n</check>\n\nDo they say the same?"
    )
    try:
        reply = await model.reply(Request((Message("system", prompt("comparer")), Message("user", material)), sampling))
    except ModelFailure:
        return None
    said = _SAME.findall(reply.text)
    return said[-1].lower() == "yes" if said and not reply.choices[0].truncated else None


# --- counting ---


@dataclass
class CheckerCounts:
    """Judgements of one checker, counted."""

    counts: Counter[tuple[str, bool, bool | None]] = field(default_factory=Counter)
    """(mutation, still right?, the checker's judgement) → number of answers."""
    examples: list[dict[str, Any]] = field(default_factory=list)
    """Some of the misjudged answers."""

    def add(self, problem: Problem, mutation: Mutation, said: bool | None) -> None:
        """Count one answer."""
        self.counts[mutation.name, mutation.same, said] += 1
        if said is (not mutation.same) and len(self.examples) < EXAMPLES:
            self.examples.append(
                {
                    "problem": problem.id,
                    "mutation": mutation.name,
                    "right": problem.answer,
                    "answer": mutation.text,
                    "called": "right" if said else "wrong",
                }
            )

    def rates(self) -> dict[str, Any]:
        """False-accept and false-reject rates with 95 % intervals, and the number of undetermined answers."""
        return {
            "false_accept": self._rate(same=False),
            "false_reject": self._rate(same=True),
            "undetermined": sum(n for (_, _, said), n in self.counts.items() if said is None),
        }

    def by_mutation(self) -> dict[str, dict[str, int]]:
        """Mutation → how many answers changed by it were called right, wrong, or neither."""
        found: dict[str, dict[str, int]] = {}
        for (name, same, said), n in sorted(self.counts.items(), key=lambda entry: entry[0][:2]):
            row = found.setdefault(f"{name} ({'same' if same else 'wrong'})", {"right": 0, "wrong": 0, "neither": 0})
            row["neither" if said is None else "right" if said else "wrong"] += n
        return found

    def _rate(self, *, same: bool) -> dict[str, Any]:
        judged = {said: 0 for said in (True, False)}
        for (_, is_same, said), n in self.counts.items():
            if is_same is same and said is not None:
                judged[said] += n
        errors, of = judged[not same], sum(judged.values())
        low, high = wilson(errors, of)
        return {"errors": errors, "of": of, "rate": errors / of if of else None, "low": low, "high": high}
