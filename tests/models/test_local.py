"""Local servers: started, waited for, and ended however their owner ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hold_server import settings_of
from places import ENVIRONMENT, SUPPORT

from agentprop.models import guard as guard_module
from agentprop.models.chat import Message, Request
from agentprop.models.local import ServerDied, command_of, log_ending, served, serving, serving_all
from agentprop.models.registry import Models
from agentprop.models.retry import Backoff
from agentprop.models.settings import ModelSettings


def pids(log: Path) -> list[int]:
    line = next(line for line in log.read_text().splitlines() if line.startswith("pids"))
    return [int(word) for word in line.split()[1:]]


def alive(number: int) -> bool:
    """Return True if a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def all_gone(numbers: list[int], within_s: float = 30.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not any(map(alive, numbers)):
            return True
        time.sleep(0.02)
    return False


def test_a_server_is_up_inside_the_block_and_gone_with_all_its_children_after_it(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "server.log"
    with serving(settings_of("well"), log) as up:
        reply = asyncio.run(Models().open("r", up).reply(Request((Message("user", "who?"),))))
        assert reply.text == "I am toy/model"
        numbers = pids(log)
        assert all(map(alive, numbers))
    assert all_gone(numbers)


def test_the_waiting_is_told_with_the_servers_own_words(tmp_path: Path) -> None:
    told: list[str] = []
    with serving(settings_of("slow"), tmp_path / "log", tell=told.append):
        pass
    assert told
    assert "waiting for the server of toy/model" in told[0]
    assert "loading the weights" in told[0]


def test_a_server_that_dies_leaves_its_last_words_and_no_child(tmp_path: Path) -> None:
    log = tmp_path / "log"
    expected = r"ended with status 1; .*the weights are not there"
    with pytest.raises(ServerDied, match=expected) as caught, serving(settings_of("dies"), log):
        raise AssertionError("it was never up")
    assert str(log) in (caught.value.hint or "")
    assert all_gone(pids(log))


def test_a_server_that_dies_in_the_middle_is_the_reason_not_a_lost_connection(tmp_path: Path) -> None:
    async def ask(up: ModelSettings) -> None:
        models = Models()
        model = models.open("r", up)
        await model.reply(Request((Message("user", "who?"),)))
        os.kill(pids(tmp_path / "log")[0], signal.SIGKILL)
        model.channel.backoff = Backoff(first_s=0.01, most_s=1.0)
        await model.reply(Request((Message("user", "who now?"),)))

    settings = settings_of("well", patience_s=1e6)  # however patient, a run does not wait for a server that has ended
    expected = r"the server for toy/model ended .*process \d+ was ended by SIGKILL; memory that runs out"
    with pytest.raises(ServerDied, match=expected), serving(settings, tmp_path / "log") as up:
        asyncio.run(ask(up))
    assert all_gone(pids(tmp_path / "log"))


NOISY = """\
(EngineCore pid=7) INFO 11-22 07:19:35 [core.py:133] Initializing with config: RuntimeErrorPolicy=None
(Worker pid=8) ERROR 11-22 07:21:44 [multiproc_executor.py:1063]     return self._op(*args, **kwargs)
(Worker pid=8) ERROR 11-22 07:21:44 [multiproc_executor.py:1063] RuntimeError: no attention of head_dim=16
(Worker pid=8) ERROR 11-22 07:21:44 [multiproc_executor.py:1063] Traceback (most recent call last):
(Worker pid=8) ERROR 11-22 07:21:44 [multiproc_executor.py:1063] RuntimeError: no attention of head_dim=16
(EngineCore pid=7) ERROR 11-22 07:21:44 [core.py:1] some.module.EngineDeadError: see above
INFO:     Shutting down
nanobind: leaked 514 functions!
"""


def test_last_words_are_the_exceptions_and_not_what_was_logged_after_them(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(NOISY * 5)
    assert log_ending(log) == ["RuntimeError: no attention of head_dim=16", "some.module.EngineDeadError: see above"]
    log.write_text("".join(f"line {i}\n" for i in range(100)))
    assert log_ending(log)[0] == "line 85"
    log.write_bytes(b"\xff" * 10)
    assert len(log_ending(log)) == 1


def test_a_server_has_the_environment_that_its_settings_name(tmp_path: Path) -> None:
    log = tmp_path / "log"
    printing = ModelSettings(
        model="m",
        serve_command=(sys.executable, "-c", "import os; raise ValueError(os.environ['GREETING'])"),
        serve_env={"GREETING": "hello"},
    )
    with pytest.raises(ServerDied, match="ValueError: hello"), serving(printing, log):
        pass


def test_a_server_that_cannot_be_started_says_so(tmp_path: Path) -> None:
    settings = ModelSettings(model="m", serve_command=("/nowhere/serve",))
    with pytest.raises(ServerDied, match="/nowhere/serve cannot be started"), serving(settings, tmp_path / "log"):
        pass


def test_a_server_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    settings = settings_of("never", serve_timeout_s=1.0)
    with pytest.raises(ServerDied, match="was not ready after 1 s"), serving(settings, tmp_path / "log"):
        pass
    assert all_gone(pids(tmp_path / "log"))


@pytest.mark.parametrize(
    ("gpu", "devices", "begun"),
    [(False, ("0", "0"), True), (True, ("0", "1"), True), (True, ("0", "0"), False)],
    ids=["no GPU", "a GPU each", "one GPU"],
)
def test_servers_start_together_unless_they_share_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpu: bool, devices: tuple[str, str], begun: bool
) -> None:
    monkeypatch.setattr("agentprop.models.local.has_gpu", lambda: gpu)
    never, well = (
        settings_of(kind, serve_timeout_s=1.0, serve_env={"CUDA_VISIBLE_DEVICES": device})
        for kind, device in zip(("never", "well"), devices, strict=True)
    )
    wanted = [(never, tmp_path / "never.log"), (well, tmp_path / "well.log")]
    with pytest.raises(ServerDied, match="was not ready"), serving_all(wanted):
        pass
    assert (tmp_path / "well.log").exists() is begun
    assert all_gone([number for log in tmp_path.iterdir() for number in pids(log)])


def test_several_servers_are_up_inside_the_block_and_gone_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentprop.models.local.has_gpu", lambda: True)
    logs = [tmp_path / "a", tmp_path / "b"]
    with serving_all([(settings_of("well"), log) for log in logs]) as up:
        assert len({settings.base_url for settings in up}) == 2
        assert all(alive(number) for log in logs for number in pids(log))
    assert all_gone([number for log in logs for number in pids(log)])


def test_a_server_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = Path(guard_module.__file__).read_text()
    hasty = tmp_path / "guard.py"
    hasty.write_text(patient.replace("GRACE_S = 10.0", "GRACE_S = 0.2"))
    monkeypatch.setattr("agentprop.models.local.guard.__file__", str(hasty))
    with serving(settings_of("deaf"), tmp_path / "log"):
        numbers = pids(tmp_path / "log")
    assert all_gone(numbers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_server_ends_with_its_owner_however_that_ends(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "log"
    command = [sys.executable, str(SUPPORT / "hold_server.py"), str(log), "well"]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        numbers = pids(log)
        if number is signal.SIGINT:
            os.killpg(owner.pid, number)  # as a terminal does
        else:
            owner.send_signal(number)
        owner.wait()
    assert all_gone(numbers)


def test_what_vllm_can_do_is_known_unless_it_was_said_otherwise() -> None:
    plain = served(ModelSettings(model="org/model"), 1234)
    assert (plain.base_url, plain.token_ids, plain.logprobs, plain.n) == ("http://127.0.0.1:1234/v1", True, True, True)
    assert served(ModelSettings(model="org/model", logprobs=False), 1234).logprobs is False
    assert served(settings_of("well"), 1234).token_ids is False


def test_identity_does_not_depend_on_the_port_but_on_the_weights(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    settings = ModelSettings(model=str(tmp_path))
    before = served(settings, 1111).identity
    assert before == served(settings, 2222).identity
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    assert served(settings, 1111).identity != before
    assert served(ModelSettings(model="org/m", revision="v2"), 1).identity == "org/m@v2"


def test_the_command_line_says_model_place_and_the_users_arguments() -> None:
    settings = ModelSettings(model="org/m", revision="v2", serve_command=("serve",), serve_args=("--x", "1"))
    assert command_of(settings, 7) == [
        "serve",
        "org/m",
        "--host",
        "127.0.0.1",
        "--port",
        "7",
        "--served-model-name",
        "org/m",
        "--revision",
        "v2",
        "--x",
        "1",
    ]
