"""Sizes, seeds and arms → the steps of the miniature, each an agentprop command (or a script beside this one).

Everything that differs between two arms is in ARMS; whatever an arm does not name is equal in all: seeds, tasks,
the number of episodes and of optimiser steps, the learning rate, the prober. An arm whose proposer behaves differently
from the start (no edits, no loop) imitates expert trajectories of its own kind first, of as many problems.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
AGENTPROP = ("-m", "agentprop")
HELD_OUT = ("digit-sum+product", "reversal+multiples", "divisor-count+running-total", "binary-ones+remainder",
            "product+remainder", "multiples+running-total")  # fmt: skip
"""Pairs of skills that no step before the test puts together."""


@dataclass(frozen=True)
class Arm:
    """A way to train the proposer."""

    title: str
    """Its name in tables."""
    expert: str = "expert"
    """Whose trajectories it imitates first."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """What differs from full MGPO."""
    imitates: bool = False
    """Goes on imitating for as many tokens, instead of learning by reinforcement."""


ARMS: dict[str, Arm] = {
    "sft": Arm("SFT only, continued", imitates=True),
    "grpo": Arm("GRPO", settings={"algorithm": "grpo", "omega": 0.0}),
    "no-stage": Arm("MGPO without stage advantage", settings={"omega": 0.0}),
    "no-gate": Arm("MGPO without gate", settings={"gate": "none"}),
    "mgpo": Arm("full MGPO"),
    "no-edit": Arm("MGPO without τ_edit", expert="expert-no-edit", settings={"edits": False}),
    "one-shot": Arm("one-shot, without the loop", expert="expert-at-once", settings={"one_shot": True}),
}


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    seeds: tuple[int, ...]
    arms: tuple[str, ...]
    problems: int
    """Expert problems to imitate."""
    vocabulary: int
    hidden: int
    layers: int
    sft_epochs: int
    solver_epochs: int
    """Passes of the prober over the expert problems; the downstream solver begins with one."""
    steps: int
    """Rollout batches of reinforcement."""
    groups: int
    group_size: int
    candidates: int
    """Candidates of each arm on held-out pairs, and as many on the others, for its solver."""
    solver_steps: int
    test: int
    """Problems of the downstream benchmark."""
    k: int
    """Attempts of the prober, and of the solvers at each problem of the benchmark."""


FULL = Size(
    seeds=(0, 1, 2), arms=tuple(ARMS), problems=12_000, vocabulary=1536, hidden=128, layers=3, sft_epochs=3,
    solver_epochs=8, steps=60, groups=8, group_size=8, candidates=600, solver_steps=60, test=300, k=16,
)  # fmt: skip
SMOKE = Size(
    seeds=(0,), arms=("sft", "mgpo"), problems=1_500, vocabulary=1024, hidden=96, layers=2, sft_epochs=3,
    solver_epochs=4, steps=6, groups=4, group_size=8, candidates=100, solver_steps=3, test=40, k=8,
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A command and what it needs."""

    name: str
    """`seed/what`; also where it writes, below the output directory."""
    command: tuple[str, ...]
    """Arguments of the interpreter."""
    product: Path
    """What is there when it is done."""
    needs: tuple[str, ...] = ()
    """Steps that come first."""
    bounded: bool = False
    """Ends at a bound that was set on purpose."""

    @property
    def _mark(self) -> Path:
        return self.product.with_name(self.product.name + ".done")

    def done(self) -> bool:
        """Whether it was finished."""
        return self._mark.exists()

    def mark(self) -> None:
        """Remember that it is finished."""
        self._mark.touch()


def steps(size: Size, seeds: Sequence[int], out: Path, arms: Sequence[str]) -> list[Step]:
    """Every step for these seeds and arms."""
    first = f"{seeds[0]}/expert"
    student = Step("student", _script("student.py", str(out / first), "--out", str(out / "student"),
                   "--vocabulary", size.vocabulary, "--hidden", size.hidden, "--layers", size.layers),
                   out / "student", (first,))  # fmt: skip
    test = list(_benchmark(size, out))
    return [*test, student, *(step for seed in seeds for step in Seed(size, seed, out).steps(arms))]


