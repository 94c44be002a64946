"""train-mgpo as a person runs it: the real environment, sandbox and verifier; killed, stopped, resumed, left alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from places import ROOT
from taught import skills, taught
from transformers import AutoModelForCausalLM

from agentprop.agent.hinting import HINTS
from agentprop.cli.show import describe
from agentprop.config import TrainMgpoConfig
from agentprop.errors import ConfigError, RunError
from agentprop.models.failures import ModelOutage
from agentprop.records import Attempt, Difficulty, Problem, StopReason, Trajectory, Verdict
from agentprop.sandbox.executor import Executor
from agentprop.stages.train import mgpo as train_mgpo
from agentprop.storage.run import open_run

CLOCKED = ("seconds/", "speed/", "memory")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, executor: Executor) -> Path:
    """A directory with model/ and library/."""
    folder = tmp_path_factory.mktemp("taught")
    skills(folder / "library")
    taught(folder, executor)
    return folder


def settings(place: Path, **changed: Any) -> TrainMgpoConfig:
    chosen: dict[str, Any] = {
        "model": str(place / "model"),
        "skills": [str(place / "library")],
        "bundled_skills": False,
        "device": "cpu",
        "steps": 3,
        "groups": 2,
        "group_size": 6,
        "minibatches": 2,
        "learning_rate": 1e-3,
        "reply_tokens": 160,
        "max_turns": 4,
        "max_length": 640,
        "save_every": 2,
        "sample_every": 2,
        "malformed_reward": -0.1,
    }
    return TrainMgpoConfig.model_validate({**chosen, **changed})


def train(config: TrainMgpoConfig, out: Path, **options: Any) -> dict[str, Any]:
    return train_mgpo.run(config, str(out), quiet=True, **options)


def lines(run: Path) -> list[dict[str, Any]]:
    path = run / "metrics.jsonl"
    whole = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in whole if line.endswith("\n")]


def timeless(run: Path) -> list[dict[str, Any]]:
    return [{k: v for k, v in line.items() if not k.startswith(CLOCKED)} for line in lines(run)]


@pytest.fixture(scope="module")
def straight(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six steps that nothing disturbed."""
    out = tmp_path_factory.mktemp("straight") / "run"
    train(settings(place, steps=6), out)
    return out


# --- a run ---


def test_the_proposer_earns_more_after_six_steps_than_before(straight: Path) -> None:
    told = lines(straight)
    assert [line["step"] for line in told] == [1, 2, 3, 4, 5, 6]
    earned = [line["reward/r_T"] for line in told]
    assert sum(earned[-2:]) > sum(earned[:2]) + 0.1, earned
    assert told[-1]["reward/validity"] > told[0]["reward/validity"]


def test_a_step_says_what_happened_in_it(straight: Path) -> None:
    first = lines(straight)[0]
    assert first["reward/r_T"] == pytest.approx(0.5 * first["reward/validity"])  # nobody measures difficulty
    assert first["fate/counted"] + first["fate/masked"] + first["fate/lost"] == pytest.approx(1)
    assert sum(first[f"stop/{stop.value}"] for stop in StopReason) == pytest.approx(1)
    assert first["update/engine_gap"] < 1e-4 and first["update/steps"] > 0
    assert {
        "update/kl_ref",
        "update/gate",
        "update/implicit_mean",
        "advantage/draft",
        "edits/pruned",
        "tokens/sampled",
        "speed/rollout",
        "memory_mib",
    } <= first.keys()


def test_samples_are_records_that_show_reads(straight: Path) -> None:
    run = open_run(straight)
    assert run.complete
    trajectories = list(run.iter(Trajectory))
    assert len(trajectories) > 6 and all(t.token_exact for t in trajectories if t.turns)
    problems = {problem.id for problem in run.iter(Problem)}
    assert problems == {verdict.problem_id for verdict in run.iter(Verdict)} and problems
    assert {attempt.problem_id for attempt in run.iter(Attempt)} == problems
    assert len({t.id for t in trajectories}) <= len(trajectories)
    assert describe(run)["counts"]["trajectory"]["stop"]


