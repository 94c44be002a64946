"""Validity with and without pruning: one `propose` run per arm, counted from the records → a table and `results.json`.

    python examples/studies/pruning/study.py --out runs/pruning [--candidates 3000] [--seed 0] [--smoke]

Arms: `prune=true` and `prune=false`, equal in everything else. The curriculum stands still, so that candidate i begins
with the same composition and the same random numbers in both arms and the built-in verifier only measures; that the
beginnings are the same is checked. Every candidate counts, also one that never submitted.
An interrupted study continues from its last finished part.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from agentprop.config import ProposeConfig
from agentprop.errors import BoundReached
from agentprop.grading import wilson as intervals
from agentprop.records import Problem, Reject, Trajectory, Verdict
from agentprop.stages.propose import run as propose
from agentprop.storage.run import StoredRun, open_run

ARMS = {"with pruning": True, "without pruning": False}
AFTER_V = frozenset({"duplicate", "template_repeats", "mined_share"})
"""Codes of rejects that were valid by themselves: they are refused for what was accepted before them."""
STILL = 1e-12
"""Weight of new outcomes in the curriculum's mastery: none that a float could tell."""


@dataclass(frozen=True)
class Share:
    """A count out of a total."""

    count: int
    """The count."""
    total: int
    """The total."""

    @property
    def rate(self) -> float:
        """The share itself, 0 of none."""
        return self.count / self.total if self.total else 0.0

    def wilson(self) -> tuple[float, float]:
        """95 % Wilson interval."""
        return intervals.wilson(self.count, self.total)

    def __str__(self) -> str:
        if not self.total:
            return "of none"
        low, high = self.wilson()
        return f"{self.count}/{self.total} = {self.rate:.1%} [{low:.1%}, {high:.1%}]"


@dataclass(frozen=True)
class Candidates:
    """One arm's candidates."""

    total: int
    """Number of candidates."""
    valid: frozenset[int]
    """Indices of those whose final submission V calls valid."""
    failures: Counter[str]
    """The others, by reason code."""
    trajectories: list[dict[str, Any]]
    """Trajectories that the environment recorded."""

    @property
    def beginnings(self) -> dict[int, str]:
        """Initial state by candidate."""
        return {row["task"]["index"]: row["task_id"] for row in self.trajectories}


@dataclass(frozen=True)
class Arm:
    """Results of the candidates of one arm."""

    valid: Share
    """Validity: candidates whose final submission V calls valid, of all candidates."""
    submitted: Share
    """Candidates that ended with an accepted submission, of all candidates."""
    valid_of_submitted: Share
    """The same valid ones, of those that submitted."""
    pruned: Share
    """Candidates that removed a skill at least once."""
    valid_of_pruned: Share
    """Valid ones among those that pruned."""
    replaced: Share
    """Candidates that exchanged a skill at least once."""
    repaired: Share
    """Candidates in which code failed at least once and a later submission was accepted."""
    failures: dict[str, int]
    """Candidates that are not valid, by reason code."""


