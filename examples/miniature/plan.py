"""Sizes, seeds and arms → the steps of the miniature, each an agentprop command (or a script beside this one).

Everything that differs between two arms is in ARMS; whatever an arm does not name is equal in all: seeds, tasks,
the number of episodes and of optimiser steps, the learning rate, the prober. An arm whose proposer behaves differently
from the start (no edits, no loop) imitates expert trajectories of its own kind first, of as many problems. Without
edits the learning rate of the others ruins the policy; that arm is there with half of it, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

HERE = Path(__file__).parent
AGENTPROP = ("-m", "agentprop")
TEST, PRACTISED = "test", "problems"
EXAMS = {TEST: 6000, PRACTISED: 5000}
"""Exams of a proposer and their first seeds: on held-out pairs of skills, and on practised ones. The problems of the
latter are also what its solver learns from."""
FIRST = 0
"""The seed of what all arms and seeds begin with."""
MORE = "more"
"""Expert trajectories on what is practised, as many as reinforcement rolls out."""


@dataclass(frozen=True)
class Tasks:
    """Tasks that a proposer may get."""

    skills: tuple[str, ...]
    """The library."""
    most: int
    """Most skills of a task."""
    held_out: tuple[str, ...] = ()
    """Pairs of skills that nothing before the tests puts together, and the tests always do; none, and the tests ask for
    what is practised."""


ALL = Tasks(
    ("binary-ones", "digit-sum", "divisor-count", "multiples", "product", "remainder", "reversal", "running-total"),
    3,
    (
        "digit-sum+product",
        "reversal+multiples",
        "divisor-count+running-total",
        "binary-ones+remainder",
        "product+remainder",
        "multiples+running-total",
    ),
)
THREE = Tasks(("product", "remainder", "reversal"), 2, ("product+remainder",))
PAIR = Tasks(("digit-sum", "multiples"), 2)
FOUR_IN_THREES = Tasks(("digit-sum", "multiples", "product", "remainder"), 3, ("digit-sum+remainder",))


@dataclass(frozen=True)
class Arm:
    """A way to train the proposer."""

    title: str
    """Its name in tables."""
    expert: str = "expert"
    """Expert whose trajectories it imitates first."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Settings that differ from full MGPO."""
    imitates: bool = False
    """Goes on imitating for as many tokens, instead of learning by reinforcement."""


ARMS: dict[str, Arm] = {
    "sft": Arm("SFT only, continued", imitates=True),
    "grpo": Arm("GRPO", settings={"algorithm": "grpo", "omega": 0.0}),
    "no-stage": Arm("MGPO without stage advantage", settings={"omega": 0.0}),
    "no-gate": Arm("MGPO without gate", settings={"gate": "none"}),
    "mgpo": Arm("full MGPO"),
    "no-edit": Arm("MGPO without τ_edit", expert="expert-no-edit", settings={"prune": False}),
    "no-edit-slow": Arm(
        "MGPO without τ_edit, half the learning rate",
        expert="expert-no-edit",
        settings={"prune": False, "learning_rate": 1e-4},
    ),
    "one-shot": Arm("one-shot, without the loop", expert="expert-at-once", settings={"one_shot": True}),
}


RULES: dict[str, dict[str, object]] = {
    "expert": {},
    "expert-no-edit": {"prune": False},
    "expert-at-once": {"one_shot": True},
}
"""Rules for a proposer that imitates each expert."""


@dataclass(frozen=True)
class Size:
    """Size of a study."""

    seeds: tuple[int, ...]
    arms: tuple[str, ...]
    imitated: Tasks
    """Tasks of the expert, which are imitated."""
    practised: Tasks
    """Tasks of reinforcement learning and of the tests: fewer, because a step sees 64 episodes."""
    problems: int
    """Expert problems to imitate."""
    vocabulary: int
    hidden: int
    layers: int
    batch: int
    """Trajectories of a step of imitation."""
    sft_rate: float
    """Learning rate of imitation."""
    sft_epochs: int
    solver_epochs: int
    """Passes of the prober over the expert problems; the downstream solver begins with one."""
    steps: int
    """Rollout batches of reinforcement."""
    groups: int
    group_size: int
    beta: float
    """Of the implicit reward; GRPO's, of its KL term."""
    candidates: int
    """Candidates of each arm on held-out pairs, and as many on the others, for its solver."""
    solver_steps: int
    test: int
    """Problems of the downstream benchmark."""
    k: int
    """Attempts of the prober, and of the solvers at each problem of the benchmark."""
    start: Path | None = None
    """A model that has imitated the expert already; None, and that is done first."""

    @property
    def exams(self) -> tuple[str, ...]:
        """Names of the exams; without held-out pairs both would be the same, so there is one."""
        return tuple(EXAMS) if self.practised.held_out else (TEST,)


