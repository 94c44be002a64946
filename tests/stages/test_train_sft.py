"""train-sft as a person runs it: from runs to a model, killed, stopped, resumed, and given what is no good."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from tiny_model import tiny_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from agentprop.config import ExtractConfig, ProposeConfig, TrainSftConfig
from agentprop.errors import AgentpropError, ConfigError, InputError, RunError
from agentprop.records import Problem, Trajectory
from agentprop.stages.extract import run as extract
from agentprop.stages.propose import run as propose
from agentprop.stages.train import sft as train_sft
from agentprop.storage.run import open_run

SAME = ("step", "epoch", "loss", "grad_norm", "held_out_loss", "entropy", "learning_rate", "tokens")
"""Numbers that do not depend on a clock."""
CORPUS = [
    {
        "question": f"{name} buys {n} pens at {p} dollars each and pays {q} dollars more for a book. "
        "What does it cost?",
        "solution": f"The pens cost {n}*{p}=<<{n}*{p}={n * p}>>{n * p}. "
        f"So it is {n * p}+{q}=<<{n * p}+{q}={n * p + q}>>{n * p + q}.\n#### {n * p + q}",
    }
    for name, n, p, q in (("Ada", 4, 3, 5), ("Emil", 7, 2, 9), ("Sofia", 6, 5, 8))
]


@pytest.fixture(scope="module")
def proposed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Problems with their trajectories and verdicts."""
    out = tmp_path_factory.mktemp("proposed") / "run"
    propose.run(ProposeConfig(n=16, seed=5, domain="mathematics", workers=2), str(out), quiet=True)
    return out


@pytest.fixture(scope="module")
def model(proposed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without weights whose tokenizer knows the words of the trajectories."""
    texts = [m["content"] for t in open_run(proposed).iter(Trajectory) for m in t.messages()]
    return tiny_model(tmp_path_factory.mktemp("model"), texts=texts, vocabulary=1500)


def config(model: Path, **settings: Any) -> TrainSftConfig:
    chosen = {
        "learning_rate": 3e-3,
        "batch_size": 2,
        "epochs": 1,
        "limit": 12,
        "validation_share": 0.1,
        "eval_every": 2,
        "save_every": 2,
        **settings,
    }
    return TrainSftConfig.model_validate({"model": str(model), "device": "cpu", **chosen})


def train(settings: TrainSftConfig, source: Path, out: Path, **options: Any) -> dict[str, Any]:
    return train_sft.run(settings, [str(source)], str(out), quiet=True, **options)


def lines(run: Path) -> list[dict[str, Any]]:
    path = run / "metrics.jsonl"
    whole = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in whole if line.endswith("\n")]


def timeless(run: Path) -> list[dict[str, Any]]:
    return [{key: line[key] for key in SAME if key in line} for line in lines(run)]


@pytest.fixture(scope="module")
def straight(proposed: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed."""
    out = tmp_path_factory.mktemp("straight") / "run"
    train(config(model), proposed, out)
    return out


def command(settings: TrainSftConfig, source: Path, out: Path, folder: Path) -> list[str]:
    file = folder / "settings.json"
    file.write_text(settings.model_dump_json())
    run = ["train-sft", str(source), "--config", str(file), "--out", str(out), "--quiet"]
    return [sys.executable, "-W", "ignore", "-m", "agentprop", *run]


def start(settings: TrainSftConfig, source: Path, out: Path, folder: Path) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command(settings, source, out, folder),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process: subprocess.Popen[str], ready: Callable[[], bool]) -> None:
    until = time.monotonic() + 240
    while not ready():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "nothing happens"
        time.sleep(0.01)


# --- what comes out ---


LAST = 5
"""Steps of the run that imitates all that was proposed."""


def test_a_run_leaves_a_model_that_transformers_loads(straight: Path) -> None:
    load_policy = AutoModelForCausalLM.from_pretrained(straight / "model")
    assert type(load_policy).__name__ == "Qwen3ForCausalLM"
    assert AutoTokenizer.from_pretrained(straight / "model").chat_template
    assert sorted(path.name for path in (straight / "checkpoints").iterdir()) == ["step-000004", f"step-{LAST:06}"]
    assert (straight / "manifest.json").exists()


