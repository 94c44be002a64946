"""Entropies of right answers by phase → rewards that are the lower, the less sure the thinking was.

Phase entropy aware reward (PEAR, arXiv 2510.08026, ICLR 2026): the entropy of the thinking goes with its length, so a
right answer earns less for it. Two published summaries of the paper give its formula alike; the paper was not read:

    P = max(0, H_think − α·H_answer),    reward = 1 − P of a right answer, others unchanged,    α = 1

H is the mean entropy of the tokens of a phase, nats, at the weights that sampled. For α = 1, H_think = 0.6 and
H_answer = 0.2: P = 0.4, reward 0.6. Three things are ours. P is at most 1. The mark that ends thinking counts as
thinking; the paper leaves it out of both means. A reply without it (`</think>`) has its answer at the last box, else at
the first block of a program, and only one without these too is all thinking, as the paper's is: leaving the mark out
earns nothing.

It is a tool against length, and lowers the entropy that `cov`, `lp_reg` and annealing hold up. Entropies are known only
once a batch is scored at the weights that sampled, so advantages are computed again then; groups whose answers are all
right, which teach nothing otherwise, learn to be brief.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from agentprop.training.means import RunningMeans
from agentprop.training.rl.advantages import GroupAdvantages, ReturnedEpisode, advantages
from agentprop.training.rl.examples import ComparisonRule, TrainingGroup

RIGHT = 1.0
"""Reward of a right answer."""
BOX, PROGRAM, THOUGHT = re.compile(r"\\(?:boxed|fbox)\b"), "```python", "</think>"


@dataclass(frozen=True)
class Pear:
    """Reward by phase entropy."""

    alpha: float
    """Weight α of the entropy of the answer."""
    comparison: ComparisonRule
    """Comparison of a group's members."""

    def penalty(self, entropy_A: Tensor, thinking: int) -> float:
        """Return P of a reply, from the entropies of its tokens and the number of those before the answer."""
        think, answer = (float(part.double().mean()) if len(part) else 0.0 for part in _phases(entropy_A, thinking))
        return min(max(think - self.alpha * answer, 0.0), 1.0)

    def parts(self, group: TrainingGroup) -> bool:
        """Tell whether penalties may part members that earn the same: there are two, and some are right."""
        return not group.advantages.singleton and any(one.reward == RIGHT for one in group.returned)

    def shaped(self, groups: Sequence[TrainingGroup], entropy_A: Tensor) -> tuple[list[TrainingGroup], RunningMeans]:
        """Return the groups with the advantages of shaped rewards; entropies are in the order of their tokens.

        The means are the penalty of right answers, and the entropy of both phases over all replies.
        """
        means = RunningMeans()
        sizes = [example.n_actions for group in groups for example in group.examples]
        replies = iter(torch.split(entropy_A, sizes))
        found, penalties, think, answer = [], list[float](), list[Tensor](), list[Tensor]()
        for group in groups:
            members = []
            for one, example in zip(group.returned, group.examples, strict=True):
                entropies, until = next(replies), example.thinking
                before, after = _phases(entropies, until)
                think.append(before)
                answer.append(after)
                if one.reward == RIGHT and len(entropies):
                    penalties.append(self.penalty(entropies, until))
                    one = replace(one, reward=RIGHT - penalties[-1])
                members.append(one)
            found.append(replace(group, advantages=self._compared(members)))
        means.add("pear", penalties)
        for name, parts in (("entropy_think", think), ("entropy_answer", answer)):
            tokens = torch.cat([*parts, entropy_A.new_zeros(0)])
            means.add_mean(name, float(tokens.double().mean()) if len(tokens) else 0.0, len(tokens))
        return found, means

    def _compared(self, members: Sequence[ReturnedEpisode]) -> GroupAdvantages:
        c = self.comparison
        return advantages(members, omega=c.omega, std=c.std, floor_episode=c.floor_episode)


def _phases(entropy_A: Tensor, thinking: int) -> tuple[Tensor, Tensor]:
    return entropy_A[:thinking], entropy_A[thinking:]


def thinking_tokens(ids: Sequence[int], decode: Callable[[Sequence[int]], str]) -> int:
    """Return how many tokens of a reply come before its answer.

    >>> thinking_tokens([72, 105, 32, 92, 98, 111, 120, 101, 100], lambda ids: "".join(map(chr, ids)))
    3
    """
    begins = _answer_begins(decode(ids))
    if begins is None:
        return len(ids)
    return bisect_right(range(len(ids)), begins, key=lambda n: len(decode(ids[:n]))) - 1


def _answer_begins(text: str) -> int | None:
    """Return the place in a reply's text at which the answer begins; None without one."""
    if THOUGHT in text:
        return text.index(THOUGHT) + len(THOUGHT)
    boxes = [found.start() for found in BOX.finditer(text)]
    if boxes:
        return boxes[-1]
    return text.index(PROGRAM) if PROGRAM in text else None
