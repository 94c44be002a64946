"""Every mistake of a user ends in one sentence, a hint and the exit code of the contract, and loses nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentprop.storage.run import Run

from .conftest import Run as Command

CASES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("bad_input.toml").read_text())["case"]


@pytest.fixture
def place(tmp_path: Path, proposed: Path, verified: Path) -> Path:
    """The directory that the cases refer to."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "broken.json").write_text('{"n": 3,')
    (tmp_path / "list.yaml").write_text("- n\n- seed\n")
    (tmp_path / "typo.toml").write_text("n = 3\nsead = 4\n")
    (tmp_path / "other.json").write_text('{"n": 3, "max_turns": 4}')
    shutil.copytree(proposed, tmp_path / "p")
    shutil.copytree(verified, tmp_path / "v")
    (tmp_path / "there.jsonl").write_text("{}")
    Run.open(tmp_path / "x", "extract", {}).close()  # a run that holds no problem
    return tmp_path


def contents(place: Path) -> dict[str, str]:
    """Every file below a directory with the hash of its bytes; a run's log may grow."""
    files = (path for path in place.rglob("*") if path.is_file() and path.name not in ("log.txt", "lock"))
    return {str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_mistake_gives_a_sentence_and_a_hint(case: dict[str, Any], place: Path, agentprop: Command) -> None:
    before = contents(place)
    arguments = [argument.format(tmp=place) for argument in case["arguments"]]
    done = agentprop(*arguments, input=case.get("stdin"))
    lines = [line for line in done.stderr.splitlines() if line.startswith(("error: ", "hint: "))]
    assert done.returncode == case.get("exit_code", 1), done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert [line.partition(": ")[0] for line in lines] == ["error", "hint"], done.stderr
    assert case["message"].replace("{tmp}", str(place)) in lines[0]
    assert case["hint"].replace("{tmp}", str(place)) in lines[1]
    left = {name: digest for name, digest in contents(place).items() if not name.startswith("new/")}
    assert left == before


def test_with_json_an_error_is_one_document_on_stdout(agentprop: Command) -> None:
    done = agentprop("propose", "--n", 0, "--out", "new", "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"], error["exit_code"], done.stderr) == (1, "config", 1, "")
    assert error["message"] == "n must be at least 1, not 0 (--n)"
    assert error["hint"]


def test_with_json_wrong_usage_is_a_document_too(agentprop: Command) -> None:
    done = agentprop("propose", "--n", "many", "--json", "--out", "new")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"], error["exit_code"]) == (2, "usage", 2)


def test_with_json_an_error_never_enters_a_stream_of_records(agentprop: Command) -> None:
    done = agentprop("propose", "--n", 0, "--out", "-", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert json.loads(done.stderr)["error"]["code"] == "config"
