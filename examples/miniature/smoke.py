"""The smoke run: minutes that show that reinforcement learns, on one pair of skills and with a real prober.

One seed, continued imitation and full MGPO. It begins with the model in `start/`, because nobody can say beforehand how
many minutes of imitation it takes until numbers are copied; `--from-scratch` imitates first, and what it left, rounded
to bfloat16, is `start/`. The prober is a model that was trained on bare answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from exam import Examined, examined, gain
from plan import CONTINUED, HERE, RL, SFT, Step, agentprop, examine, propose, script, settings_of, train, world

PAIR = ("digit-sum", "multiples")
FOUR = ("digit-sum", "multiples", "product", "remainder")
"""Skills that `--from-scratch` imitates, in bundles of up to three without digit-sum+remainder."""
ARMS = {"sft": "continued imitation, as many trajectories", "mgpo": "full MGPO"}
SEED, MORE_SEED, EXAM_SEED, SFT_SEED = 0, 1, 6000, 100
HIDDEN, LAYERS, VOCABULARY = 128, 3, 1536
STEPS, GROUPS, SIZE, K = 30, 8, 8, 16
CANDIDATES = 400
PROBER = {"temperature": 1.0, "top_p": 1.0, "reply_tokens": 16}
MGPO = {
    **RL,
    "learning_rate": 2e-4,
    "minibatches": 4,
    "k": K,
    "steps": STEPS,
    "groups": GROUPS,
    "group_size": SIZE,
    "beta": 0.01,
    **{f"prober_{key}": value for key, value in PROBER.items()},
}


def steps(out: Path, arms: Sequence[str], *, scratch: bool = False) -> Iterator[Step]:
    """Yield every step, from expert trajectories to the exams of all arms."""
    at = world(_packages(PAIR), 2)
    imitated = world(_packages(FOUR), 3, ("digit-sum+remainder",)) if scratch else at
    problems = 12_000 if scratch else 4_000
    yield Step("expert", propose("builtin", out / "expert", SEED, problems, **imitated), out / "expert")
    shape = ("--vocabulary", VOCABULARY, "--hidden", HIDDEN, "--layers", LAYERS)
    yield Step(
        "student", script("student.py", out / "expert", "--out", out / "student", *shape), out / "student", ("expert",)
    )
    learn = partial(train, "train-sft", out / "expert", out / "student", seed=SEED)
    sft = {**SFT, "learning_rate": 2e-3, "held_out": imitated["held_out"]}
    known = ("expert", "student")
    if scratch:
        command = learn(out=out / "sft-expert", **sft, batch_size=4, epochs=2)
        yield Step("sft-expert", command, out / "sft-expert", known)
    command = learn(out=out / "prober", **sft, imitate="answers", batch_size=48, epochs=6)
    yield Step("prober", command, out / "prober", known)
    start, before = (out / "sft-expert" / "model", ("sft-expert",)) if scratch else (HERE / "start", ())
    yield from _exam(out, "before", start, before, at)
    if "sft" in arms:
        yield Step("more", propose("builtin", out / "more", MORE_SEED, STEPS * GROUPS * SIZE, **at), out / "more")
        command = train("train-sft", out / "more", start, out / "sft", SFT_SEED, **CONTINUED, batch_size=4)
        yield Step("sft", command, out / "sft", (*before, "more"))
    if "mgpo" in arms:
        prober = str(out / "prober" / "model")
        command = train("train-mgpo", None, start, out / "mgpo", SEED, **at, **MGPO, prober=prober)
        yield Step("mgpo", command, out / "mgpo", (*before, "prober"))
    for arm in arms:
        yield from _exam(out, arm, out / arm / "model", (arm,), at)


def _exam(out: Path, who: str, model: Path, needs: tuple[str, ...], at: dict[str, object]) -> Iterator[Step]:
    proposed, rho = out / f"{who}-test", out / f"{who}-test-rho"
    command = examine(model, proposed, EXAM_SEED, CANDIDATES, **at)
    yield Step(proposed.name, command, proposed, needs, bounded=True)
    words = ("probe", proposed, "--prober", out / "prober" / "model", "--k", K, "--out", rho, "--quiet")
    command = agentprop(*words, *settings_of({**PROBER, "seed": SEED}))
    yield Step(rho.name, command, rho, (proposed.name, "prober"), idle=partial(no_problems, proposed))


def no_problems(run: Path) -> bool:
    """Return True if a run accepted nothing: a bad proposer may have no problem to probe."""
    return not json.loads((run / "summary.json").read_text(encoding="utf-8"))["accepted"]


def _packages(skills: Sequence[str]) -> list[Path]:
    return [HERE / "skills" / skill for skill in skills]


# --- what came out ---


def tell(out: Path, arms: Sequence[str]) -> None:
    """Write `results.json` and print a table; standard errors are over problems."""
    found = {who: examined(out / f"{who}-test", out / f"{who}-test-rho") for who in ("before", *arms)}
    gains = {arm: gain(found["before"], found[arm]) for arm in arms}
    results = {"exam": {who: exam.figures() for who, exam in found.items()}, "gains": gains}
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print("\n".join(_lines(found, gains)))


def _lines(found: dict[str, Examined], gains: dict[str, tuple[float, float]]) -> Iterator[str]:
    shown = ("formed", "validity", "r_T", "r_T_formed", "rho")
    yield "| | well formed | valid | E[r_T] | E[r_T, well formed] | ρ of valid ones |"
    yield "|---" * 6 + "|"
    titles = {"before": "before: imitation", **ARMS}
    for who, exam in found.items():
        figures = exam.figures()
        yield f"| {titles[who]} | " + " | ".join(f"{figures[key]:.3f}" for key in shown) + " |"
    for arm, (more, error) in gains.items():
        yield f"- E[r_T | well formed], gain of {ARMS[arm]}: {more:+.3f} (standard error {error:.3f})"
