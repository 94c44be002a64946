"""Runs of the experiment → `results.md` and `results.json`: the endpoint first, and the rest under its own word.

Every number is counted from records on disk. ρ comes from the simulated prober, and every table that has it says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

from analysis import Paired, bootstrap, paired, sign_flip_p
from design import HELD_OUT, Pair, telling
from exam import Examined, examined
from experiment import BEFORE, TITLES, gate_of, start_of
from preregistered import fingerprint, registered

from agentprop import __version__
from agentprop.grading.simulated_prober import NAME, pass_rate
from agentprop.grading.wilson import wilson
from agentprop.records import Trajectory

INSIDE = "update/ratio_in/0.95-1.05"
"""Metric: the share of tokens whose ratio r to the policy that sampled them is there."""
LAST = 10
EXAMS = ("held_out", "practised")
MEASURES = {
    "validity": "valid",
    "formed": "well formed",
    "r_T_formed": "E[r_T, well formed], simulated prober",
    "rho": "ρ of valid ones, simulated prober",
    "templates": "distinct valid templates",
    "pruned": "pruned where needed",
    "over_pruned": "pruned where not",
    "turns": "turns",
}


@dataclass(frozen=True)
class Found:
    """Exams of an arm on held-out pairs, and on practised ones, by seed; of what arms begin with, by start."""

    held_out: Mapping[int, Examined]
    practised: Mapping[int, Examined]

    @classmethod
    def of(cls, out: Path, seeds: Sequence[int], arm: str) -> Found:
        """Read the exams of an arm."""
        names = {seed: f"{seed}/{arm}" for seed in seeds}
        return cls(*({seed: read(out / f"{name}-{exam}", exam) for seed, name in names.items()} for exam in EXAMS))

    @classmethod
    def before(cls, out: Path, seeds: Sequence[int]) -> Found:
        """Read the exams of what the arms of these seeds begin with, by start, as far as they were taken."""
        names = {start: f"start-{start}/{BEFORE}" for start in map(start_of, seeds)}
        names = {start: name for start, name in names.items() if (out / f"{name}-{EXAMS[-1]}").exists()}
        return cls(*({start: read(out / f"{name}-{exam}", exam) for start, name in names.items()} for exam in EXAMS))


def read(run: Path, exam: str) -> Examined:
    """Count one exam, with ρ by the registered prober."""
    rl, most = registered()["reinforcement"], registered()["exams"][exam]["candidates"]
    found = NAME.fullmatch(rl["prober"])
    assert found is not None  # the file is tested
    return examined(run, rate=partial(pass_rate, c=float(found[1]), k=rl["k"]), most=most)


def validity_by_pair(exam: Examined, pairs: Sequence[Pair] = HELD_OUT) -> list[float]:
    """Return the share of valid candidates of each pair; 0 for a pair that was never asked for."""
    asked: dict[Pair, list[bool]] = {pair: [] for pair in pairs}
    for trajectory in exam.trajectories:
        one, other = sorted(telling(trajectory.task.skill_names))
        asked[one, other].append(trajectory.id in exam.valid)
    return [fmean(found) if found else 0.0 for found in asked.values()]


def figures(exam: Examined) -> dict[str, float]:
    """Return the measures of an exam, with those of pruning."""
    needed = [t for t in exam.trajectories if len(telling(t.task.skill_names)) < len(t.task.skill_names)]
    free = [t for t in exam.trajectories if t not in needed]
    return {**exam.figures(), "pruned": _pruned(needed), "over_pruned": _pruned(free)}


def _pruned(found: Sequence[Trajectory]) -> float:
    return fmean(t.pruned > 0 for t in found) if found else 0.0


# --- the endpoint ---


@dataclass(frozen=True)
class Endpoint:
    """The one number that was asked for, and how sure it is."""

    difference: Paired
    """By seed."""
    sign_flip: float
    """Exact p."""
    interval: tuple[float, float]
    """Bootstrap over pairs and seeds."""

    @classmethod
    def of(
        cls, one: Mapping[int, Examined], other: Mapping[int, Examined], pairs: Sequence[Pair] = HELD_OUT
    ) -> Endpoint:
        """Compare two arms by seed."""
        by_pair = [_minus(validity_by_pair(one[seed], pairs), validity_by_pair(other[seed], pairs)) for seed in one]
        by_seed = [fmean(found) for found in by_pair]
        resamples = registered()["endpoint"]["bootstrap"]
        return cls(paired(by_seed), sign_flip_p(by_seed), bootstrap(by_pair, resamples))


def _minus(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [a - b for a, b in zip(one, other, strict=True)]


# --- what is told ---


def tell(out: Path, seeds: Sequence[int], arms: Sequence[str]) -> None:
    """Count, write and print."""
    gates = {start: gate_of(out / f"start-{start}" / "gate.json") for start in dict.fromkeys(map(start_of, seeds))}
    left = [seed for seed in seeds if gates[start_of(seed)]["passed"]]
    if len(left) < 2:
        print(f"nothing to compare: {len(left)} of {len(seeds)} seeds have a start that passed its gate")
        return
    found = {arm: Found.of(out, left, arm) for arm in arms}
    one, other = registered()["endpoint"]["contrast"]
    endpoint = Endpoint.of(found[one].held_out, found[other].held_out) if {one, other} <= found.keys() else None
    outside = {arm: ratios_outside(out, left, arm) for arm in arms if arm != "sft"}
    before = Found.before(out, left)
    shown = {BEFORE: before, **found} if before.held_out else found
    lines = [
        *_head(endpoint, gates, seeds, left),
        *_secondary(shown),
        *_pairs(shown),
        *_ratios(outside),
        *_flags(out, left, arms),
    ]
    (out / "results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (out / "results.json").write_text(json.dumps(_numbers(endpoint, shown, gates), indent=1) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _head(endpoint: Endpoint | None, gates: Mapping[int, Any], seeds: Sequence[int], left: Sequence[int]) -> list[str]:
    lines = [
        f"preregistered.toml: sha256 {fingerprint()}; agentprop {__version__}",
        "",
        f"**{registered()['question']}**",
        "",
    ]
    if endpoint is not None:
        low, high = endpoint.interval
        lines.append(f"Endpoint, V-validity on held-out pairs, full MGPO − GRPO: {endpoint.difference}; ")
        lines.append(
            f"exact sign-flip p = {endpoint.sign_flip:.3f}; bootstrap over pairs and seeds {low:+.3f} to {high:+.3f}."
        )
    whole = list(seeds) == registered()["seeds"]["counted"]
    lines += ["", "All registered seeds." if whole else f"**Not the registered seeds**: {list(seeds)}."]
    excluded = sorted(set(seeds) - set(left))
    lines += [f"Excluded before reinforcement, by the gate: {excluded or 'none'}.", ""]
    for start, gate in gates.items():
        formed = ", ".join(f"{one['formed']:.3f}" for one in gate["rounds"])
        lines.append(f"- gate of start {start}: {formed} well formed, {'passed' if gate['passed'] else 'failed'}")
    return lines


def _secondary(found: Mapping[str, Found]) -> list[str]:
    lines = []
    for exam, title in zip(EXAMS, ("held-out pairs", "practised pairs"), strict=True):
        lines += [
            "",
            f"## Secondary: {title}, means over seeds (before: over starts)",
            "",
            "| arm | " + " | ".join(MEASURES.values()) + " |",
        ]
        lines.append("|---" * (1 + len(MEASURES)) + "|")
        for arm, exams in found.items():
            each = [figures(one) for one in getattr(exams, exam).values()]
            cells = " | ".join(f"{fmean(one[key] for one in each):.3f}" for key in MEASURES)
            lines.append(f"| {TITLES[arm]} | {cells} |")
    return lines


def _pairs(found: Mapping[str, Found]) -> list[str]:
    """Report validity by pair, over all seeds, with Wilson intervals: does one pair carry the difference?"""
    lines = [
        "",
        "## Secondary: valid by held-out pair",
        "",
        "| pair | " + " | ".join(TITLES[arm] for arm in found) + " |",
    ]
    lines.append("|---" * (1 + len(found)) + "|")
    for pair in HELD_OUT:
        cells = [_share([_of_pair(one, pair) for one in exams.held_out.values()]) for exams in found.values()]
        lines.append(f"| {' + '.join(pair)} | " + " | ".join(cells) + " |")
    return lines


def _of_pair(exam: Examined, pair: Pair) -> tuple[int, int]:
    asked = [t for t in exam.trajectories if tuple(sorted(telling(t.task.skill_names))) == pair]
    return sum(t.id in exam.valid for t in asked), len(asked)


def _share(counts: Sequence[tuple[int, int]]) -> str:
    good, asked = sum(a for a, _ in counts), sum(b for _, b in counts)
    if not asked:
        return "not asked"
    low, high = wilson(good, asked)
    return f"{good / asked:.2f} ({low:.2f} to {high:.2f})"


def _ratios(outside: Mapping[str, float]) -> list[str]:
    least = registered()["gate_of_ratios"]["least_outside"]
    lines = ["", "## Secondary: was the gate on ratios exercised?", ""]
    for arm, share in outside.items():
        said = "exercised" if share >= least else "not exercised: nothing is said about it"
        lines.append(f"- {TITLES[arm]}: {share:.2%} of the tokens with r outside 0.95 to 1.05 ({said})")
    return lines


def _flags(out: Path, seeds: Sequence[int], arms: Sequence[str]) -> list[str]:
    """Name the runs whose episodes broke down for some steps in a row; they count all the same."""
    rule = registered()["flag"]
    flagged = [f"{seed}/{arm}" for seed in seeds for arm in arms if broke_down(curve(out / f"{seed}/{arm}"), rule)]
    return ["", f"Flagged, more than {rule['malformed']:.0%} of episodes malformed: {', '.join(flagged) or 'none'}."]


def broke_down(rows: Sequence[Mapping[str, float]], rule: Mapping[str, float]) -> bool:
    """Return True if too many episodes ended with malformed messages for so many steps in a row."""
    run = 0
    for row in rows:
        run = run + 1 if row.get("stop/malformed", 0.0) > rule["malformed"] else 0
        if run == rule["steps"]:
            return True
    return False


def ratios_outside(out: Path, seeds: Sequence[int], arm: str) -> float:
    """Return the share of tokens whose ratio moved by more than 5 %."""
    inside = [row[INSIDE] for seed in seeds for row in curve(out / f"{seed}/{arm}") if INSIDE in row]
    return 1 - fmean(inside) if inside else 0.0


def curve(run: Path) -> list[dict[str, float]]:
    """Return the metrics of a training run, step by step."""
    path = run / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def _numbers(endpoint: Endpoint | None, found: Mapping[str, Found], gates: Mapping[int, Any]) -> dict[str, Any]:
    return {
        "preregistered": fingerprint(),
        "endpoint": None if endpoint is None else {
            **vars(endpoint.difference), "sign_flip_p": endpoint.sign_flip, "bootstrap": endpoint.interval
        },
        "gates": gates,
        "valid_by_pair": {
            arm: {seed: validity_by_pair(one) for seed, one in exams.held_out.items()} for arm, exams in found.items()
        },
        "arms": {
            arm: {
                exam: {seed: {**figures(one)} for seed, one in getattr(exams, exam).items()}
                for exam in EXAMS
            }
            for arm, exams in found.items()
        },
    }  # fmt: skip


# --- learning rates ---


def tell_rates(out: Path, arms: Sequence[str]) -> None:
    """Print the learning rate of each arm that practised tasks paid most with, to be registered."""
    for arm in arms:
        if arm != "sft":
            paid = {rate: practised_reward(out, arm, rate) for rate in registered()["rates"]["tried"]}
            told = ", ".join(f"{rate:g}: {value:.3f}" for rate, value in paid.items())
            print(f"{arm} = {max(paid, key=lambda rate: paid[rate]):g}    # mean r_T {told}")


def practised_reward(out: Path, arm: str, rate: float) -> float:
    """Return the mean r_T of the last steps, over the tuning seeds."""
    curves = [curve(out / f"{seed}/{arm}-{rate:g}") for seed in registered()["seeds"]["tuning"]]
    return fmean(row["reward/r_T"] for rows in curves for row in rows[-LAST:] if "reward/r_T" in row)
