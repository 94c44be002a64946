"""Tab in a shell completes the names that an option takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentprop.cli import _Commands as Root
from agentprop.cli import completion
from agentprop.cli.lazy import load

from .conftest import Run


def offered(agentprop: Run, *words: str) -> list[str]:
    asked = {"_AGENTPROP_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(("agentprop", *words))}
    done = agentprop(env={**asked, "COMP_CWORD": str(len(words))})
    assert done.stderr == ""
    return done.stdout.split()


def test_a_shell_is_offered_the_values_of_an_option(agentprop: Run, tmp_path: Path) -> None:
    (tmp_path / "agentprop.toml").write_text('[models.small]\nmodel = "m"\nbase_url = "http://h:1/v1"\n')
    assert offered(agentprop, "probe", "run", "--prober", "s") == ["small"]


@pytest.mark.parametrize(
    ("names", "begun", "expected"),
    [
        (completion.domains, "", ["coding", "mathematics", "science"]),
        (completion.categories, "num", ["number-theory"]),
        (completion.formats, "ver", ["verifiers", "verl"]),
        (completion.algorithms, "g", ["grpo", "gspo"]),
        (completion.record_kinds, "tr", ["trajectories"]),
        (completion.skills, "number-theory-cr", ["number-theory-crt"]),
        (completion.models_or_builtin, "b", ["builtin"]),
        (completion.inline_verifiers, "n", ["none"]),
    ],
)
def test_names_are_completed(
    names: completion.Names, begun: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert names(begun) == expected


def test_a_faulty_file_offers_nothing_and_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "agentprop.toml").write_text("[models")
    assert completion.models("") == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("command", "parameter"),
    [
        ("propose", "domain"),
        ("propose", "category"),
        ("propose", "proposer"),
        ("propose", "verifier"),
        ("extract", "teacher"),
        ("verify", "verifier"),
        ("verify", "auditor"),
        ("probe", "prober"),
        ("curate", "prober"),
        ("evaluate", "model"),
        ("train-mgpo", "prober"),
        ("export", "format_"),
        ("cat", "records"),
        ("check-models", "model"),
    ],
)
def test_every_option_with_names_is_completed(command: str, parameter: str) -> None:
    found = load(command, Root.entries[command].module)
    (option,) = (p for p in found.params if p.name == parameter)
    assert option.shell_complete(found.make_context(command, ["--help"], resilient_parsing=True), "\0") == []
    assert option._custom_shell_complete is not None