def test_its_numbers_are_in_the_metrics_and_the_summary(straight: Path) -> None:
    found = lines(straight)
    summary = json.loads((straight / "summary.json").read_text())
    assert [line["step"] for line in found] == list(range(1, LAST + 1))
    assert ["held_out_loss" in line for line in found] == [False, True, False, True, True]
    assert found[-1]["loss"] < found[0]["loss"] - 0.1
    assert all(line["tokens_per_s"] > 0 and line["memory_mib"] > 10 and line["skipped"] == 0 for line in found)
    assert summary["steps"] == summary["model_of_step"] == LAST
    assert summary["held_out_loss"] == found[-1]["held_out_loss"]
    assert summary["action_tokens"] == sum(line["tokens"] for line in found)
    material = summary["material"]
    assert material["train"] + material["held_out"] == material["rendered"] == 12


def test_a_finished_run_is_not_run_again(straight: Path, proposed: Path, model: Path) -> None:
    before, checkpoints = lines(straight), list((straight / "checkpoints").rglob("*"))
    written = [path.stat().st_mtime_ns for path in checkpoints]
    summary = train(config(model), proposed, straight)
    assert [path.stat().st_mtime_ns for path in checkpoints] == written
    assert lines(straight) == before and summary == json.loads((straight / "summary.json").read_text())


def test_problems_with_held_out_pairs_are_not_learnt_from(proposed: Path, model: Path, tmp_path: Path) -> None:
    pairs = {tuple(sorted(p.skills)[:2]) for p in open_run(proposed).iter(Problem) if len(set(p.skills)) > 1}
    chosen = sorted(pairs)[:2]
    settings = config(model, limit=None, validation_share=0, held_out=["+".join(pair) for pair in chosen], max_steps=1)
    material = train(settings, proposed, tmp_path / "run")["material"]
    tasks = {t.problem_id: t.task.skill_names for t in open_run(proposed).iter(Trajectory)}
    expected = [
        p
        for p in open_run(proposed).iter(Problem)
        if any(set(pair) <= set(p.skills) or set(pair) <= set(tasks[p.id]) for pair in chosen)
    ]
    assert material["held_out"] == len(expected) > 0 and material["train"] == 16 - len(expected)


def test_skills_of_an_extract_run_are_learnt_beside(proposed: Path, model: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(row) + "\n" for row in CORPUS))
    extract.run(ExtractConfig(sources=(str(corpus),), workers=1), str(tmp_path / "x"), quiet=True)
    settings = config(model, extracted=[str(tmp_path / "x")], skill_weight=0.5, max_steps=3, learning_rate=1e-2)
    material = train(settings, proposed, tmp_path / "run")["material"]
    losses = [line["skill_loss"] for line in lines(tmp_path / "run")]
    assert material["skills"] >= 1 and losses[2] < losses[0] - 0.1
    corpus.unlink()
    with pytest.raises(AgentpropError):
        train(settings, proposed, tmp_path / "again")


def test_adapters_leave_a_merged_model_and_themselves(proposed: Path, model: Path, tmp_path: Path) -> None:
    train(config(model, lora_rank=2, max_steps=2, tensorboard=True), proposed, tmp_path / "run")
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "run" / "model")
    assert (tmp_path / "run" / "model" / "adapter" / "adapter_model.safetensors").exists()
    assert list((tmp_path / "run" / "tensorboard").iterdir())


def test_what_it_made_is_a_model_to_start_from(straight: Path, proposed: Path, tmp_path: Path) -> None:
    train(config(straight / "model", max_steps=1), proposed, tmp_path / "run")
    assert lines(tmp_path / "run")[0]["loss"] < lines(straight)[0]["loss"] - 0.2


# --- killed, stopped, resumed ---