FULL = Size(
    seeds=(0, 1, 2),
    arms=tuple(ARMS),
    imitated=ALL,
    practised=THREE,
    problems=14_000,
    vocabulary=1536,
    hidden=128,
    layers=3,
    batch=12,
    sft_rate=4e-3,
    sft_epochs=2,
    solver_epochs=6,
    steps=32,
    groups=8,
    group_size=8,
    beta=0.03,
    candidates=400,
    solver_steps=40,
    test=300,
    k=16,
)
SMOKE = Size(
    seeds=(0,),
    arms=("sft", "mgpo"),
    imitated=PAIR,
    practised=PAIR,
    problems=4_000,
    vocabulary=1536,
    hidden=128,
    layers=3,
    batch=4,
    sft_rate=2e-3,
    sft_epochs=2,
    solver_epochs=6,
    steps=30,
    groups=8,
    group_size=8,
    beta=0.01,
    candidates=400,
    solver_steps=3,
    test=40,
    k=16,
    start=HERE / "start",
)
FROM_SCRATCH = replace(SMOKE, start=None, imitated=FOUR_IN_THREES, problems=12_000)
"""Imitates first. What a smoke run starts with is what this one imitated."""


@dataclass(frozen=True)
class Step:
    """A command and what it needs."""

    name: str
    """Name, `seed/what`, which is also its path below the output directory."""
    command: tuple[str, ...]
    """Arguments of the interpreter."""
    product: Path
    """Path that exists when the step is done."""
    needs: tuple[str, ...] = ()
    """Steps that come first."""
    bounded: bool = False
    """Ends at a bound that was set on purpose."""
    problems: Path | None = None
    """Run without whose problems there is nothing to do: a bad proposer may have none."""

    def idle(self) -> bool:
        """Return True if there is nothing to do."""
        if self.problems is None:
            return False
        summary = json.loads((self.problems / "summary.json").read_text(encoding="utf-8"))
        return not summary["accepted"]

    @property
    def _mark(self) -> Path:
        return self.product.with_name(self.product.name + ".done")

    def done(self) -> bool:
        """Return True if the step was finished."""
        return self._mark.exists()

    def mark(self) -> None:
        """Remember that it is finished."""
        self._mark.touch()


def steps(size: Size, seeds: Sequence[int], out: Path, arms: Sequence[str]) -> list[Step]:
    """Every step for these seeds and arms."""
    shared = Shared(size, out)
    return [*shared.steps(arms), *(step for seed in seeds for step in Seed(size, out, seed).steps(arms))]