def _benchmark(size: Size, out: Path) -> Iterator[Step]:
    """Problems with held-out pairs, of the built-in proposer: what the solvers are examined on."""
    problems, file = out / "test", out / "test.jsonl"
    yield Step("test", _propose("builtin", problems, 999, n=size.test, held_out_only=True), problems)
    yield Step("benchmark", _agentprop("export", problems, "--format", "jsonl", "--out", file), file, ("test",))


@dataclass(frozen=True)
class Seed:
    """The steps of one seed."""

    size: Size
    seed: int
    out: Path

    def steps(self, arms: Sequence[str]) -> Iterator[Step]:
        """From expert trajectories to the scores of every arm's solver."""
        experts = dict.fromkeys(ARMS[arm].expert for arm in arms)
        yield from self._experts({"expert": None, **experts})
        for expert in experts:
            yield self._imitate(expert)
        yield self._answers("prober", self.size.solver_epochs)
        yield self._answers("beginner", 1)
        yield self._evaluate("beginner", self._path("beginner"), "beginner")
        for arm in arms:
            yield from self._arm(arm)

    # --- before the arms part ---

    def _experts(self, wanted: Mapping[str, object]) -> Iterator[Step]:
        n, at = self.size.problems, self._path
        yield self._step("expert", _propose("builtin", at("expert"), self.seed, n=n))
        if "expert-no-edit" in wanted:
            yield self._step("expert-no-edit", _propose("builtin", at("expert-no-edit"), self.seed, n=n, prune=False))
        if "expert-at-once" in wanted:
            command = _script("one_shot.py", at("expert"), "--out", at("expert-at-once"))
            yield self._step("expert-at-once", command, "expert")

    def _imitate(self, expert: str) -> Step:
        name = f"sft-{expert}"
        command = _train("train-sft", self._path(expert), self.out / "student", self._path(name), self.seed,
                         **SFT, epochs=self.size.sft_epochs, held_out=HELD_OUT)  # fmt: skip
        return self._step(name, command, expert, "/student")

    def _answers(self, name: str, epochs: int) -> Step:
        command = _train("train-sft", self._path("expert"), self.out / "student", self._path(name), self.seed,
                         **SFT | {"batch_size": 48}, imitate="answers", epochs=epochs, held_out=HELD_OUT)  # fmt: skip
        return self._step(name, command, "expert", "/student")

    # --- an arm ---

    def _arm(self, name: str) -> Iterator[Step]:
        arm, at, size = ARMS[name], self._path, self.size
        start, model = at(f"sft-{arm.expert}") / "model", at(name) / "model"
        before = f"sft-{arm.expert}"
        if arm.imitates:
            command = _train("train-sft", at(arm.expert), start, at(name), self.seed + 100, **CONTINUED,
                             max_steps=self._as_many_steps(), held_out=HELD_OUT)  # fmt: skip
            yield self._step(name, command, before)
        else:
            command = _train("train-mgpo", None, start, at(name), self.seed, **self._reinforce(), **arm.settings)
            yield self._step(name, command, before, "prober")
        shape = {"edits": "prune"}
        rules = {shape.get(key, key): value for key, value in arm.settings.items() if key in ("edits", "one_shot")}
        bound = {"n": 10 * size.candidates, "max_candidates": size.candidates, "verifier": "builtin", **rules}
        yield self._step(f"{name}-problems", _propose(model, at(f"{name}-problems"), 5000 + self.seed, **bound), name,
                         bounded=True)  # fmt: skip
        yield self._step(f"{name}-test", _propose(model, at(f"{name}-test"), 6000 + self.seed, held_out_only=True,
                                                  **bound), name, bounded=True)  # fmt: skip
        probe = _agentprop("probe", at(f"{name}-test"), "--prober", at("prober") / "model", "--k", size.k,
                           "--out", at(f"{name}-rho"), "--quiet", *_set(temperature=1.0, top_p=1.0, reply_tokens=16,
                                                                        seed=self.seed))  # fmt: skip
        yield self._step(f"{name}-rho", probe, f"{name}-test", "prober")
        solver = _train("train-solver", at(f"{name}-problems"), at("beginner") / "model", at(f"{name}-solver"),
                        self.seed, **SOLVER, steps=size.solver_steps)  # fmt: skip
        yield self._step(f"{name}-solver", solver, f"{name}-problems", "beginner")
        yield self._evaluate(f"{name}-score", at(f"{name}-solver"), f"{name}-solver")

    def _reinforce(self) -> dict[str, object]:
        size = self.size
        return {**WORLD, **RL, "prober": str(self._path("prober") / "model"), "k": size.k, "steps": size.steps,
                "groups": size.groups, "group_size": size.group_size, "held_out": HELD_OUT}  # fmt: skip

    def _as_many_steps(self) -> int:
        """Optimiser steps of imitation that see as many trajectories as reinforcement rolls out."""
        return self.size.steps * self.size.groups * self.size.group_size // int(str(SFT["batch_size"]))

    def _evaluate(self, name: str, model: Path, *needs: str) -> Step:
        target = name if name.endswith("-score") else f"{name}-score"
        command = _agentprop("evaluate", self.out / "test.jsonl", "--model", model / "model", "--k", self.size.k,
                             "--out", self._path(target), "--quiet",
                             *_set(temperature=1.0, reply_tokens=16, seed=self.seed))  # fmt: skip
        return self._step(target, command, "/benchmark", *needs)

    def _path(self, name: str) -> Path:
        return self.out / str(self.seed) / name

    def _step(self, name: str, command: tuple[str, ...], *needs: str, bounded: bool = False) -> Step:
        """Needs are of this seed, or shared by all where they begin with a slash."""
        first = tuple(need[1:] if need.startswith("/") else f"{self.seed}/{need}" for need in needs)
        return Step(f"{self.seed}/{name}", command, self._path(name), first, bounded)


