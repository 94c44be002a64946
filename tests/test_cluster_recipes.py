"""The recipes for clusters and the workflows can be read by those they are for, and our commands in them are real."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from agentprop.cli import app
from agentprop.config import ProposeConfig

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "examples" / "cluster"
SCRIPTS = sorted(RECIPES.glob("*.sh"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
NAMES = ("slurm.sh", "slurm_merge.sh", "kubernetes.yaml", "ray.sh", "Dockerfile")


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((RECIPES / name).read_text(encoding="utf-8")))


def containers() -> Iterator[dict[str, Any]]:
    for job in documents("kubernetes.yaml"):
        yield from job["spec"]["template"]["spec"]["containers"]


def commands() -> Iterator[list[str]]:
    """Every command of ours in the recipes, as its words."""
    for script in SCRIPTS:
        for line in script.read_text(encoding="utf-8").splitlines():
            if (found := re.search(r"\bagentprop (?:propose|merge|compact) .*", line)) and not line.startswith("#"):
                yield shlex.split(found[0].rstrip(" &").replace("$OUT", "runs/x"))
    yield from (container["command"] for container in containers())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_bash(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_a_task_that_slurm_ends_passes_on_the_code_of_its_partition(tmp_path: Path) -> None:
    ours = tmp_path / "agentprop"
    ours.write_text("#!/bin/bash\ntrap 'exit 130' TERM\ntouch started\nwhile :; do sleep 0.05; done\n")
    ours.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with subprocess.Popen(["bash", str(RECIPES / "slurm.sh")], cwd=tmp_path, env=environment) as task:
        while not (tmp_path / "started").exists():
            time.sleep(0.01)
        task.terminate()
        assert task.wait(60) == 130


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_commands_are_parsed_by_our_own_command_line(words: list[str]) -> None:
    assert words[0] == "agentprop"
    group = typer.main.get_command(app)
    with group.make_context("agentprop", words[1:]) as context:
        name, command, rest = group.resolve_command(context, words[1:])  # type: ignore[attr-defined]
        assert command.make_context(name, list(rest)).params


def test_all_recipes_have_commands() -> None:
    assert sorted(words[1] for words in commands()) == ["compact", "merge", "merge", *["propose"] * 3]


@pytest.mark.parametrize("words", [words for words in commands() if words[1] == "propose"], ids=" ".join)
def test_the_windows_keep_the_workers_busy(words: list[str]) -> None:
    given = dict(re.findall(r"--(\w+)[= ](\S+)", " ".join(words)))
    config = ProposeConfig.model_validate({name: given[name] for name in ("n", "window", "workers")})
    assert config.workers is not None and config.window == config.workers * 3 // 2


def test_arrays_have_as_many_tasks_as_the_run_has_partitions() -> None:
    script = (RECIPES / "slurm.sh").read_text(encoding="utf-8")
    (last,) = re.findall(r"--array=0-(\d+)", script)
    job = documents("kubernetes.yaml")[0]["spec"]
    parts = [re.findall(r"--partitions[= ](\d+)", " ".join(words)) for words in commands() if words[1] == "propose"]
    assert parts == [[], [str(int(last) + 1)], [str(job["completions"])]]


def test_an_indexed_job_tries_again_only_what_may_end_otherwise() -> None:
    job = documents("kubernetes.yaml")[0]["spec"]
    assert job["completionMode"] == "Indexed" and job["template"]["spec"]["restartPolicy"] == "Never"
    final = [rule["onExitCodes"]["values"] for rule in job["podFailurePolicy"]["rules"] if "onExitCodes" in rule]
    assert final == [[1, 2, 3]]  # not 130, with which an interrupted command ends


def test_every_recipe_says_how_it_resumes_and_what_was_not_run() -> None:
    readme = (RECIPES / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in NAMES)
    assert {path.name for path in RECIPES.iterdir()} == {*NAMES, "README.md"}
    for name in ("slurm.sh", "kubernetes.yaml", "ray.sh"):
        assert "Resuming:" in (RECIPES / name).read_text(encoding="utf-8")


def test_the_image_installs_the_extra_and_files_that_exist() -> None:
    text = (RECIPES / "Dockerfile").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extra,) = re.findall(r"/src\[(\w+)\]", text)
    assert extra in project["optional-dependencies"] and (ROOT / "constraints.txt").exists()
    assert re.search(r"FROM python:3\.1[1-3]", text)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_are_yaml_with_limits_and_say_that_they_never_ran(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    found = yaml.safe_load(text)
    assert text.startswith("# Never run on GitHub so far")
    assert found["permissions"] == {"contents": "read"}
    for job in found["jobs"].values():
        assert job["timeout-minutes"] and job["steps"]
        assert all(("run" in step) != ("uses" in step) for step in job["steps"])


def test_workflows_test_every_python_that_the_package_supports() -> None:
    found = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
    assert found["jobs"]["tests"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