def test_a_killed_run_goes_on_to_the_same_losses(straight: Path, proposed: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = start(config(model), proposed, out, tmp_path)
    wait_for(process, lambda: len(lines(out)) >= 3)
    process.kill()
    process.wait()
    assert 3 <= len(lines(out)) < 5 and not (out / "manifest.json").exists()
    assert timeless(out) == timeless(straight)[: len(lines(out))]
    train(config(model), proposed, out)
    assert timeless(out) == timeless(straight)
    same = [(path / "model" / "model.safetensors").read_bytes() for path in (out, straight)]
    assert same[0] == same[1]


def test_asked_to_end_it_saves_the_step_it_is_in(straight: Path, proposed: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = start(config(model, save_every=100), proposed, out, tmp_path)
    wait_for(process, lambda: len(lines(out)) >= 1)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130 and "the last checkpoint is kept" in said and "resumes" in said, said
    done = len(lines(out))
    assert done < 5 and [path.name for path in (out / "checkpoints").iterdir()] == [f"step-{done:06d}"]
    train(config(model, save_every=100), proposed, out)
    assert timeless(out) == timeless(straight)


def test_more_steps_go_on_where_it_ended(straight: Path, proposed: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert train(config(model, max_steps=3), proposed, out)["steps"] == 3
    assert (out / "manifest.json").exists()
    assert train(config(model), proposed, out)["steps"] == LAST
    by_step = {line["step"]: line["loss"] for line in timeless(straight)}
    assert {line["step"]: line["loss"] for line in timeless(out)} == by_step


def test_other_settings_are_refused_with_their_names(straight: Path, proposed: Path, model: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in straight.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match=r"learning_rate was 0.003, now 0.1") as error:
        train(config(model, learning_rate=0.1), proposed, straight)
    assert "--fresh" in str(error.value.hint)
    assert {path for path in before if path.stat().st_mtime_ns != before[path]} <= {straight / ".agentprop" / "lock"}


def test_another_model_in_the_same_place_is_refused(proposed: Path, model: Path, tmp_path: Path) -> None:
    texts = ["other words " * 20]
    place = tiny_model(tmp_path / "model", texts=texts, vocabulary=600)
    train(config(place, max_steps=1), proposed, tmp_path / "run")
    tiny_model(place, texts=["yet other words " * 20], vocabulary=600)
    with pytest.raises(RunError, match="have changed: model"):
        train(config(place), proposed, tmp_path / "run")


def test_fresh_starts_over(proposed: Path, model: Path, tmp_path: Path) -> None:
    train(config(model, max_steps=2, tensorboard=True), proposed, tmp_path / "run")
    train(config(model, max_steps=1, learning_rate=1e-4), proposed, tmp_path / "run", fresh=True)
    assert [line["step"] for line in lines(tmp_path / "run")] == [1]
    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["step-000001"]


def test_a_disk_that_fills_up_leaves_the_last_checkpoint(
    straight: Path, proposed: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = start(config(model, save_every=1), proposed, out, tmp_path)
    wait_for(process, lambda: (out / "checkpoints" / "step-000001").exists())
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1 and "the file-size limit was reached" in said and "hint: free some space" in said
    assert "Traceback" not in said
    kept = sorted(path.name for path in (out / "checkpoints").iterdir())
    assert kept and f"{kept[-1]} is kept" in said
    train(config(model, save_every=1), proposed, out)
    assert timeless(out) == timeless(straight)


# --- what is no good ---


def test_trajectories_that_nobody_judged_are_refused(model: Path, tmp_path: Path) -> None:
    unjudged = tmp_path / "unjudged"
    settings = ProposeConfig(n=2, domain="mathematics", categories=("algebra",), verifier="none", workers=1)
    propose.run(settings, str(unjudged), quiet=True)
    with pytest.raises(InputError, match="there are no verdicts") as error:
        train(config(model), unjudged, tmp_path / "run")
    assert "agentprop verify" in str(error.value.hint) and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"max_length": 100}, r"all 16 accepted trajectories are longer than 100 tokens"),
        ({"validation_share": 1}, r"every trajectory is held out"),
        ({"patience": 2, "validation_share": 0}, r"nothing is"),
        ({"model": "/nowhere"}, r"no tokenizer can be read from /nowhere"),
        ({"device": "cuda:7"}, r"there is no GPU"),
    ],
)
def test_settings_that_leave_nothing_to_do_claim_no_directory(
    settings: dict[str, Any], sentence: str, proposed: Path, model: Path, tmp_path: Path
) -> None:
    chosen = config(model, limit=None).model_dump() | settings
    with pytest.raises(AgentpropError, match=sentence) as error:
        train(TrainSftConfig.model_validate(chosen), proposed, tmp_path / "run")
    assert error.value.hint and not (tmp_path / "run").exists()


def test_a_run_without_valid_problems_says_what_became_of_them(
    proposed: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agentprop.stages.common import accepted

    joined = accepted.join([str(proposed)])
    joined.verdicts = dict.fromkeys(joined.verdicts, "invalid")
    monkeypatch.setattr(accepted, "join", lambda paths: joined)
    with pytest.raises(InputError, match=r"no trajectory whose problem was found valid \(16 invalid\)"):
        train(config(model), proposed, tmp_path / "run")


@pytest.mark.slow
def test_two_processes_write_one_run_and_stop_together(
    straight: Path, proposed: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "agentprop"]
    own = command(config(model), proposed, out, tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    options: dict[str, Any] = {"env": environment, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([*launch, *own[own.index("agentprop") + 1 :]], **options)
    wait_for(process, lambda: len(lines(out)) >= 2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode != 0 and 2 <= len(lines(out)) < 5
    done = subprocess.run([*launch, *own[own.index("agentprop") + 1 :]], **options, timeout=240)
    assert done.returncode == 0, done.stderr
    for one, other in zip(lines(out), lines(straight), strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)