@dataclass(frozen=True)
class Shared:
    """Common start of all arms and seeds: expert trajectories, models that imitate them, a prober, a benchmark."""

    size: Size
    out: Path

    def steps(self, arms: Sequence[str]) -> Iterator[Step]:
        """From the skill library to the proposers that reinforcement begins with, and to how good they are."""
        experts = dict.fromkeys(["expert", *(ARMS[arm].expert for arm in arms)])
        begin = {expert: beginning(self.size, self.out, expert) for expert in experts}
        yield from self._experts(experts)
        yield self._student()
        for expert, (_, needs) in begin.items():
            if needs:
                yield self._imitate(expert)
        if any(ARMS[arm].imitates for arm in arms):
            more, episodes = self.out / MORE, self.size.steps * self.size.groups * self.size.group_size
            yield Step(MORE, _propose(self.size.practised, "builtin", more, FIRST + 1, n=episodes), more)
        yield self._answers("prober", self.size.solver_epochs)
        yield self._answers("beginner", 1)
        yield from self._benchmark()
        for expert, (model, needs) in begin.items():
            yield from Proposer(self.size, self.out, f"sft-{expert}", model, needs, RULES[expert], FIRST).exams()

    def _experts(self, wanted: Mapping[str, object]) -> Iterator[Step]:
        n, at, tasks = self.size.problems, self.out, self.size.imitated
        yield Step("expert", _propose(tasks, "builtin", at / "expert", FIRST, n=n), at / "expert")
        if "expert-no-edit" in wanted:
            product = at / "expert-no-edit"
            yield Step("expert-no-edit", _propose(tasks, "builtin", product, FIRST, n=n, prune=False), product)
        if "expert-at-once" in wanted:
            product = at / "expert-at-once"
            yield Step("expert-at-once", _script("one_shot.py", at / "expert", "--out", product), product, ("expert",))

    def _student(self) -> Step:
        size, product = self.size, self.out / "student"
        command = _script(
            "student.py",
            self.out / "expert",
            "--out",
            product,
            "--vocabulary",
            size.vocabulary,
            "--hidden",
            size.hidden,
            "--layers",
            size.layers,
        )
        return Step("student", command, product, ("expert",))

    def _imitate(self, expert: str) -> Step:
        return self._learn(f"sft-{expert}", expert, batch_size=self.size.batch, epochs=self.size.sft_epochs)

    def _answers(self, name: str, epochs: int) -> Step:
        return self._learn(name, "expert", imitate="answers", batch_size=48, epochs=epochs)

    def _learn(self, name: str, expert: str, **settings: object) -> Step:
        chosen = {**SFT, "learning_rate": self.size.sft_rate, "held_out": self.size.imitated.held_out, **settings}
        command = _train("train-sft", self.out / expert, self.out / "student", self.out / name, FIRST, **chosen)
        return Step(name, command, self.out / name, (expert, "student"))

    def _benchmark(self) -> Iterator[Step]:
        """Problems with held-out pairs, of the built-in proposer: what the solvers are examined on."""
        problems, file = self.out / "test", self.out / "test.jsonl"
        tasks = self.size.practised
        command = _propose(tasks, "builtin", problems, 999, n=self.size.test, held_out_only=bool(tasks.held_out))
        yield Step("test", command, problems)
        yield Step("benchmark", _agentprop("export", problems, "--format", "jsonl", "--out", file), file, ("test",))


@dataclass(frozen=True)
class Seed:
    """The arms with one seed: of their training, of what they propose, of their solvers."""

    size: Size
    out: Path
    seed: int

    def steps(self, arms: Sequence[str]) -> Iterator[Step]:
        """From a proposer that imitates to the scores of every arm's solver."""
        yield self._evaluate(f"{self.seed}/beginner", "beginner")
        for arm in arms:
            yield from self._arm(arm)

    def _arm(self, name: str) -> Iterator[Step]:
        arm, size = ARMS[name], self.size
        here = f"{self.seed}/{name}"
        product, (start, before) = self.out / here, beginning(size, self.out, arm.expert)
        if arm.imitates:
            command = _train(
                "train-sft", self.out / MORE, start, product, self.seed + 100, **CONTINUED, batch_size=size.batch
            )
        else:
            command = _train("train-mgpo", None, start, product, self.seed, **self._reinforce(arm))
        yield Step(here, command, product, (*before, MORE if arm.imitates else "prober"))
        proposer = Proposer(size, self.out, here, product / "model", (here,), RULES[arm.expert], self.seed)
        yield from proposer.exams()
        if PRACTISED not in size.exams:
            yield proposer.proposes(PRACTISED)
        problems = self.out / f"{here}-{PRACTISED}"
        solver = _train(
            "train-solver",
            problems,
            self.out / "beginner" / "model",
            self.out / f"{here}-solver",
            self.seed,
            **SOLVER,
            steps=size.solver_steps,
        )
        yield Step(
            f"{here}-solver",
            solver,
            self.out / f"{here}-solver",
            (f"{here}-{PRACTISED}", "beginner"),
            problems=problems,
        )
        yield self._evaluate(here, f"{here}-solver", problems)

    def _reinforce(self, arm: Arm) -> dict[str, object]:
        size = self.size
        return {
            **world(size.practised),
            **RL,
            "prober": str(self.out / "prober" / "model"),
            "k": size.k,
            "steps": size.steps,
            "groups": size.groups,
            "group_size": size.group_size,
            "beta": size.beta,
            **arm.settings,
        }

    def _evaluate(self, who: str, solver: str, problems: Path | None = None) -> Step:
        name, model = f"{who}-score", self.out / solver / "model"
        command = _agentprop(
            "evaluate",
            self.out / "test.jsonl",
            "--model",
            model,
            "--k",
            self.size.k,
            "--out",
            self.out / name,
            "--quiet",
            *_set(temperature=1.0, reply_tokens=16, seed=self.seed),
        )
        return Step(name, command, self.out / name, ("benchmark", solver), problems=problems)


