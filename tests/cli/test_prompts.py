"""`agentprop prompts`, and `--prompts` on the stages that ask a model."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from agentprop.cli import main
from agentprop.prompts import names, prompt, prompt_hash, shipped

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Run a command line; returns what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, code: int = 0) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["agentprop", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        assert ended.value.code == code, captured.err
        return captured.out, captured.err

    return run


def test_show_lists_every_prompt_and_prints_one_word_for_word(command) -> None:  # type: ignore[no-untyped-def]
    listed, _ = command("prompts", "show")
    assert [line[2:].split()[0] for line in listed.splitlines()] == list(names())
    assert "{domain}" in next(line for line in listed.splitlines() if line[2:].startswith("task "))
    assert command("prompts", "show", "verifier_blind")[0] == prompt("verifier_blind") + "\n"


def test_show_says_which_prompts_are_replaced(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "prober.md").write_text("Be brief.", encoding="utf-8")
    rows = json.loads(command("prompts", "show", "--prompts", "mine", "--json")[0])
    assert [row["name"] for row in rows if row["replaced"]] == ["prober"]
    assert command("prompts", "show", "prober", "--prompts", "mine")[0] == "Be brief.\n"


def test_copies_are_files_of_the_same_names_and_leave_what_is_there(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    command("prompts", "copy", "mine", "prober")
    (tmp_path / "mine" / "prober.md").write_text("Be brief.", encoding="utf-8")
    out, told = command("prompts", "copy", "mine")
    assert out == "mine\n" and "1 were there already" in told
    assert {path.stem for path in (tmp_path / "mine").iterdir()} == set(names())
    assert (tmp_path / "mine" / "verifier.md").read_text(encoding="utf-8").strip() == shipped("verifier")
    assert (tmp_path / "mine" / "prober.md").read_text(encoding="utf-8") == "Be brief."


def test_an_unknown_prompt_is_named_with_those_that_exist(command) -> None:  # type: ignore[no-untyped-def]
    _, told = command("prompts", "show", "solver", code=1)
    assert "there is no prompt solver" in told and "verifier_blind" in told


def test_a_stage_uses_the_prompts_of_a_directory_and_stores_their_hash(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "prober.md").write_text("Be brief.", encoding="utf-8")
    (tmp_path / "questions.jsonl").write_text('{"question": "What is 2 + 2?", "answer": "4"}\n', encoding="utf-8")
    (tmp_path / "replies.jsonl").write_text('"\\\\boxed{4}"\n', encoding="utf-8")
    (tmp_path / "agentprop.toml").write_text('[models.script]\nreplies = "replies.jsonl"\n', encoding="utf-8")
    asked = ("evaluate", "questions.jsonl", "--model", "script", "--k", "1", "--out", "e", "--quiet")
    command(*asked, "--prompts", "mine")
    (question,) = map(json.loads, command("cat", "e", "--records", "questions")[0].splitlines())
    (attempt,) = map(json.loads, command("cat", "e", "--records", "attempts")[0].splitlines())
    assert json.loads(question["prompt"])[0]["content"] == "What is 2 + 2?\n\nBe brief."
    assert attempt["made_by"]["prompt_hash"] != prompt_hash("prober")
    (tmp_path / "mine" / "prober.md").write_text("Take your time.", encoding="utf-8")
    _, told = command(*asked, "--prompts", "mine", code=1)
    assert "the inputs of e have changed: prompts" in told