# --- settings that all arms share ---

WORLD: dict[str, object] = {
    "skills": [str(HERE / "skills")], "bundled_skills": False, "max_skills": 3, "max_turns": 12,
}  # fmt: skip
"""The library and the limits of an episode."""
SFT: dict[str, object] = {
    "learning_rate": 4e-3, "batch_size": 12, "warmup_steps": 50, "pack_tokens": 4096, "eval_every": 200,
    "log_every": 20, "save_every": 200,
}  # fmt: skip
CONTINUED: dict[str, object] = {**SFT, "learning_rate": 2e-4, "schedule": "constant", "epochs": 100}
RL: dict[str, object] = {
    "learning_rate": 2e-4, "reply_tokens": 192, "minibatches": 4, "pack_tokens": 8192, "save_every": 10,
    "prober_tokens": 16, "prober_temperature": 1.0, "prober_top_p": 1.0, "beta": 0.01,
}  # fmt: skip
SOLVER: dict[str, object] = {
    "learning_rate": 3e-4, "reply_tokens": 16, "groups": 16, "group_size": 16, "pack_tokens": 8192, "save_every": 20,
}  # fmt: skip


def _propose(proposer: str | Path, out: Path, seed: int, **settings: object) -> tuple[str, ...]:
    n = settings.pop("n")
    chosen = {**WORLD, "max_template_repeats": 1_000_000, "held_out": HELD_OUT, "temperature": 1.0,
              "reply_tokens": 192, **settings}  # fmt: skip
    if proposer == "builtin":
        chosen = {key: value for key, value in chosen.items() if key not in ("temperature", "reply_tokens")}
    return _agentprop("propose", "--n", n, "--proposer", proposer, "--out", out, "--seed", seed, "--quiet",
                      *_set(**chosen))  # fmt: skip


def _train(
    stage: str, run: Path | None, model: Path, out: Path, seed: int, **settings: object
) -> tuple[str, ...]:
    sources = () if run is None else (run,)
    return _agentprop(stage, *sources, "--model", model, "--out", out, "--seed", seed, "--quiet", *_set(**settings))


def _agentprop(*words: object) -> tuple[str, ...]:
    return (*AGENTPROP, *map(str, words))


def _script(name: str, *words: object) -> tuple[str, ...]:
    return (str(HERE / name), *map(str, words))


def _set(**settings: object) -> Iterator[str]:
    for key, value in settings.items():
        yield from ("--set", f"{key}={_text(value)}")


def _text(value: object) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)
