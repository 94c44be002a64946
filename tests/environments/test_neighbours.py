"""The adapters in their hosts' own packages; each is tried in an environment of its own, and skipped elsewhere."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from places import ROOT

import agentprop

pytestmark = pytest.mark.neighbours


def host(extra: str, module: str) -> Any:
    """The host that an extra installs; skips without it, but fails in the environment that was made for it."""
    if os.environ.get("NEIGHBOUR") == extra:
        return importlib.import_module(module)
    return pytest.importorskip(module, exc_type=ImportError)


def right(answer: str) -> str:
    return rf"It is \boxed{{{answer}}}."


def test_reasoning_gym_makes_and_mixes_our_items() -> None:
    gym = host("reasoning-gym", "reasoning_gym")
    from reasoning_gym.composite import DatasetSpec

    import agentprop.environments.reasoning_gym

    data = gym.create_dataset("agentprop", seed=3, size=5, domain="mathematics")
    assert len(data) == 5 and data[0] == dict(agentprop.dataset("mathematics", 3)[0])
    assert [data.score_answer(right(item["answer"]), item) for item in data] == [1.0] * 5
    assert data.score_answer(None, data[0]) == 0.0
    ours = DatasetSpec(name="agentprop", weight=1, config={"domain": "mathematics"})  # a program's answer is its tests
    parts = [ours, DatasetSpec(name="chain_sum", weight=1, config={})]
    mixed = gym.create_dataset("composite", seed=1, size=6, datasets=parts)
    assert {item["metadata"]["source_dataset"] for item in mixed} == {"agentprop", "chain_sum"}
    assert [mixed.score_answer(item["answer"], item) for item in mixed] == [1.0] * 6


def test_verifiers_takes_from_a_taskset_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    vf = host("verifiers", "verifiers.v1")
    from verifiers.v1.utils.loaders import load_taskset, taskset_config_type

    monkeypatch.syspath_prepend(ROOT / "examples" / "environments")
    config = taskset_config_type("agentprop_vf")(id="agentprop_vf", seed=2, domain="mathematics")
    tasks = load_taskset(config)
    assert not tasks.bounded
    (one, two) = tasks.take(2)
    assert one.key == agentprop.dataset("mathematics", 2)[0]["metadata"]["id"] != two.key
    replies = [right(one.data.answer), "no idea", None]
    scores = [asyncio.run(one.correct(SimpleNamespace(last_reply=reply))) for reply in replies]
    assert scores == [1.0, 0.0, 0.0]
    assert asyncio.run(one.undetermined(SimpleNamespace(last_reply=replies[0]))) == 0.0
    assert isinstance(one, vf.Task)


def test_verifiers_shuffles_a_taskset_of_a_size() -> None:
    host("verifiers", "verifiers.v1")
    from agentprop.environments.verifiers import Problems, ProblemsConfig

    tasks = Problems(ProblemsConfig(id="agentprop_vf", domain="mathematics", seed=2, start=1, size=3))
    assert tasks.bounded
    items = agentprop.dataset("mathematics", 2)
    assert {task.key for task in tasks.shuffle(seed=1)} == {items[number]["metadata"]["id"] for number in (1, 2, 3)}
    with pytest.raises(ValueError, match="infinite"):
        Problems(ProblemsConfig(id="agentprop_vf")).shuffle()


def test_inspect_evaluates_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inspect = host("inspect", "inspect_ai")
    import inspect_ai.model._model as inner
    from inspect_ai.model import ModelOutput, get_model

    from agentprop.environments.inspect_ai import agentprop as task

    monkeypatch.setattr(inner, "count_text_tokens", lambda text: max(1, len(text) // 4))  # it would be downloaded
    answers = [item["answer"] for item in agentprop.dataset("mathematics", 0, 4)]
    said = [right(answer) if number % 2 else "no idea" for number, answer in enumerate(answers)]
    outputs = [ModelOutput.from_content("mockllm/model", text) for text in said]
    model = get_model("mockllm/model", custom_outputs=outputs)
    (log,) = inspect.eval(
        task(4, domain="mathematics"), model=model, log_dir=str(tmp_path), display="none", max_connections=1
    )
    assert log.status == "success", log.error
    assert log.results.scores[0].metrics["accuracy"].value == 0.5


BY_NAME = """
import inspect_ai.model._model as inner
from inspect_ai import eval

inner.count_text_tokens = len  # its tokens would be downloaded
arguments = {"n": 1, "domain": "mathematics"}
(log,) = eval("agentprop/agentprop", task_args=arguments, model="mockllm/model", log_dir=".", display="none")
print(log.status, len(log.samples))
"""


def test_inspect_finds_the_task_of_an_installed_agentprop_by_name(tmp_path: Path) -> None:
    host("inspect", "inspect_ai")
    if not agentprop_is_copied():
        pytest.skip("Inspect knows the tasks of a package by its name alone if it is not installed with -e")
    done = subprocess.run([sys.executable, "-P", "-c", BY_NAME], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.split() == ["success", "1"], done.stderr


def agentprop_is_copied() -> bool:
    """True if the package lies among those installed, and not in a checkout alone."""
    from importlib.metadata import files

    return any(str(file) == "agentprop/__init__.py" for file in files("agentic-proposing") or ())


def served(kind: str, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "agentprop", "serve", "--as", kind, "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*command, "--domain", "mathematics", "--seed", "4"], env=environment, text=True, stderr=subprocess.PIPE
    )


def asked(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post to a server that may be still starting."""
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    request = Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    for _ in range(600):
        try:
            with urlopen(request) as reply:
                return dict(json.load(reply))
        except URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_openenv_resets_and_steps() -> None:
    host("openenv", "openenv.core")
    from openenv.core.generic_client import GenericEnvClient

    port = free_port()
    data = agentprop.dataset("mathematics", 4)
    server = served("openenv", port)
    try:
        asked(f"http://127.0.0.1:{port}/reset", {"seed": 1})
        with GenericEnvClient(base_url=f"http://127.0.0.1:{port}").sync() as client:
            first = client.reset(seed=1)
            assert first.observation["question"] == data.prompt(1) and not first.done
            done = client.step({"text": right(data[1]["answer"])})
            assert done.done and done.reward == 1.0
            assert done.observation == {"question": "", "undetermined": False}
    finally:
        server.terminate()
        server.wait()


def test_nemo_gym_verifies() -> None:
    host("nemo-gym", "nemo_gym")
    from itertools import islice

    from agentprop.environments.nemo_gym import rows

    (row,) = islice(rows(agentprop.dataset("mathematics", 4)), 1)
    text = {"type": "output_text", "text": right(row["answer"]), "annotations": []}
    message = {"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
    response = {"id": "r", "created_at": 0.0, "model": "m", "object": "response", "output": [message]}
    response |= {"parallel_tool_calls": False, "tool_choice": "auto", "tools": []}
    port = free_port()
    server = served("nemo-gym", port)
    try:
        found = asked(f"http://127.0.0.1:{port}/verify", {**row, "response": response})
        assert found["reward"] == 1.0 and found["undetermined"] is False
    finally:
        server.terminate()
        server.wait()
