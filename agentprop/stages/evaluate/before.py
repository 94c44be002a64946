"""Two evaluations of the same benchmark → what the later model gained and lost, over the problems that both tried."""

from __future__ import annotations

from typing import Any

from agentprop.boundary import INTERNAL
from agentprop.errors import InputError
from agentprop.grading.support import Tried, crossing, curve, support
from agentprop.records import Attempt
from agentprop.stages.evaluate.results import powers_of_two
from agentprop.storage.reader import StoredRun, open_run
from agentprop.storage.run import Run


def check_before(path: str | None) -> None:
    """Check that a run to compare with is an evaluation. Raises InputError."""
    if path is not None and open_run(path).stage != "evaluate":
        raise InputError(f"{path} is not an evaluation", hint="name a run of `agentprop evaluate`")


def compared(before: str, after: Run) -> dict[str, Any]:
    """Return the cells, p and pass@k of both. Raises InputError if they have no problem in common.

    Both are cut down to as many attempts at each problem as the other has, in the order in which they were made.
    """
    earlier, later = tries_of(open_run(before)), tries_of(after)
    both = [problem for problem in earlier if problem in later]
    if not both:
        raise InputError(f"{before} tried none of these problems", hint="compare evaluations of the same benchmark")
    pairs = [_cut(earlier[problem], later[problem]) for problem in both]
    old, new = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    ks = powers_of_two(min(n for n, _ in old))
    cells, curves = support(old, new), (curve(old, ks), curve(new, ks))
    return {
        "with": before,
        "problems": len(both),
        "kept": cells.kept,
        "gained": cells.gained,
        "lost": cells.lost,
        "never": cells.never,
        "p": cells.p,
        "pass_at": {str(k): [b, a] for k, b, a in zip(ks, *curves, strict=True)},
        "crossing": crossing(*curves, ks),
    }


def tries_of(stored: StoredRun | Run) -> dict[str, list[bool]]:
    """Return whether each attempt that counts was right, by problem, in order; they count as in `results`."""
    found: dict[str, list[tuple[int, bool]]] = {}
    for row in stored.iter_rows(Attempt, ["problem_id", "number", "code", "role", "response"]):
        if row["role"] == "prober" and row["response"] is not None and row["code"] != INTERNAL:
            found.setdefault(row["problem_id"], []).append((row["number"], row["code"] == "correct"))
    return {problem: [right for _, right in sorted(tries)] for problem, tries in found.items()}


def _cut(earlier: list[bool], later: list[bool]) -> tuple[Tried, Tried]:
    n = min(len(earlier), len(later))
    return (n, sum(earlier[:n])), (n, sum(later[:n]))
