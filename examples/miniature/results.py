"""Runs of the miniature → `results.json`, `results.md` and, if matplotlib is installed, `curves.svg`.

Every number is counted from records on disk. An interval is the t interval over the seeds; a difference is paired by
seed, because arms of one seed share their expert data, tasks and prober.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isnan, nan, sqrt
from pathlib import Path
from statistics import fmean, stdev, variance
from typing import Any

from plan import ARMS, PRACTISED, TEST, Size

from agentprop.records import Difficulty, Trajectory, Verdict
from agentprop.storage.run import open_run
from agentprop.training.rl.rewards import terminal

T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""97.5 % quantiles of Student's t by the number of values."""
FULL = "mgpo"
NEAR = "update/ratio_in/0.95-1.05"
"""Metric: the share of tokens whose ratio r to the policy that sampled them is there."""
TITLES = {TEST: "Pairs of the test", PRACTISED: "Pairs that were practised"}
MEASURES = {
    "formed": "well formed",
    "validity": "valid",
    "r_T": "E[r_T]",
    "r_T_formed": "E[r_T, well formed]",
    "r_T_alike": "E[r_T, well formed], tasks alike",
    "rho": "ρ of valid ones",
    "pruned": "pruned",
    "replaced": "exchanged",
    "turns": "turns",
}
COMPARED = ("formed", "validity", "r_T", "r_T_alike")
"""Measures in which full MGPO and another arm are compared."""


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

    @classmethod
    def between(cls, one: Estimate, other: Estimate) -> Estimate:
        """Of their difference, seed by seed."""
        return cls.of([a - b for a, b in zip(one.values, other.values, strict=True)])

    def __format__(self, sign: str) -> str:
        """`+` shows the sign of the mean."""
        return f"{self.mean:{sign}.3f}" + ("" if self.half is None else f" ± {self.half:.3f}")

    def __str__(self) -> str:
        return format(self)


