"""The miniature: its steps take their settings, run in order and once, and what they leave is counted rightly."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentprop.cli.settings import resolve
from agentprop.config import STAGES
from agentprop.records import Problem, Stage, Trajectory, Verdict
from agentprop.storage.run import open_run

ROOT = Path(__file__).resolve().parents[2]
MINIATURE = ROOT / "examples" / "miniature"
RUN = "miniature/run.py"
MODULES = ("miniature/plan.py", RUN, "miniature/results.py")
STUDENT, ONE_SHOT = "miniature/student.py", "miniature/one_shot.py"
PIPELINE = "paper/pipeline.sh"


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(MINIATURE))


@pytest.fixture(scope="module")
def expert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run of the built-in proposer on the miniature's library."""
    out = tmp_path_factory.mktemp("miniature") / "expert"
    agentprop(
        "propose",
        "--n",
        "30",
        "--out",
        str(out),
        "--quiet",
        "--no-bundled-skills",
        "--skills",
        str(MINIATURE / "skills"),
        "--set",
        "max_skills=3",
        "--set",
        "max_turns=12",
    )
    return out


def agentprop(*words: str) -> None:
    call("-m", "agentprop", *words)


def call(*words: str) -> str:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def flags(words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The settings that a command's own flags give."""
    names = {"--n": int, "--model": str, "--prober": lambda name: (name,), "--format": str, "--seed": int}
    for flag, read in names.items():
        if flag in words:
            yield flag.strip("-").replace("-", "_"), read(words[words.index(flag) + 1])


def test_every_step_of_every_arm_takes_its_settings(tmp_path: Path) -> None:
    from plan import AGENTPROP, ARMS, FROM_SCRATCH, FULL, SMOKE, steps

    seen = set()
    for size in (FULL, SMOKE, FROM_SCRATCH):
        for step in steps(size, (0, 1), tmp_path, tuple(ARMS)):
            if step.command[:2] == AGENTPROP:
                words = step.command[2:]
                pairs = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
                resolve(STAGES[words[0]], assignments=pairs, flags=dict(flags(words)), environ={}, directory=tmp_path)
                seen.add(words[0])
    assert seen == {"propose", "export", "train-sft", "train-mgpo", "probe", "train-solver", "evaluate"}


def test_the_modules_import_each_other_and_nothing_that_is_not_there() -> None:
    for module in MODULES:
        call("-c", f"import sys; sys.path.insert(0, {str(MINIATURE)!r}); import {Path(module).stem}")


def test_arms_differ_in_what_they_name_and_in_nothing_else(tmp_path: Path) -> None:
    from plan import ARMS, FULL, steps

    found = {step.name: step.command for step in steps(FULL, (0,), tmp_path, tuple(ARMS))}
    full = set(found["0/mgpo"])
    for name, arm in ARMS.items():
        if not arm.imitates and arm.expert == "expert":
            told = {f"{k}={v if isinstance(v, str) else json.dumps(v)}" for k, v in arm.settings.items()}
            assert set(found[f"0/{name}"]) - full == told | ({str(tmp_path / "0" / name)} - full)


def test_what_a_step_needs_is_a_step(tmp_path: Path) -> None:
    from plan import ARMS, FULL, steps

    wanted = steps(FULL, (0, 1, 2), tmp_path, tuple(ARMS))
    names = [step.name for step in wanted]
    assert len(set(names)) == len(names)
    assert {need for step in wanted for need in step.needs} <= set(names)


def test_steps_run_in_order_and_once_and_a_failure_ends_the_run(tmp_path: Path) -> None:
    from plan import Step
    from run import run_all

    said = tmp_path / "said"
    says = f"import sys; open({str(said)!r}, 'a').write(sys.argv[1])"
    steps = [
        Step("b", ("-c", says, "b"), tmp_path / "b", ("a",)),
        Step("a", ("-c", says, "a"), tmp_path / "a"),
        Step("bounded", ("-c", "raise SystemExit(3)"), tmp_path / "c", ("b",), bounded=True),
    ]
    assert run_all(steps, tmp_path, 2) is None
    assert run_all(steps, tmp_path, 2) is None
    assert said.read_text() == "ab"
    broken = Step("broken", ("-c", "raise SystemExit(1)"), tmp_path / "d")
    after = Step("after", ("-c", says, "x"), tmp_path / "e", ("broken",))
    assert run_all([after, broken], tmp_path, 2) is broken
    assert said.read_text() == "ab"


def test_one_shot_keeps_the_submission_alone(expert: Path, tmp_path: Path) -> None:
    call(str(ROOT / "examples" / ONE_SHOT), str(expert), "--out", str(tmp_path / "once"))
    whole = {t.task_id: t for t in open_run(expert).iter(Trajectory)}
    made = open_run(tmp_path / "once")
    shortened = list(made.iter(Trajectory))
    assert len(shortened) == 30 and made.complete
    for trajectory in shortened:
        (turn,) = trajectory.turns
        assert (turn.action, turn.stage) == ("submit", Stage.DRAFT)
        assert turn.message == whole[trajectory.task_id].turns[-1].message
    assert {p.trajectory_id for p in made.iter(Problem)} == {t.id for t in shortened}
    assert {v.problem_id for v in made.iter(Verdict)} == {p.id for p in made.iter(Problem)}


def test_the_tokenizer_leaves_digits_apart_and_says_a_conversation_exactly(expert: Path, tmp_path: Path) -> None:
    from agentprop.inference.chat_template import Renderer, load_tokenizer
    from agentprop.training.data.sequences import rendered

    call(str(ROOT / "examples" / STUDENT), str(expert), "--out", str(tmp_path), "--vocabulary", "600")
    renderer = Renderer(load_tokenizer(str(tmp_path)))
    assert len(renderer.encode("472")) == 3
    trajectory = next(open_run(expert).iter(Trajectory))
    sequence = rendered(trajectory, renderer)
    said = [renderer.decode(sequence.ids[sequence.action == turn.index].tolist()) for turn in trajectory.turns]
    assert said == [turn.message for turn in trajectory.turns]
    assert trajectory.system not in renderer.decode(sequence.ids.tolist())


def test_an_estimate_is_the_mean_with_its_t_interval() -> None:
    from results import Estimate, smooth

    found = Estimate.of([1.0, 2.0, 3.0])
    assert found.mean == 2.0 and found.half == pytest.approx(4.303 / 3**0.5)
    assert Estimate.of([1.0]).half is None
    assert smooth([1.0, 1.0, 1.0]) == pytest.approx([1.0, 1.0, 1.0])
    assert smooth([0.0, 1.0])[1] == pytest.approx(0.2 / 0.36)


def test_a_curve_has_its_points_at_their_steps_though_some_steps_have_none() -> None:
    from results import _line

    curve = [{"step": 1, "x": 0.0}, {"step": 2}, {"step": 3, "x": 1.0}]
    assert _line(curve, "x") == pytest.approx({1: 0.0, 3: 0.2 / 0.36})


def test_a_gain_is_told_with_its_standard_error() -> None:
    from results import Examined, gain

    before, after, hardly = (Examined((), {"a of b": paid}, 0, ()) for paid in ([0.0, 1.0], [0.5, 1.0, 1.5], [1.0]))
    found, error = gain(before, after)
    assert found == pytest.approx(0.5) and error == pytest.approx((0.5 / 2 + 0.25 / 3) ** 0.5)
    assert all(value != value for value in gain(before, hardly))


def test_a_valid_problem_that_was_not_probed_is_valid_all_the_same(expert: Path) -> None:
    from results import examined

    (expert.parent / "x-test").symlink_to(expert)
    found = examined(expert.parent, "x", "test")
    candidates = len(list(open_run(expert).iter(Trajectory)))
    assert found.figures()["validity"] == pytest.approx(30 / candidates) and not found.rho


@dataclass
class Asked:
    """As much of a trajectory as an exam looks at."""

    skill_names: tuple[str, ...] = ("a", "b")
    pruned: int = 0
    replaced: int = 0
    turns: tuple[()] = ()

    @property
    def task(self) -> Asked:
        return self


def test_an_exam_compares_arms_by_seed_and_with_what_each_began_with() -> None:
    from results import Exam, Examined, gain

    def did(*paid: float, candidates: int = 2) -> Examined:
        return Examined([Asked()] * candidates, {"a of b": paid}, len(paid), ())

    starts = {"expert": did(0.5, 0.5)}
    ends = {"grpo": [did(0.5, 0.5), did(0.5, 0.6)], "mgpo": [did(0.75, 0.75), did(0.7, 0.9, candidates=4)]}
    exam = Exam("Pairs", starts, ends)
    assert exam.table()["grpo"]["r_T_formed"].values == pytest.approx((0.5, 0.55))
    assert exam.table()["mgpo"]["formed"].values == (1.0, 0.5)
    assert exam.gains(gain)["mgpo"] == [pytest.approx((0.25, 0.0)), pytest.approx((0.3, 0.1))]
    (difference,) = [line for line in exam.lines() if line.startswith("- full MGPO − GRPO")]
    assert difference.endswith("E[r_T, well formed], tasks alike +0.250 ± 0.000")
    assert exam.results()["starts"]["expert"]["r_T_formed"] == 0.5
    nothing = Exam("Pairs", {"expert": did()}, ends)
    assert nothing.results()["gains"]["grpo"] == [None, None]


def test_on_the_same_tasks_problems_of_a_kind_that_pays_little_are_no_loss() -> None:
    """Nothing is worse after, and more problems are made: only the mixture says otherwise."""
    from results import Examined, gain, gain_alike

    asked = [Asked(("a", "b"))] * 4 + [Asked(("b", "a"))] * 4
    before = Examined(asked, {"a of b": [1.0] * 4, "b of a": [0.5] * 2}, 6, ())
    after = Examined(asked, {"a of b": [1.0] * 4, "b of a": [0.5] * 4}, 8, ())
    assert gain(before, after)[0] == pytest.approx(0.75 - 5 / 6)
    assert gain_alike(before, after) == (0.0, 0.0)
    assert before.figures()["r_T_alike"] == after.figures()["r_T_alike"] == 0.75
    better = Examined(asked, {"a of b": [1.0] * 4, "b of a": [0.5, 0.7]}, 6, ())
    assert gain_alike(before, better) == pytest.approx((0.05, 0.05))


def test_pairs_that_were_practised_are_an_exam_of_their_own_where_others_are_held_out(tmp_path: Path) -> None:
    from plan import FULL, SMOKE, steps

    def commands(size: Any) -> dict[str, tuple[str, ...]]:
        return {step.name: step.command for step in steps(size, (0,), tmp_path, ("mgpo",))}

    whole, smoke = commands(FULL), commands(SMOKE)
    for who in ("sft-expert", "0/mgpo"):
        assert "held_out_only=true" in whole[f"{who}-test"] and "held_out_only=false" in whole[f"{who}-problems"]
        assert f"{who}-test-rho" in smoke and f"{who}-problems-rho" in whole and f"{who}-problems-rho" not in smoke
    assert "0/mgpo-problems" in smoke and "held_out_only=false" in smoke["0/mgpo-test"]


def test_a_gate_that_never_moves_a_weight_is_told_as_not_exercised() -> None:
    from results import NEAR, _gate

    def curves(*gates: float) -> list[list[dict[str, float]]]:
        return [[{"update/gate": gate, NEAR: 0.5} for gate in gates], [{}]]

    assert _gate(curves(1.0, 63 / 64)) == {"mean": 127 / 128, "least": 63 / 64, "near": 0.5, "verdict": "not exercised"}
    assert _gate(curves(0.9, 0.8))["verdict"] == "exercised"
    assert _gate([[{}]])["verdict"] == "no gate"


@pytest.mark.slow
def test_the_smoke_run_learns_by_more_than_two_standard_errors(tmp_path: Path) -> None:
    told = call(str(ROOT / "examples" / RUN), "--smoke", "--arms", "mgpo", "--out", str(tmp_path))
    results = json.loads((tmp_path / "results.json").read_text())
    (exam,) = results["exams"].values()
    before = exam["starts"]["expert"]
    ((gain, error),) = exam["gains"]["mgpo"]
    assert before["formed"] > 0.5, told
    assert gain > 2 * error > 0, told


def test_what_a_proposer_made_nothing_for_is_left_out(tmp_path: Path) -> None:
    from plan import Step
    from run import run_all

    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "summary.json").write_text('{"accepted": 0}')
    broken = Step("broken", ("-c", "raise SystemExit(1)"), tmp_path / "x", problems=tmp_path / "none")
    assert run_all([broken], tmp_path, 1) is None and not broken.product.exists()


def test_the_papers_pipeline_takes_its_settings(tmp_path: Path) -> None:
    """Every command of examples/paper/pipeline.sh, as a dry run."""
    import os

    script = ROOT / "examples" / PIPELINE
    corpora = ROOT / "examples" / "corpora"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {
        **os.environ,
        "PATH": path,
        "DRY_RUN": "1",
        "CORPORA": str(corpora),
        "RUNS": str(tmp_path / "runs"),
        "BENCHMARK": str(corpora / "word_problems.jsonl"),
    }
    done = subprocess.run(["bash", str(script)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    commands = script.read_text().count("\nstage ") + script.read_text().count("\nspread ")
    assert done.stdout.count('"allow_weak_sandbox"') == commands == 10
    assert not (tmp_path / "runs").exists()
