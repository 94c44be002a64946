"""Runs of the miniature → `results.json`, `results.md` and, where matplotlib is there, `curves.svg`.

Every number is counted from records on disk. An interval is the t interval over the seeds; a difference is paired by
seed, because arms of one seed share their expert data, tasks and prober.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from plan import ARMS, Size

from agentprop.records import Difficulty, Trajectory, Verdict
from agentprop.runs import open_run
from agentprop.training.rewards import terminal

T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""97.5 % quantiles of Student's t by the number of values."""
FULL = "mgpo"
MEASURES = {
    "formed": "well formed", "validity": "valid", "r_T": "E[r_T]", "r_T_formed": "E[r_T | well formed]",
    "rho": "ρ of valid ones", "pruned": "pruned", "replaced": "exchanged", "turns": "turns",
    "solver": "solver, mean@k",
}  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds."""

    mean: float
    """The mean."""
    half: float | None
    """Half the width of the 95 % t interval; None with one seed."""
    values: tuple[float, ...]
    """By seed."""

    @classmethod
    def of(cls, values: Sequence[float]) -> Estimate:
        """From one value per seed."""
        half = T_95[len(values)] * stdev(values) / sqrt(len(values)) if len(values) in T_95 else None
        return cls(fmean(values), half, tuple(values))

    def __str__(self) -> str:
        return f"{self.mean:.3f}" + ("" if self.half is None else f" ± {self.half:.3f}")


def tell(size: Size, seeds: Sequence[int], out: Path, arms: Sequence[str]) -> None:
    """Count, write and print."""
    measured = {arm: [measure(out / str(seed), arm) for seed in seeds] for arm in arms}
    beginners = [_score(out / str(seed) / "beginner-score") for seed in seeds]
    table = {arm: {key: Estimate.of([m[key] for m in found]) for key in MEASURES} for arm, found in measured.items()}
    lines = [*_table(table, Estimate.of(beginners)), "", *_differences(table)]
    curves = {arm: [_curve(out / str(seed) / arm / "metrics.jsonl") for seed in seeds] for arm in arms}
    results = {
        "seeds": list(seeds), "size": vars(size) | {"seeds": list(size.seeds)},
        "arms": {arm: {key: vars(e) for key, e in row.items()} for arm, row in table.items()},
        "beginner": beginners, "gates": {arm: _gate(found) for arm, found in curves.items()},
    }  # fmt: skip
    (out / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    draw(curves, out / "curves.svg")
    print("\n".join(lines))


def measure(place: Path, arm: str) -> dict[str, float]:
    """What an arm's proposer does on pairs of skills it was never trained on, and what its solver learnt."""
    run = open_run(place / f"{arm}-test")
    rho = {d.problem_id: d.c / d.k for d in open_run(place / f"{arm}-rho").iter(Difficulty)}
    valid = {v.problem_id for v in run.iter(Verdict) if v.value == "valid"}
    found = list(run.iter(Trajectory))
    formed = [t.problem_id for t in found if t.problem_id is not None]
    paid = [terminal(p in valid, rho.get(p)) for p in formed]
    hard = [rho[p] for p in formed if p in valid and p in rho]
    return {
        "formed": len(formed) / len(found),
        "validity": sum(p in valid for p in formed) / len(found),
        "r_T": sum(paid) / len(found),
        "r_T_formed": fmean(paid) if paid else 0.0,
        "rho": fmean(hard) if hard else 0.0,
        "pruned": sum(t.pruned > 0 for t in found) / len(found),
        "replaced": sum(t.replaced > 0 for t in found) / len(found),
        "turns": fmean(len(t.turns) for t in found),
        "solver": _score(place / f"{arm}-score"),
    }


def _score(run: Path) -> float:
    summary: dict[str, Any] = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    return float(summary["mean"]["value"])


def _table(table: Mapping[str, Mapping[str, Estimate]], beginner: Estimate) -> list[str]:
    titles = list(MEASURES.values())
    lines = ["| arm | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    lines += [f"| {ARMS[arm].title} | " + " | ".join(str(row[key]) for key in MEASURES) + " |"
              for arm, row in table.items()]  # fmt: skip
    return [*lines, f"| solver before training | {' | ' * (len(titles) - 1)}{beginner} |"]


def _differences(table: Mapping[str, Mapping[str, Estimate]]) -> list[str]:
    """Full MGPO minus each other arm, by seed."""
    if FULL not in table:
        return []
    lines = []
    for arm, row in table.items():
        if arm != FULL:
            pairs = {key: Estimate.of([a - b for a, b in zip(table[FULL][key].values, row[key].values, strict=True)])
                     for key in ("validity", "r_T", "r_T_formed", "solver")}  # fmt: skip
            told = ", ".join(f"{MEASURES[key]} {e.mean:+.3f}" + ("" if e.half is None else f" ± {e.half:.3f}")
                             for key, e in pairs.items())  # fmt: skip
            lines.append(f"full MGPO − {ARMS[arm].title}: {told}")
    return lines


# --- curves ---


def _curve(path: Path) -> list[dict[str, float]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _gate(curves: Sequence[Sequence[Mapping[str, float]]]) -> dict[str, Any]:
    """Whether the gate had anything to do."""
    gates = [row["update/gate"] for curve in curves for row in curve if "update/gate" in row]
    if not gates:
        return {"mean": None, "verdict": "no gate"}
    mean = fmean(gates)
    return {"mean": mean, "least": min(gates), "verdict": "not exercised" if mean > 0.99 else "exercised"}


def draw(curves: Mapping[str, Sequence[Sequence[Mapping[str, float]]]], path: Path) -> None:
    """Reward, validity, difficulty and entropy by step, a line per arm: the mean over seeds, and their range."""
    try:
        from matplotlib import pyplot as plt
        from matplotlib import use
    except ImportError:
        return
    use("svg")
    shown = {"reward/r_T": "E[r_T]", "reward/r_T_formed": "E[r_T | well formed]", "reward/validity": "valid",
             "reward/rho": "ρ of valid ones"}  # fmt: skip
    figure, axes = plt.subplots(1, len(shown), figsize=(4 * len(shown), 3.2), layout="constrained")
    for axis, (key, title) in zip(axes, shown.items(), strict=True):
        for arm, by_seed in curves.items():
            rows = [smooth([row[key] for row in curve if key in row]) for curve in by_seed]
            length = min(map(len, rows), default=0)
            if not length:
                continue
            middle = [fmean(row[i] for row in rows) for i in range(length)]
            axis.plot(middle, label=ARMS[arm].title)
            axis.fill_between(range(length), [min(r[i] for r in rows) for i in range(length)],
                              [max(r[i] for r in rows) for i in range(length)], alpha=0.12)  # fmt: skip
        axis.set_title(title)
        axis.set_xlabel("step")
    axes[0].legend(fontsize=7)
    figure.savefig(path)
    plt.close(figure)


def smooth(values: Sequence[float], decay: float = 0.8) -> list[float]:
    """Exponential mean, bias corrected: a step's batch is small."""
    out: list[float] = []
    total = weight = 0.0
    for value in values:
        total, weight = decay * total + (1 - decay) * value, decay * weight + 1 - decay
        out.append(total / weight)
    return out
