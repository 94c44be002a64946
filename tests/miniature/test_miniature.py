"""The miniature's steps: they take their settings and run in order and once; its smoke run, and what that counts."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from miniature import MINIATURE, ROOT, call

from agentprop.cli.settings import resolve
from agentprop.config import STAGES
from agentprop.records import Trajectory
from agentprop.storage.run import open_run

RUN, STUDENT = MINIATURE / "run.py", MINIATURE / "student.py"
PIPELINE = "paper/pipeline.sh"


def flags(words: tuple[str, ...]) -> dict[str, Any]:
    """The settings that a command's own flags give."""
    names = {"--n": int, "--model": str, "--prober": lambda name: (name,), "--seed": int}
    return {flag.strip("-"): read(words[words.index(flag) + 1]) for flag, read in names.items() if flag in words}


def test_every_step_of_the_smoke_run_takes_its_settings(tmp_path: Path) -> None:
    from plan import AGENTPROP
    from smoke import ARMS, steps

    seen = set()
    for scratch in (False, True):
        wanted = list(steps(tmp_path, tuple(ARMS), scratch=scratch))
        assert {need for step in wanted for need in step.needs} <= {step.name for step in wanted}
        for step in wanted:
            if step.command[:2] == AGENTPROP:
                words = step.command[2:]
                pairs = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
                resolve(STAGES[words[0]], assignments=pairs, flags=flags(words), environ={}, directory=tmp_path)
                seen.add(words[0])
    assert seen == {"propose", "train-sft", "train-mgpo", "probe"}


def test_the_scripts_import_each_other_and_nothing_that_is_not_there() -> None:
    scripts = ", ".join(sorted(path.stem for path in MINIATURE.glob("*.py")))
    call("-c", f"import sys; sys.path.insert(0, {str(MINIATURE)!r}); import {scripts}")


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


def test_what_a_proposer_made_nothing_for_is_left_out(tmp_path: Path) -> None:
    from plan import Step
    from run import run_all
    from smoke import no_problems

    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "summary.json").write_text('{"accepted": 0}')
    idle = partial(no_problems, tmp_path / "none")
    broken = Step("broken", ("-c", "raise SystemExit(1)"), tmp_path / "x", idle=idle)
    assert run_all([broken], tmp_path, 1) is None and not broken.product.exists()


def test_the_tokenizer_leaves_digits_and_names_apart_and_says_a_conversation_exactly(
    expert: Path, tmp_path: Path
) -> None:
    from design import POOL

    from agentprop.agent.renaming import renamed
    from agentprop.inference.chat_template import Renderer, load_tokenizer
    from agentprop.training.data.sequences import rendered

    call(str(STUDENT), str(expert), "--out", str(tmp_path), "--vocabulary", "700", "--names", *POOL)
    renderer = Renderer(load_tokenizer(str(tmp_path)))
    assert len(renderer.encode("472")) == 3 and len(renderer.tokenizer) <= 700
    assert all(len(renderer.encode(name)) == 1 for name in POOL)
    trajectory = renamed(next(open_run(expert).iter(Trajectory)), POOL)
    sequence = rendered(trajectory, renderer)
    said = [renderer.decode(sequence.ids[sequence.action == turn.index].tolist()) for turn in trajectory.turns]
    assert said == [turn.message for turn in trajectory.turns]
    assert trajectory.system not in renderer.decode(sequence.ids.tolist())


@dataclass
class Asked:
    """As much of a trajectory as an exam looks at."""

    skill_names: tuple[str, ...] = ("a", "b")
    turns: tuple[()] = ()

    @property
    def task(self) -> Asked:
        return self


def test_a_gain_is_told_with_its_standard_error() -> None:
    from exam import Examined, gain

    before, after, hardly = (
        Examined((), {"a of b": paid}, frozenset(), ()) for paid in ([0.0, 1.0], [0.5, 1.0, 1.5], [1.0])
    )
    found, error = gain(before, after)
    assert found == pytest.approx(0.5) and error == pytest.approx((0.5 / 2 + 0.25 / 3) ** 0.5)
    assert all(value != value for value in gain(before, hardly))


def test_on_the_same_tasks_problems_of_a_kind_that_pays_little_are_no_loss() -> None:
    """Nothing is worse after, and more problems are made: only the mixture says otherwise."""
    from exam import Examined, gain, gain_alike

    def did(*paid_b_of_a: float) -> Examined:
        paid = {"a of b": [1.0] * 4, "b of a": list(paid_b_of_a)}
        return Examined([Asked(("a", "b"))] * 4 + [Asked(("b", "a"))] * 4, paid, frozenset(), ())

    before, after, better = did(0.5, 0.5), did(0.5, 0.5, 0.5, 0.5), did(0.5, 0.7)
    assert gain(before, after)[0] == pytest.approx(0.75 - 5 / 6)
    assert gain_alike(before, after) == (0.0, 0.0)
    assert gain_alike(before, better) == pytest.approx((0.05, 0.05))


@pytest.mark.slow
def test_the_smoke_run_learns_by_more_than_two_standard_errors(tmp_path: Path) -> None:
    told = call(str(RUN), "--smoke", "--arms", "mgpo", "--out", str(tmp_path))
    results = json.loads((tmp_path / "results.json").read_text())
    gain, error = results["gains"]["mgpo"]
    assert results["exam"]["before"]["formed"] > 0.5, told
    assert gain > 2 * error > 0, told


@pytest.mark.parametrize(("gpus", "solver"), [("1", "train-solver"), ("8", "train-solver-30b")])
def test_the_papers_pipeline_takes_its_settings(tmp_path: Path, gpus: str, solver: str) -> None:
    """Every command of examples/paper/pipeline.sh, as a dry run."""
    import os

    script = ROOT / "examples" / PIPELINE
    corpora = ROOT / "examples" / "corpora"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {
        **os.environ,
        "PATH": path,
        "DRY_RUN": "1",
        "GPUS": gpus,
        "SOLVER": solver,
        "CORPORA": str(corpora),
        "RUNS": str(tmp_path / "runs"),
        "BENCHMARK": str(corpora / "word_problems.jsonl"),
    }
    done = subprocess.run(["bash", str(script)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    commands = script.read_text().count("\nstage ") + script.read_text().count("\nspread ")
    assert done.stdout.count('"allow_weak_sandbox"') == commands == 10
    sampled = ['"cuda:4"', '"cuda:5"', '"cuda:6"', '"cuda:7"'] if gpus == "8" else []
    assert [done.stdout.count(device) for device in sampled] == [2] * len(sampled), "of the proposer and of the solver"
    assert ("memory on each of 4 devices" in done.stderr) == bool(sampled)
    assert not (tmp_path / "runs").exists()