def tell(size: Size, seeds: Sequence[int], out: Path, arms: Sequence[str]) -> None:
    """Count, write and print."""
    exams = {exam: Exam.of(exam, seeds, out, arms) for exam in size.exams}
    solvers = {arm: Estimate.of([solved(out / str(seed), arm) for seed in seeds]) for arm in arms}
    beginner = Estimate.of([_score(out / str(seed) / "beginner-score") for seed in seeds])
    curves = {arm: [_curve(out / str(seed) / arm / "metrics.jsonl") for seed in seeds] for arm in arms}
    gates = {arm: _gate(found) for arm, found in curves.items()}
    tokens = {arm: fmean([_tokens(out / str(seed) / arm) for seed in seeds]) for arm in arms}
    lines = [line for exam in exams.values() for line in (*exam.lines(), "")]
    lines += [
        *_solvers(solvers, beginner),
        "",
        *_gates(gates),
        "",
        *(f"- action tokens learnt from, {ARMS[arm].title}: {n:,.0f}" for arm, n in tokens.items()),
    ]
    results = {
        "seeds": list(seeds),
        "size": sized(size),
        "exams": {name: exam.results() for name, exam in exams.items()},
        "solvers": {arm: vars(e) for arm, e in solvers.items()},
        "beginner": vars(beginner),
        "gates": gates,
        "tokens": tokens,
    }
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    (out / "results.json").write_text(text + "\n", encoding="utf-8")
    (out / "results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    draw(curves, out / "curves.svg")
    print("\n".join(lines))


@dataclass(frozen=True)
class Examined:
    """Result of a proposer in an exam."""

    trajectories: Sequence[Trajectory]
    """Every candidate."""
    paid: Mapping[str, Sequence[float]]
    """r_T of the well-formed ones, by kind of task: which skill asks, which supplies."""
    valid: int
    """Number of valid ones."""
    rho: Sequence[float]
    """ρ of the valid ones that were probed."""

    @property
    def all_paid(self) -> list[float]:
        """r_T of the well-formed ones."""
        return [reward for paid in self.paid.values() for reward in paid]

    @property
    def asked(self) -> Counter[str]:
        """Number of tasks by kind."""
        return Counter(map(kind_of, self.trajectories))

    def figures(self) -> dict[str, float]:
        """As the table has them."""
        found, paid = self.trajectories, self.all_paid
        return {
            "formed": len(paid) / len(found),
            "validity": self.valid / len(found),
            "r_T": sum(paid) / len(found),
            "r_T_formed": fmean(paid) if paid else 0.0,
            "r_T_alike": sum(share * fmean(self.paid[kind]) for kind, share in shares(self, self).items()),
            "rho": fmean(self.rho) if self.rho else 0.0,
            "pruned": sum(t.pruned > 0 for t in found) / len(found),
            "replaced": sum(t.replaced > 0 for t in found) / len(found),
            "turns": fmean(len(t.turns) for t in found),
        }


def examined(place: Path, name: str, exam: str) -> Examined:
    """A proposer's exam, as its verifier and the prober judged it."""
    run = open_run(place / f"{name}-{exam}")
    probed = place / f"{name}-{exam}-rho"
    rho = {d.problem_id: d.c / d.k for d in open_run(probed).iter(Difficulty)} if probed.exists() else {}
    valid = {v.problem_id for v in run.iter(Verdict) if v.value == "valid"}
    found = list(run.iter(Trajectory))
    formed = [(kind_of(t), t.problem_id) for t in found if t.problem_id is not None]
    paid: dict[str, list[float]] = {}
    for kind, p in formed:
        paid.setdefault(kind, []).append(terminal(p in valid, rho.get(p)))
    good = [p for _, p in formed if p in valid]
    return Examined(found, paid, len(good), [rho[p] for p in good if p in rho])


def kind_of(trajectory: Trajectory) -> str:
    """Return the kind of a task: the skill that asks the question, and those that supply its inputs."""
    return " of ".join(trajectory.task.skill_names)


def shares(one: Examined, other: Examined, least: int = 1) -> dict[str, float]:
    """The share of each kind of task among all that was asked of both, of kinds that both made problems of.

    With it two proposers are compared on the same mixture of tasks: who learns to make problems of a kind that pays
    little has a smaller E[r_T | well formed], though it does nothing worse.
    """
    asked = one.asked + other.asked
    both = [kind for kind in asked if min(len(which.paid.get(kind, ())) for which in (one, other)) >= least]
    return {kind: asked[kind] / sum(asked[k] for k in both) for kind in both}


Gain = Callable[[Examined, Examined], tuple[float, float]]


@dataclass(frozen=True)
class Exam:
    """Results of all proposers in one exam."""

    title: str
    starts: Mapping[str, Examined]
    """Result of the model that imitates each expert."""
    ends: Mapping[str, Sequence[Examined]]
    """Each arm, seed by seed."""

    @classmethod
    def of(cls, exam: str, seeds: Sequence[int], out: Path, arms: Sequence[str]) -> Exam:
        """From what is on disk."""
        experts = dict.fromkeys(ARMS[arm].expert for arm in arms)
        starts = {expert: examined(out, f"sft-{expert}", exam) for expert in experts}
        ends = {arm: [examined(out / str(seed), arm, exam) for seed in seeds] for arm in arms}
        return cls(TITLES[exam], starts, ends)

    def table(self) -> dict[str, dict[str, Estimate]]:
        """Arm → measure → its mean over seeds."""
        figures = {arm: [end.figures() for end in found] for arm, found in self.ends.items()}
        return {
            arm: {key: Estimate.of([one[key] for one in found]) for key in MEASURES} for arm, found in figures.items()
        }

    def gains(self, how: Gain) -> dict[str, list[tuple[float, float]]]:
        """Arm → what it gained over what it began with, seed by seed."""
        return {arm: [how(self.starts[ARMS[arm].expert], end) for end in found] for arm, found in self.ends.items()}

    def lines(self) -> list[str]:
        """As text."""
        table, before = self.table(), {expert: start.figures() for expert, start in self.starts.items()}
        return [
            f"## {self.title}",
            "",
            *_table(table, before),
            "",
            *_differences(table),
            "",
            *_gains("E[r_T | well formed]", self.gains(gain)),
            "",
            *_gains("E[r_T | well formed], tasks alike", self.gains(gain_alike)),
        ]

    def results(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "arms": {arm: {key: vars(e) for key, e in row.items()} for arm, row in self.table().items()},
            "starts": {expert: start.figures() for expert, start in self.starts.items()},
            "gains": _numbers(self.gains(gain)),
            "gains_alike": _numbers(self.gains(gain_alike)),
        }


def solved(place: Path, arm: str) -> float:
    """Return mean@k of an arm's solver, which is still the beginner if it had no problem to learn from."""
    score = place / f"{arm}-score"
    return _score(score if score.exists() else place / "beginner-score")


def gain(before: Examined, after: Examined) -> tuple[float, float]:
    """Return E[r_T | well formed] after minus before, and its standard error over problems; NaN without problems."""
    return _gain({"": 1.0}, *({"": which.all_paid} for which in (before, after)))


def gain_alike(before: Examined, after: Examined) -> tuple[float, float]:
    """The same on one mixture of tasks."""
    return _gain(shares(before, after, least=2), before.paid, after.paid)


def _gain(
    weights: Mapping[str, float], before: Mapping[str, Sequence[float]], after: Mapping[str, Sequence[float]]
) -> tuple[float, float]:
    if not weights or any(min(len(before[kind]), len(after[kind])) < 2 for kind in weights):
        return nan, nan
    more = sum(weight * (fmean(after[kind]) - fmean(before[kind])) for kind, weight in weights.items())
    spread = sum(
        weight**2 * variance(paid) / len(paid)
        for kind, weight in weights.items()
        for paid in (before[kind], after[kind])
    )
    return more, sqrt(spread)


def sized(size: Size) -> dict[str, Any]:
    """As JSON takes it."""
    return asdict(size) | {"start": None if size.start is None else size.start.name}


def _score(run: Path) -> float:
    summary: dict[str, Any] = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    return float(summary["mean"]["value"])


def _table(table: Mapping[str, Mapping[str, Estimate]], starts: Mapping[str, Mapping[str, float]]) -> list[str]:
    titles = list(MEASURES.values())
    lines = ["| arm | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    lines += [
        f"| before: imitation of `{expert}` | " + " | ".join(f"{row[key]:.3f}" for key in MEASURES) + " |"
        for expert, row in starts.items()
    ]
    return lines + [
        f"| {ARMS[arm].title} | " + " | ".join(str(row[key]) for key in MEASURES) + " |" for arm, row in table.items()
    ]


def _solvers(solvers: Mapping[str, Estimate], beginner: Estimate) -> list[str]:
    """Report the downstream solvers."""
    lines = [
        "## Downstream solvers",
        "",
        "| trained on problems of | mean@k on the benchmark |",
        "|---|---|",
        f"| nobody: before training | {beginner} |",
        *(f"| {ARMS[arm].title} | {score} |" for arm, score in solvers.items()),
    ]
    if FULL in solvers:
        told = {arm: Estimate.between(solvers[FULL], score) for arm, score in solvers.items() if arm != FULL}
        lines += ["", *(f"- full MGPO − {ARMS[arm].title}: {e:+}" for arm, e in told.items())]
    return lines


def _differences(table: Mapping[str, Mapping[str, Estimate]]) -> list[str]:
    """Full MGPO minus each other arm, by seed."""
    if FULL not in table:
        return []
    lines = []
    for arm, row in table.items():
        if arm != FULL:
            pairs = {key: Estimate.between(table[FULL][key], row[key]) for key in COMPARED}
            lines.append(
                f"- full MGPO − {ARMS[arm].title}: " + ", ".join(f"{MEASURES[key]} {e:+}" for key, e in pairs.items())
            )
    return lines


def _gains(what: str, gains: Mapping[str, Sequence[tuple[float, float]]]) -> list[str]:
    """Report the gain of each arm over its start, seed by seed, with its standard error."""
    told = {
        arm: ", ".join("too few problems" if isnan(more) else f"{more:+.3f} ({error:.3f})" for more, error in found)
        for arm, found in gains.items()
    }
    return [f"- {what}, gain of {ARMS[arm].title} (standard error): {text}" for arm, text in told.items()]


def _numbers(gains: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, list[tuple[float, float] | None]]:
    """As JSON takes it, which knows no NaN."""
    return {arm: [None if isnan(pair[0]) else pair for pair in found] for arm, found in gains.items()}


def _gates(gates: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Report each arm's gate: its effect, and the ratios r that it saw."""
    return [
        f"- gate, {ARMS[arm].title}: {found['verdict']}, mean {found['mean']:.4f}, least mean of a step "
        f"{found['least']:.4f}, r within 5 % of 1 for {found['near']:.2%} of the tokens"
        for arm, found in gates.items()
        if found["mean"] is not None
    ]


# --- curves ---


def _curve(path: Path) -> list[dict[str, float]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _tokens(run: Path) -> float:
    """Action tokens that an arm was trained on, those of masked episodes left out."""
    if "action_tokens" in (summary := json.loads((run / "summary.json").read_text(encoding="utf-8"))):
        return float(summary["action_tokens"])
    return sum(row.get("update/tokens", 0.0) for row in _curve(run / "metrics.jsonl"))


def _gate(curves: Sequence[Sequence[Mapping[str, float]]]) -> dict[str, Any]:
    """Summarise the gate over all curves."""
    gates = [row["update/gate"] for curve in curves for row in curve if "update/gate" in row]
    if not gates:
        return {"mean": None, "verdict": "no gate"}
    mean = fmean(gates)
    near = fmean([row[NEAR] for curve in curves for row in curve if NEAR in row])
    return {"mean": mean, "least": min(gates), "near": near, "verdict": "not exercised" if mean > 0.99 else "exercised"}


def draw(curves: Mapping[str, Sequence[Sequence[Mapping[str, float]]]], path: Path) -> None:
    """Reward, validity, difficulty and entropy by step, a line per arm: the mean over seeds, and their range."""
    try:
        from matplotlib import pyplot as plt
        from matplotlib import use
    except ImportError:
        return
    use("svg")
    shown = {
        "reward/r_T": "E[r_T]",
        "reward/r_T_formed": "E[r_T | well formed]",
        "reward/validity": "valid",
        "reward/rho": "ρ of valid ones",
    }
    figure, axes = plt.subplots(1, len(shown), figsize=(4 * len(shown), 3.6), layout="constrained")
    for axis, (key, title) in zip(axes, shown.items(), strict=True):
        for arm, by_seed in curves.items():
            lines = [_line(curve, key) for curve in by_seed]
            steps = sorted(set.intersection(*map(set, lines))) if lines else []
            if not steps:
                continue
            found = [[line[step] for line in lines] for step in steps]
            axis.plot(steps, [fmean(values) for values in found], label=ARMS[arm].title)
            axis.fill_between(steps, [min(values) for values in found], [max(values) for values in found], alpha=0.12)
        axis.set_title(title)
        axis.set_xlabel("step")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(path)
    plt.close(figure)


def _line(curve: Sequence[Mapping[str, float]], key: str) -> dict[int, float]:
    """Step → smoothed value, of the steps that have one: without a well-formed episode there is nothing to average."""
    rows = [row for row in curve if key in row]
    return dict(zip([int(row["step"]) for row in rows], smooth([row[key] for row in rows]), strict=True))


def smooth(values: Sequence[float], decay: float = 0.8) -> list[float]:
    """Exponential mean, bias corrected: a step's batch is small."""
    out: list[float] = []
    total = weight = 0.0
    for value in values:
        total, weight = decay * total + (1 - decay) * value, decay * weight + 1 - decay
        out.append(total / weight)
    return out
