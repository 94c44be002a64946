"""A judged trajectory → its rewards: the terminal reward r_T of its problem, and r_proc of each turn.

Paper (arXiv 2602.03279): r_T = V·(R_base + 1[ρ > 0]·λ·(1 − ρ)), and a process reward for each successful tool
execution and each coherent reflection. Ours: R_base = λ = 0.5; ρ is the pass *rate* c/k, because with a literal pass@k
in {0, 1} the bonus would always be 0; the definitions of successful and coherent; the cap on rewarded turns. r_proc is
not part of r_T, since it would count twice.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence

from agentprop.records import Turn
from agentprop.records.action_text import parse

PER_STAGE = 3
"""Most rewarded turns of a stage, so that repeating rewarded turns does not pay (ours)."""


def terminal(valid: bool, rho: float | None, *, r_base: float = 0.5, lam: float = 0.5) -> float:
    """Return r_T of a submitted problem. Raises ValueError for a pass rate outside [0, 1].

    `valid` is V(q); a trajectory without a submission is not valid. `rho` is the prober's pass rate in [0, 1], or None
    without a prober, which means no bonus. ρ = 0 earns no bonus either (paper): an unsolved problem cannot be told from
    a broken one, so the very hardest problems deliberately earn less than merely hard ones.

    >>> terminal(True, 0.25), terminal(True, 1.0), terminal(True, 0.0), terminal(False, 0.25)
    (0.875, 0.5, 0.5, 0.0)
    """
    if not valid:
        return 0.0
    if rho is None or rho == 0:
        return r_base
    if not 0 < rho <= 1:
        raise ValueError(f"a pass rate lies in [0, 1], not {rho}")
    return r_base + lam * (1 - rho)


def process(turns: Sequence[Turn], *, per_stage: int = PER_STAGE, malformed: float = 0.0) -> tuple[float, ...]:
    """Return r_proc of each turn: 1 for an informative tool call, and for a reflection that repairs a failed check.

    At most `per_stage` turns of a stage are rewarded, the earliest first. A turn is one action, so one call per turn. A
    malformed message gets `malformed` (0 or less; GiGPO's invalid-action penalty is −0.1).
    """
    earned = {*_informative(turns), *_repairing(turns)}
    left = Counter({turn.stage: per_stage for turn in turns})
    rewards: list[float] = []
    for number, turn in enumerate(turns):
        paid = number in earned and left[turn.stage] > 0
        left[turn.stage] -= paid
        rewards.append(malformed if turn.action == "malformed" else float(paid))
    return tuple(rewards)


def _informative(turns: Sequence[Turn]) -> Iterator[int]:
    """Yield the turns of tool calls that ran, are no repetition, and printed something that had to be computed."""
    seen: set[str] = set()
    for number, turn in enumerate(turns):
        if turn.action == "exec" and turn.outcome == "ok" and turn.message not in seen and _computed(turn):
            yield number
        seen.add(turn.message)


def _computed(turn: Turn) -> bool:
    """Return True if a call that ran printed more than literals of its own code."""
    if turn.observation.partition("] ")[2] == "(no output)":
        return False
    with warnings.catch_warnings(action="ignore"):  # warnings about the policy's code, which the trainer need not print
        tree = ast.parse(parse(turn.message).text)
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    prints = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    return not prints or any(not isinstance(argument, ast.Constant) for call in prints for argument in call.args)


def _repairing(turns: Sequence[Turn]) -> Iterator[int]:
    """Yield the first thought and the first edit between a failed check and the next check, if that one passes."""
    informative = set(_informative(turns))
    since: dict[str, int] | None = None
    for number, turn in enumerate(turns):
        if turn.action == "exec" and turn.outcome != "read":
            if since and number in informative:
                yield from since.values()
            since = {} if turn.outcome not in ("ok", "sandbox-unavailable") else None
        elif since is not None and turn.action in ("think", "edit") and turn.outcome == "ok":
            since.setdefault(turn.action, number)