def main() -> None:
    """Run both arms, count, print, and write the counts beside the runs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="directory for the two runs and results.json")
    parser.add_argument("--candidates", type=int, default=3000, help="budget of each arm")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true", help="100 candidates per arm: does it run at all")
    options = parser.parse_args()
    budget = 100 if options.smoke else options.candidates
    found: dict[str, Candidates] = {}
    for name, prune in ARMS.items():
        out = options.out / name.replace(" ", "-")
        propose_candidates(out, budget, options.seed, prune)
        found[name] = read(open_run(out, warn=False))
    pairs = paired(*found.values())
    arms = {name: tally(candidates) for name, candidates in found.items()}
    settings = {"candidates": budget, "seed": options.seed}
    results = {**settings, "arms": {name: asdict(arm) for name, arm in arms.items()}, "paired": pairs}
    (options.out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    print(report(arms, pairs))


def propose_candidates(out: Path, budget: int, seed: int, prune: bool) -> None:
    """Exactly `budget` candidates: the target cannot be reached before the budget is spent."""
    config = ProposeConfig(
        n=budget + 1, max_candidates=budget, seed=seed, prune=prune, verifier="builtin", mastery_alpha=STILL
    )
    try:
        propose.run(config, str(out), quiet=True)
    except BoundReached:
        return
    raise AssertionError(f"more than {budget} problems out of {budget} candidates")


def read(run: StoredRun) -> Candidates:
    """Every candidate of a run, from its problems and rejects, and how it went, from its trajectories."""
    accepted = {row["index"] for row in run.iter_rows(Problem, ["index"])}
    refused = {int(row["item"]): row["code"] for row in run.iter_rows(Reject, ["item", "code"])}
    valid = frozenset(accepted | {index for index, code in refused.items() if code in AFTER_V})
    verdicts = sum(row["value"] == "valid" for row in run.iter_rows(Verdict, ["value"]))
    if len(valid) != verdicts:
        raise AssertionError(f"{len(valid)} valid candidates but {verdicts} valid verdicts in {run.path}")
    failures = Counter(code for index, code in refused.items() if index not in valid)
    columns = ["task_id", "task", "turns", "problem_id", "pruned", "replaced"]
    return Candidates(len(accepted) + len(refused), valid, failures, list(run.iter_rows(Trajectory, columns)))


def tally(found: Candidates) -> Arm:
    """One arm's candidates → its shares."""
    rows, total = found.trajectories, found.total
    submitted = sum(row["problem_id"] is not None for row in rows)
    pruned = {row["task"]["index"] for row in rows if row["pruned"]}
    return Arm(
        valid=Share(len(found.valid), total),
        submitted=Share(submitted, total),
        valid_of_submitted=Share(len(found.valid), submitted),
        pruned=Share(len(pruned), total),
        valid_of_pruned=Share(len(found.valid & pruned), len(pruned)),
        replaced=Share(sum(row["replaced"] > 0 for row in rows), total),
        repaired=Share(sum(map(repaired, rows)), total),
        failures=dict(sorted(found.failures.items())),
    )


def paired(with_pruning: Candidates, without: Candidates) -> dict[str, int]:
    """The same candidates in both arms: valid in both, in one alone, in none."""
    if with_pruning.beginnings != without.beginnings:
        raise AssertionError("the arms do not begin with the same candidates")
    both, either = with_pruning.valid & without.valid, with_pruning.valid | without.valid
    return {
        "valid in both": len(both),
        "valid only with pruning": len(with_pruning.valid - both),
        "valid only without pruning": len(without.valid - both),
        "valid in neither": with_pruning.total - len(either),
    }


def repaired(trajectory: dict[str, Any]) -> bool:
    """Return True if code failed and a submission was accepted nevertheless."""
    failed = any(turn["action"] == "exec" and turn["outcome"] != "ok" for turn in trajectory["turns"])
    return failed and trajectory["problem_id"] is not None


def difference(first: Share, second: Share) -> tuple[float, float, float]:
    """first − second in rate, with Newcombe's 95 % interval (his method 10, from the two Wilson intervals)."""
    (low1, high1), (low2, high2) = first.wilson(), second.wilson()
    d = first.rate - second.rate
    below = sqrt((first.rate - low1) ** 2 + (high2 - second.rate) ** 2)
    above = sqrt((high1 - first.rate) ** 2 + (second.rate - low2) ** 2)
    return d, d - below, d + above


def report(arms: dict[str, Arm], pairs: dict[str, int]) -> str:
    """The counts of both arms as a Markdown table, the pairs, and the difference in validity."""
    names = list(arms)
    lines = [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for field in (name for name in Arm.__dataclass_fields__ if name != "failures"):
        lines.append(f"| {field.replace('_', ' ')} | {' | '.join(str(getattr(arms[n], field)) for n in names)} |")
    for code in sorted({code for arm in arms.values() for code in arm.failures}):
        lines.append(f"| not valid: {code} | {' | '.join(str(arms[n].failures.get(code, 0)) for n in names)} |")
    d, low, high = (100 * x for x in difference(*(arms[name].valid for name in names)))
    lines += ["", f"difference in validity: {d:+.1f} points [{low:+.1f}, {high:+.1f}]"]
    lines += ["", "the same candidates: " + ", ".join(f"{count} {name}" for name, count in pairs.items())]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
