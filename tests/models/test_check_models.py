"""`check-models`: which models answer, their abilities, and the prompt they will be sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from servers import running

from agentprop.cli.check_models import command, configured_roles
from agentprop.errors import AgentpropError

EVERYTHING = ("n", "tools", "schema", "logprobs", "ids", "template")
TESTED = ("n", "tools", "structured", "logprobs", "token_ids")


def check(capsys: pytest.CaptureFixture[str], *models: str) -> list[dict[str, object]]:
    command(list(models), json=True)
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("able", "expected"), [(EVERYTHING, "yes"), ((), "ignored"), (("strict",), "no")], ids=["all", "none", "strict"]
)
def test_abilities_are_found_out_not_believed(
    able: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with running("capable_server.py", *able) as base_url:
        (found,) = check(capsys, f"toy@{base_url}")
    abilities = found["abilities"]
    assert isinstance(abilities, dict)
    assert {name: abilities[name] for name in TESTED} == dict.fromkeys(TESTED, expected)
    assert (abilities["model"], abilities["context_length"], abilities["usage"]) == ("toy-v1", 4096, True)


def test_the_first_prompt_is_shown_through_the_servers_own_template(capsys: pytest.CaptureFixture[str]) -> None:
    with running("capable_server.py", "template") as templated, running("capable_server.py") as plain:
        first, second = check(capsys, f"toy@{templated}", f"toy@{plain}")
    assert first["prompt"] == "<|system|><|user|>"
    assert "You propose hard reasoning problems" in str(second["prompt"])
    assert "Propose one problem in" in str(second["prompt"])


def test_native_tool_calls_are_shown_with_the_functions_that_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with running("capable_server.py", "tools") as base_url:
        name = f'base_url = "{base_url}"\nmodel = "toy"\n'
        Path("agentprop.toml").write_text(f"[models.tagged]\n{name}[models.native]\n{name}tools = true\n")
        native, tagged = check(capsys, "native", "tagged")
    assert (native["actions"], tagged["actions"]) == ("native tool calls", "tagged text")
    assert "<action:submit>" in str(tagged["prompt"]) and "<action:submit>" not in str(native["prompt"])
    assert all(f'"name": "{name}"' in str(native["prompt"]) for name in ("think", "exec", "edit", "submit"))


def test_tool_calls_that_are_in_use_are_tried_as_they_will_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with running("capable_server.py", "tools", "forced") as base_url:
        name = f'base_url = "{base_url}"\nmodel = "toy"\n'
        chosen = f'{name}tools = true\nextra_body = {{ tool_choice = "required" }}\n'
        text = f"[models.tagged]\n{name}[models.native]\n{name}tools = true\n[models.chosen]\n{chosen}"
        Path("agentprop.toml").write_text(text)
        found = [entry["abilities"] for entry in check(capsys, "tagged", "native", "chosen")]
        command(["native"], prompts=False)
    assert [abilities["tools"] for abilities in found if isinstance(abilities, dict)] == ["yes", "no", "yes"]
    assert "no function was called" in " ".join(capsys.readouterr().out.split())


def test_all_configured_models_are_asked_with_their_roles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with running("capable_server.py", "key") as base_url:
        (tmp_path / "agentprop.toml").write_text(
            f'[models.big]\nbase_url = "{base_url}"\nmodel = "toy"\napi_key_env = "BIG_KEY"\n'
            '[models.script]\nreplies = "r.jsonl"\n[propose]\nproposer = "big"\n'
        )
        (tmp_path / "r.jsonl").write_text('"one"\n')
        (tmp_path / ".env").write_text("BIG_KEY=right\n")
        big, script = check(capsys)
        assert (big["name"], big["roles"], big["error"]) == ("big", ["proposer"], None)
        assert script["script"] == 1
        command([], json=False)
        assert "proposer" in capsys.readouterr().out


def test_a_model_that_does_not_answer_is_named_with_what_to_try(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        running("capable_server.py", "key") as base_url,
        pytest.raises(AgentpropError, match="no reply from") as caught,
    ):
        command([f"toy@{base_url}"], json=True)
    assert "api_key_env" in (caught.value.hint or "")
    assert "no such key" in json.loads(capsys.readouterr().out)[0]["error"]


def test_nothing_configured_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AgentpropError, match="no model is configured"):
        command([])


def test_roles_come_from_the_project_file_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / "agentprop.toml").write_text('auditor = "a"\n[propose]\nproposer = "p"\nverifier = "builtin"\n')
    environ = {"AGENTPROP_EXTRACT_TEACHER": "p", "AGENTPROP_VERIFIER": "v"}
    roles = configured_roles(tmp_path / "agentprop.toml", environ)
    assert roles == {"a": ("auditor",), "p": ("proposer", "teacher"), "v": ("verifier",)}