def test_the_result_is_a_model_directory(straight: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(straight / "model")
    last = AutoModelForCausalLM.from_pretrained(straight / "checkpoints" / "step-000006")
    for one, other in zip(model.parameters(), last.parameters(), strict=True):
        assert torch.equal(one, other)
    summary = open_run(straight).summary
    assert summary is not None
    assert summary["steps"] == 6 and summary["mean_of_last"] == 6 and "toy" in summary["mastery"]


# --- evaluation ---


def test_evaluation_changes_no_number_of_training_and_the_best_policy_is_published(
    place: Path, straight: Path, tmp_path: Path
) -> None:
    watched = {"evaluate_every": 2, "evaluate_groups": 2, "save_every": 10, "keep_checkpoints": 1}
    train(settings(place, steps=4, **watched), tmp_path / "run")
    rows = timeless(tmp_path / "run")
    assert [row for row in rows if "reward/r_T" in row] == timeless(straight)[:4]
    found = {row["step"]: row["evaluation/r_T"] for row in rows if "evaluation/r_T" in row}
    assert found.keys() == {0, 2, 4} and all("evaluation/validity" in row for row in rows if row["step"] == 0)
    summary = open_run(tmp_path / "run").summary
    assert summary is not None
    best = 2 if found[2] >= found[4] else 4
    assert (summary["evaluation_before"], summary["evaluation_best"], summary["best_step"]) == (
        found[0],
        found[best],
        best,
    )
    kept = tmp_path / "run" / "checkpoints" / f"step-{best:06}"
    published, chosen = (AutoModelForCausalLM.from_pretrained(one) for one in (tmp_path / "run" / "model", kept))
    assert all(torch.equal(*pair) for pair in zip(published.parameters(), chosen.parameters(), strict=True))
    for steps in (2, 4):
        train(settings(place, steps=steps, **watched), tmp_path / "parts")
    assert timeless(tmp_path / "parts") == rows


# --- interruptions ---


def test_a_longer_run_goes_on_to_the_same_numbers(place: Path, straight: Path, tmp_path: Path) -> None:
    train(settings(place, steps=2), tmp_path / "run")
    assert timeless(tmp_path / "run") == timeless(straight)[:2]
    train(settings(place, steps=6), tmp_path / "run")
    assert timeless(tmp_path / "run") == timeless(straight)
    ids = [trajectory.id for trajectory in open_run(tmp_path / "run").iter(Trajectory)]
    assert ids == [trajectory.id for trajectory in open_run(straight).iter(Trajectory)]


def command(place: Path, out: Path, **changed: Any) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    chosen = settings(place, **changed).model_dump(mode="json")
    config = out.parent / "settings.json"
    config.write_text(json.dumps(chosen), encoding="utf-8")
    launch = [sys.executable, "-m", "agentprop", "train-mgpo", "--config", str(config), "--out", str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(launch, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.05)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_was_ended_goes_on_to_the_same_numbers(
    place: Path, straight: Path, tmp_path: Path, how: signal.Signals
) -> None:
    out = tmp_path / "run"
    process = command(place, out, steps=6, save_every=2)
    until(lambda: len(lines(out)) >= 3, process)
    process.send_signal(how)
    _, said = process.communicate()
    kept = sorted(path.name for path in (out / "checkpoints").glob("step-*"))
    if how == signal.SIGTERM:
        assert process.returncode == 130 and "Traceback" not in said
        assert kept[-1] == f"step-{len(lines(out)):06d}"  # a stop loses no finished step
    train(settings(place, steps=6), out)
    assert timeless(out) == timeless(straight)


# --- judges that are models ---


class Answers(BaseHTTPRequestHandler):
    """A server that answers 49 to every question, until it has had enough."""

    left = 0

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).left -= 1
        if type(self).left < 0:
            self.send_error(500)
            return
        message = {"role": "assistant", "content": "\\boxed{49}"}
        choices = [{"index": i, "message": message, "finish_reason": "stop"} for i in range(body.get("n", 1))]
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        text = json.dumps({"object": "chat.completion", "model": "m", "choices": choices, "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def prober(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Answers]]:
    """A model named `weak` on a server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    table = f"[models.weak]\nmodel = 'm'\nbase_url = '{url}'\npatience_s = 1.0\nn = true\n"
    (tmp_path / "agentprop.toml").write_text(table, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield Answers
    server.shutdown()


def test_a_prober_that_dies_ends_the_run_with_a_sentence_and_nothing_is_lost(
    place: Path, tmp_path: Path, prober: type[Answers]
) -> None:
    config = settings(place, prober=["weak"], k=4, steps=2, save_every=50)
    prober.left = 1000
    train(config, tmp_path / "straight")
    out = tmp_path / "run"
    for left, steps, done in ((0, 2, 0), (1000, 1, 1), (0, 2, 1)):
        shutil.rmtree(out / "models", ignore_errors=True)  # what was answered once is not asked again
        prober.left = left
        if left:
            train(config.model_copy(update={"steps": steps}), out)
        else:
            with pytest.raises(ModelOutage) as ended:
                train(config, out)
            assert ended.value.hint
        assert len(lines(out)) == done
    prober.left = 1000
    train(config, out)
    assert timeless(out) == timeless(tmp_path / "straight")
    told = lines(tmp_path / "run")[0]
    assert told["reward/rho"] == 1.0 and told["reward/r_T"] == pytest.approx(0.5 * told["reward/validity"])
    assert {(d.c, d.k) for d in open_run(tmp_path / "run").iter(Difficulty)} == {(4, 4)}


def test_a_prober_may_be_a_directory_of_weights(place: Path, tmp_path: Path) -> None:
    config = settings(place, prober=[str(place / "model")], k=4, prober_reply_tokens=8, steps=1, groups=6)
    summary = train(config, tmp_path / "run")
    [told] = lines(tmp_path / "run")
    assert summary["prober"] == str(place / "model")
    assert told["fate/lost"] > 0 or told["reward/rho"] < 1  # cut off after eight tokens, or not what was asked


# --- arms ---


@pytest.mark.parametrize(
    "arm",
    [
        {"algorithm": "grpo", "beta": 0.0},
        {"omega": 0.0, "gate": "none"},
        {"prune": False, "gate": "sapo"},
        {"one_shot": True},
        {"lora_rank": 2, "granularity": "token", "constant_groups": "kl_only"},
    ],
    ids=lambda arm: next(iter(arm)),
)
def test_every_arm_takes_a_step(place: Path, tmp_path: Path, arm: dict[str, Any]) -> None:
    train(settings(place, steps=1, sample_every=1, **arm), tmp_path / "run")
    [told] = lines(tmp_path / "run")
    assert told["update/steps"] >= 0 and told["tokens/sampled"] > 0
    turns = [len(trajectory.turns) for trajectory in open_run(tmp_path / "run").iter(Trajectory)]
    assert max(turns) == 1 or "one_shot" not in arm
    assert ("update/gate" in told) == (arm.get("algorithm") != "grpo")


MECHANISMS = {
    "lp_reg": (
        {"lp_reg": 1.0, "algorithm": "grpo", "clip_low": 1.0, "lp_reg_share": 1.0, "lp_reg_min_p": 1e-6},
        "update/lp_share",
    ),
    "annealing": ({"anneal_decay": 60.0, "anneal_turns": "think"}, "update/correction_tenth_1"),
    "hints": ({"hints": 1.0}, "hints/recovered"),
}
"""Settings of mechanisms that are off by default, and a metric that shows that they acted."""


@pytest.fixture(scope="module")
def advised(tmp_path_factory: pytest.TempPathFactory, executor: Executor) -> Path:
    """A directory with model/ and library/, whose model can make use of a hint."""
    folder = tmp_path_factory.mktemp("advised")
    skills(folder / "library")
    taught(folder, executor, advised=True)
    return folder


def test_a_branch_recovers_in_a_run_with_everything_else_on(advised: Path, tmp_path: Path) -> None:
    every = {name: value for chosen, _ in MECHANISMS.values() for name, value in chosen.items()}
    train(settings(advised, steps=2, sample_every=1, **every), tmp_path / "run")
    told = lines(tmp_path / "run")
    assert all(line["hints/branches"] > 0 for line in told)
    assert all(any(metric in line for line in told) for _, metric in MECHANISMS.values())
    assert max(line["hints/recovered"] for line in told) > 0 and max(line["hints/tokens"] for line in told) > 0
    texts = [turn.observation for one in open_run(tmp_path / "run").iter(Trajectory) for turn in one.turns]
    assert any(hint in text for hint in HINTS for text in texts)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MECHANISMS if name != "lp_reg"])  # the toy has no rare token
def test_a_mechanism_acts_and_a_killed_run_with_it_goes_on_to_the_same_numbers(
    advised: Path, tmp_path: Path, name: str
) -> None:
    chosen, metric = MECHANISMS[name]
    straight = tmp_path / "straight"
    train(settings(advised, steps=4, **chosen), straight)
    assert max(line.get(metric, 0.0) for line in lines(straight)) > 0
    out = tmp_path / "run"
    process = command(advised, out, steps=4, save_every=1, **chosen)
    until(lambda: len(lines(out)) >= 2, process)
    process.kill()
    process.communicate()
    assert len(lines(out)) < 4
    train(settings(advised, steps=4, save_every=1, **chosen), out)
    assert timeless(out) == timeless(straight)
    weights = [open_run(run).path / "model" / "model.safetensors" for run in (straight, out)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


# --- what is no good ---


def test_another_configuration_is_refused_with_the_settings_that_differ(place: Path, straight: Path) -> None:
    with pytest.raises(ConfigError, match=r"omega was 0.5, now 0.1"):
        train(settings(place, steps=6, omega=0.1), straight)


def test_a_library_that_changed_is_refused(place: Path, straight: Path, tmp_path: Path) -> None:
    config, out = settings(place, steps=7), tmp_path / "run"
    shutil.copytree(straight, out)
    page = place / "library" / "toy-double" / "SKILL.md"
    before = page.read_text()
    page.write_text(before + "More.\n")
    try:
        with pytest.raises(RunError, match="skills"):
            train(config, out)
    finally:
        page.write_text(before)


def test_the_gate_that_decays_the_wrong_way_is_refused() -> None:
    with pytest.raises(ValueError, match="tau_pos"):
        settings(Path("x"), tau_pos=1.2)
    with pytest.raises(ConfigError, match="granularity"):
        train_mgpo.check(settings(Path("x"), algorithm="grpo", granularity="token"))
    with pytest.raises(ConfigError, match="none for a hint"):
        train_mgpo.check(settings(Path("x"), hints=0.2, one_shot=True))


# --- many processes ---


def test_two_processes_take_the_step_that_one_takes(place: Path, straight: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    config = tmp_path / "settings.json"
    config.write_text(json.dumps(settings(place, steps=2).model_dump(mode="json")), encoding="utf-8")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    stage = ["-m", "agentprop", "train-mgpo", "--config", str(config), "--out", str(out), "--quiet"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([*launch, *stage], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == str(out)
    first, alone = timeless(out)[0], timeless(straight)[0]
    assert len(lines(out)) == 2
    assert first.keys() == alone.keys()
    for name in alone:
        loose = name.startswith("update/")  # each process's own groups are in its own rows, and sums in another order
        assert first[name] == pytest.approx(alone[name], rel=1e-2 if loose else 1e-9, abs=1e-3 if loose else 0), name
    assert open_run(out).complete
