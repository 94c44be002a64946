"""The MODEL of a command and the settings it stands for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agentprop.errors import ConfigError, InputError
from agentprop.models.chat import Message, Request
from agentprop.models.client import AllowanceShare
from agentprop.models.registry import Models, resolve
from agentprop.models.settings import ModelSettings
from agentprop.notices import note

PROJECT = """
[models.teacher]
base_url = "https://example.org/v1/"
model = "big"
api_key_env = "EXAMPLE_KEY"
max_concurrency = 7
price_in = 0.1
price_out = 0.2

[models.script]
replies = "replies.jsonl"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "agentprop.toml").write_text(PROJECT)
    (tmp_path / "replies.jsonl").write_text('"one"\n\n{"content": "two", "finish_reason": "length"}\n')
    (tmp_path / "checkpoint").mkdir()
    return tmp_path


def test_a_name_from_the_project_file_comes_first(project: Path) -> None:
    (project / "teacher").mkdir()
    found = resolve("teacher", directory=project)
    assert (found.model, found.base_url, found.max_concurrency) == ("big", "https://example.org/v1", 7)
    assert found.identity == "big@https://example.org/v1"


def test_then_an_existing_path(project: Path) -> None:
    found = resolve("checkpoint", directory=project)
    assert found.local
    assert found.model == str(project / "checkpoint")


@pytest.mark.parametrize(
    ("name", "model", "base_url"),
    [
        ("m@http://localhost:8000/v1", "m", "http://localhost:8000/v1"),
        ("org/m@https://example.org/api/v1/", "org/m", "https://example.org/api/v1"),
        ("m@localhost:8000/v1", "m", "http://localhost:8000/v1"),
        ("m@http://h/v1/chat/completions", "m", "http://h/v1"),
        ("m@v2@http://h/v1", "m@v2", "http://h/v1"),
    ],
)
def test_then_a_model_at_an_address(project: Path, name: str, model: str, base_url: str) -> None:
    found = resolve(name, directory=project)
    assert (found.model, found.base_url) == (model, base_url)
    assert found.api_key_env is None


def test_then_a_hub_id(project: Path) -> None:
    found = resolve("Qwen/Qwen3-4B", directory=project)
    assert (found.local, found.model) == (True, "Qwen/Qwen3-4B")


@pytest.mark.parametrize(("name", "hint"), [("techer", "did you mean teacher"), ("gpt", "MODEL@BASE_URL")])
def test_anything_else_is_refused_with_what_would_work(project: Path, name: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=f"there is no model {name}") as caught:
        resolve(name, directory=project)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[models.m]\nbase_ulr = 'http://x'", r"unknown setting base_ulr in \[models.m\]"),
        ("[models.m]\nmax_concurrency = 0", "max_concurrency in .* must be at least 1"),
        ("models = 3", "not a table of models"),
        ("[models", "cannot be read"),
    ],
)
def test_a_faulty_project_file_is_named_with_its_setting(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "agentprop.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        resolve("m", directory=tmp_path)


def test_a_former_name_goes_on_working_with_a_notice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note.cache_clear()
    (tmp_path / "agentprop.toml").write_text("[models.m]\nmax_tokens = 7\n")
    assert resolve("m", directory=tmp_path).reply_tokens == 7
    assert "max_tokens ([models.m] of agentprop.toml) is now called reply_tokens" in capsys.readouterr().err


def test_a_script_answers_in_order_and_then_says_that_it_is_over(project: Path) -> None:
    model = Models().open("r", resolve("script", directory=project))
    request = Request((Message("user", "go on"),))
    assert asyncio.run(model.reply(request)).text == "one"
    second = asyncio.run(model.reply(request)).choices[0]
    assert (second.text, second.truncated) == ("two", True)
    with pytest.raises(Exception, match="no more replies"):
        asyncio.run(model.reply(request))


def test_a_script_with_a_fault_names_the_line(project: Path) -> None:
    (project / "replies.jsonl").write_text('"one"\nnot json\n')
    with pytest.raises(InputError, match="line 2 is not JSON"):
        Models().open("r", resolve("script", directory=project))


def test_roles_that_use_the_same_server_share_its_queue() -> None:
    models = Models()
    settings = ModelSettings(model="m", base_url="http://localhost:1/v1")
    first, second = models.open("a", settings), models.open("b", settings)
    assert first.channel is second.channel
    assert first.account != second.account
    asyncio.run(models.aclose())


def test_processes_divide_what_is_allowed_between_them() -> None:
    settings = ModelSettings(model="m", base_url="http://localhost:1/v1", max_concurrency=10)
    pools = [Models(part=AllowanceShare(number, 4)) for number in range(4)]
    assert sorted(models.open("a", settings).channel.limiter.max_concurrency for models in pools) == [2, 2, 3, 3]
    for models in pools:
        asyncio.run(models.aclose())


def test_a_key_that_was_named_must_be_there(project: Path) -> None:
    with pytest.raises(ConfigError, match="EXAMPLE_KEY is not set"):
        Models(environ={}).open("r", resolve("teacher", directory=project))


def test_several_addresses_are_one_model_and_a_query_is_kept_but_not_named(tmp_path: Path) -> None:
    (tmp_path / "agentprop.toml").write_text(
        '[models.two]\nbase_url = ["http://a:1/v1/", "b:2/v1/chat/completions"]\n'
        '[models.azure]\nbase_url = "https://x.openai.azure.com/deployments/m/chat/completions?api-version=1"\n'
    )
    two, azure = (resolve(name, directory=tmp_path) for name in ("two", "azure"))
    assert (two.base_url, two.addresses) == ("http://a:1/v1", ("http://a:1/v1", "http://b:2/v1"))
    assert two.identity == "two@http://a:1/v1"
    assert azure.base_url == "https://x.openai.azure.com/deployments/m?api-version=1"
    assert azure.identity == "azure@https://x.openai.azure.com/deployments/m"


@pytest.mark.parametrize(
    ("line", "said"),
    [('preset = "qwen9"', "there is no preset qwen9"), ("roles.cook.temperature = 1", "there is no role cook")],
)
def test_presets_and_roles_that_there_are_not_are_refused_with_those_there_are(
    tmp_path: Path, line: str, said: str
) -> None:
    (tmp_path / "agentprop.toml").write_text(f"[models.m]\n{line}\n")
    with pytest.raises(ConfigError, match=said):
        resolve("m", directory=tmp_path)


def test_an_address_with_a_key_in_its_query_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds a key"):
        resolve("m@https://x.example/v1?key=abc", directory=tmp_path)