def beginning(size: Size, out: Path, expert: str) -> tuple[Path, tuple[str, ...]]:
    """The model that has imitated an expert, and the steps that make it."""
    if size.start is not None and expert == "expert":
        return size.start, ()
    return out / f"sft-{expert}" / "model", (f"sft-{expert}",)


@dataclass(frozen=True)
class Proposer:
    """A proposer that is to be examined."""

    size: Size
    out: Path
    name: str
    """`seed/arm`, or of the model that imitates."""
    model: Path
    needs: tuple[str, ...]
    """Steps that make the model."""
    rules: Mapping[str, object]
    """Rules of its episodes."""
    seed: int

    def exams(self) -> Iterator[Step]:
        """Propose problems for its exams, and measure how hard the prober finds them."""
        for exam in self.size.exams:
            proposed = self.proposes(exam)
            yield proposed
            rho = self.out / f"{self.name}-{exam}-rho"
            command = _agentprop(
                "probe",
                proposed.product,
                "--prober",
                self.out / "prober" / "model",
                "--k",
                self.size.k,
                "--out",
                rho,
                "--quiet",
                *_set(temperature=1.0, top_p=1.0, reply_tokens=16, seed=self.seed),
            )
            yield Step(f"{self.name}-{exam}-rho", command, rho, (proposed.name, "prober"), problems=proposed.product)

    def proposes(self, exam: str) -> Step:
        """So many candidates, however many of them are good."""
        name, tasks, most = f"{self.name}-{exam}", self.size.practised, self.size.candidates
        held_out_only = exam == TEST and bool(tasks.held_out)
        command = _propose(
            tasks,
            self.model,
            self.out / name,
            EXAMS[exam] + self.seed,
            n=10 * most,
            verifier="builtin",
            max_candidates=most,
            give_up_after=most,
            held_out_only=held_out_only,
            **AS_TRAINED,
            **self.rules,
        )
        return Step(name, command, self.out / name, self.needs, bounded=True)


# --- settings that all arms share ---


def world(tasks: Tasks) -> dict[str, object]:
    """The library and the limits of an episode."""
    packages = [str(HERE / "skills" / name) for name in tasks.skills]
    return {
        "skills": packages,
        "bundled_skills": False,
        "min_skills": 2,
        "max_skills": tasks.most,
        "max_turns": 12,
        "held_out": tasks.held_out,
    }


AS_TRAINED: dict[str, object] = {"guidance": False, "strict": True}
"""An exam asks as training asked: without advice that the proposer never saw, and without mending what it writes."""
SFT: dict[str, object] = {
    "warmup_steps": 50,
    "pack_tokens": 4096,
    "eval_every": 200,
    "log_every": 20,
    "save_every": 200,
}
CONTINUED: dict[str, object] = {**SFT, "learning_rate": 2e-4, "schedule": "constant", "epochs": 1}
RL: dict[str, object] = {
    "learning_rate": 2e-4,
    "reply_tokens": 192,
    "minibatches": 4,
    "pack_tokens": 8192,
    "save_every": 10,
    "prober_reply_tokens": 16,
    "prober_temperature": 1.0,
    "prober_top_p": 1.0,
}
SOLVER: dict[str, object] = {
    "learning_rate": 3e-4,
    "reply_tokens": 16,
    "groups": 16,
    "group_size": 16,
    "pack_tokens": 8192,
    "save_every": 20,
}


def _propose(tasks: Tasks, proposer: str | Path, out: Path, seed: int, **settings: object) -> tuple[str, ...]:
    n = settings.pop("n")
    chosen = {**world(tasks), "max_template_repeats": 1_000_000, "temperature": 1.0, "reply_tokens": 192, **settings}
    if proposer == "builtin":
        chosen = {key: value for key, value in chosen.items() if key not in ("temperature", "reply_tokens")}
    return _agentprop(
        "propose", "--n", n, "--proposer", proposer, "--out", out, "--seed", seed, "--quiet", *_set(**chosen)
    )


def _train(stage: str, run: Path | None, model: Path, out: Path, seed: int, **settings: object) -> tuple[str, ...]:
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
    return value if isinstance(value, str) else json.dumps(value)
