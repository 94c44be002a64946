"""The library on the command line: planted faults are found, all at once, and sound packages pass."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentprop.cli.skills import new
from agentprop.cli.skills.new import scaffold
from agentprop.errors import RunError
from agentprop.skills import bundled_directory, directories, parse

from .conftest import Run, environment

PLANTED: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("planted.toml").read_text(encoding="utf-8"))


def write_package(root: Path, name: str, files: dict[str, str]) -> Path:
    """A package directory with these files."""
    for target, text in files.items():
        (root / name / target).parent.mkdir(parents=True, exist_ok=True)
        (root / name / target).write_text(text, encoding="utf-8")
    return root / name


def sound(name: str) -> dict[str, str]:
    """The files of a package without fault, worded unlike any other."""
    files = scaffold(name, "number-theory", "mathematics")
    for words in ("How many integers", "'Neither", "'the number of"):
        files["SKILL.md"] = files["SKILL.md"].replace(words, f"{words} {name}")
    return files


def plant(name: str, fault: dict[str, str]) -> dict[str, str]:
    """The same with one fault in it."""
    files = sound(name)
    text = files[fault["file"]]
    assert fault["old"] in text, name
    text = text.replace(fault["old"], fault["new"], 1)
    if fault.get("keep") == "frontmatter":
        text = text[: text.index("---\n", 4) + 4]
    return files | {fault["file"]: text}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Report of one command on all planted packages and a sound one, by directory name."""
    root = tmp_path_factory.mktemp("planted")
    write_package(root, "sound", sound("sound"))
    write_package(root, "twin-a", sound("twin-a"))
    write_package(root, "twin-b", {k: v.replace("name: twin-a", "name: twin-b") for k, v in sound("twin-a").items()})
    (root / "only-scripts" / "scripts").mkdir(parents=True)
    for name, fault in PLANTED.items():
        write_package(root, fault.get("directory", name), plant(name, fault))
    command = [sys.executable, "-m", "agentprop", "skills", "validate", str(root), "--json"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 1, done.stderr
    return {Path(row["path"]).name: row for row in json.loads(done.stdout)["packages"]}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name: str, found: dict[str, dict[str, Any]]) -> None:
    faults = found[PLANTED[name].get("directory", name)]["faults"]
    assert any(PLANTED[name]["fault"] in fault for fault in faults), faults


def test_a_sound_package_beside_them_is_without_fault(found: dict[str, dict[str, Any]]) -> None:
    row = found["sound"]
    assert (row["faults"], row["warnings"]) == ([], [])
    assert row["draws"] >= 40
    assert row["refused"] == 0


def test_a_wording_that_two_packages_share_is_a_fault_of_the_second(found: dict[str, dict[str, Any]]) -> None:
    assert found["twin-a"]["faults"] == []
    assert all("shares the wording" in fault for fault in found["twin-b"]["faults"])
    assert len(found["twin-b"]["faults"]) == 3


def test_a_package_without_its_description_is_a_fault(found: dict[str, dict[str, Any]]) -> None:
    assert found["only-scripts"]["faults"] == ["SKILL.md is missing"]


def test_faults_are_a_table_for_people(agentprop: Run, tmp_path: Path) -> None:
    write_package(tmp_path / "mine", "bad", plant("bad", PLANTED["check-is-a-constant"]))
    done = agentprop("skills", "validate", "mine")
    assert done.returncode == 1
    assert "bad" in done.stdout and "check: gives 42" in done.stdout
    assert "1 of 1 packages are faulty" in done.stderr


def test_every_package_of_the_library_is_without_fault(agentprop: Run) -> None:
    done = agentprop("skills", "validate", "--draws", 12, "--json")
    rows = json.loads(done.stdout)["packages"]
    assert {row["name"]: row["faults"] for row in rows if row["faults"]} == {}
    assert done.returncode == 0
    assert len(rows) == len(directories(bundled_directory())) >= 60
    assert all(row["draws"] >= 10 for row in rows)  # a model of an object is not always found


def test_a_new_package_works_at_once(agentprop: Run, tmp_path: Path) -> None:
    made = agentprop("skills", "new", "combinatorics-neither", "--dir", "mine")
    assert (made.returncode, made.stdout) == (0, "mine/combinatorics-neither\n")
    done = agentprop("skills", "validate", "mine", "--json")
    assert done.returncode == 0, done.stdout
    files = {target: (tmp_path / "mine/combinatorics-neither" / target) for target in ("SKILL.md", "scripts/skill.py")}
    package = parse(files["SKILL.md"].read_text(), files["scripts/skill.py"].read_text())
    assert (package.spec.category, package.spec.domain) == ("combinatorics", "mathematics")


def test_a_package_that_could_not_be_written_whole_is_not_in_the_way_of_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched, pytest.raises(RunError, match="no space left"):
        patched.setattr(Path, "write_text", full)
        new.command("games-my-skill", str(tmp_path), None, None)
    new.command("games-my-skill", str(tmp_path), None, None)
    assert (tmp_path / "games-my-skill" / "SKILL.md").is_file()


def test_a_new_package_can_be_used_beside_the_library(agentprop: Run) -> None:
    agentprop("skills", "new", "genetics-neither", "--dir", "mine")
    done = agentprop("skills", "list", "--skills", "mine", "--category", "genetics", "--json")
    row = next(row for row in json.loads(done.stdout) if row["name"] == "genetics-neither")
    assert (row["domain"], row["origin"]) == ("science", "user")


def test_the_list_can_be_narrowed(agentprop: Run) -> None:
    everything = agentprop("skills", "list").stdout.splitlines()
    science = agentprop("skills", "list", "--domain", "science").stdout.splitlines()
    assert len(everything) == len(directories(bundled_directory()))
    assert {line.split("\t")[1] for line in science} == {"science"}
    assert [line for line in everything if line.split("\t")[1] == "science"] == science


def test_a_package_is_shown_with_a_problem_made_from_it(agentprop: Run) -> None:
    shown = json.loads(agentprop("skills", "show", "number-theory-crt", "--json").stdout)
    assert {"intent", "method", "effect", "tool", "body", "script"} <= shown.keys()
    assert int(shown["example"]["answer"]) > 0
    text = agentprop("skills", "show", "number-theory-crt").stdout
    assert shown["example"]["answer"] in text
    assert "def solve" not in text
    assert "def solve" in agentprop("skills", "show", "number-theory-crt", "--script").stdout


def test_a_seed_chooses_the_example(agentprop: Run) -> None:
    one, two, again = (
        json.loads(agentprop("skills", "show", "number-theory-crt", "--json", "--seed", seed).stdout)["example"]
        for seed in (1, 2, 1)
    )
    assert one == again != two


def test_a_directory_can_be_shown_before_it_is_in_a_library(agentprop: Run) -> None:
    agentprop("skills", "new", "geometry-neither")
    assert "geometry-neither" in agentprop("skills", "show", "geometry-neither").stdout
