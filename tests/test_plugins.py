"""Exchangeable parts can be added from outside: by an entry point of an installed package, or by a call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from places import SOURCES

from agentprop.errors import ConfigError
from agentprop.plugins import Registry

COLOURS: Registry[str] = Registry("agentprop.colours", "colour", {"ascii": "string:ascii_letters"})


def test_a_name_finds_its_thing_and_nothing_is_imported_before() -> None:
    registry: Registry[object] = Registry("agentprop.none", "thing", {"late": "this_is_no_module:thing"})
    assert registry.names() == ["late"]
    assert COLOURS["ascii"].startswith("abc")


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="there is no colour asci") as caught:
        COLOURS["asci"]
    assert caught.value.hint == "did you mean ascii?"


def test_a_thing_registered_in_this_process_is_found_and_its_name_taken() -> None:
    registry: Registry[int] = Registry("agentprop.numbers", "number", {})
    registry.register("seven", 7)
    assert registry["seven"] == 7
    with pytest.raises(ValueError, match="already"):
        registry.register("seven", 8)


def install(folder: Path, group: str, name: str, target: str, **modules: str) -> dict[str, str]:
    """A package on PYTHONPATH with one entry point; the environment to run with."""
    info = folder / "outside-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {target}\n")
    for module, source in modules.items():
        (folder / f"{module}.py").write_text(source)
    return {"PYTHONPATH": f"{folder}:{SOURCES}", "PATH": "/usr/bin:/bin"}


def python(code: str, environment: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


REINFORCE = """
from dataclasses import dataclass
from agentprop.training.rl.algorithms.base import Weighed
from agentprop.training.rl.losses import Loss, ratio, ratio_sums

@dataclass(frozen=True)
class Reinforce:
    beta: float = 0.0
    omega: float = 0.0

    @classmethod
    def of(cls, config):
        return cls()

    def weigh(self, actions, old, ref):
        return Weighed(actions.advantage_J[actions.action_A].float(), {}, len(actions.advantage_J))

    def loss(self, tokens, n_tokens):
        sums = ratio_sums(tokens, ratio(tokens.logp_A, tokens.logp_old_A))
        return Loss(-(tokens.weight_A * tokens.logp_A).sum() / n_tokens, sums)
"""


def test_an_algorithm_of_another_package_can_be_named(tmp_path: Path) -> None:
    environment = install(tmp_path, "agentprop.algorithms", "reinforce", "mine:Reinforce", mine=REINFORCE)
    code = """
import torch
from agentprop.training.rl.algorithms import ALGORITHMS
from agentprop.training.rl.losses import Tokens
algorithm = ALGORITHMS["reinforce"].of(None)
logp = torch.tensor([-1.0, -2.0], requires_grad=True)
algorithm.loss(Tokens(logp, logp.detach(), torch.tensor([1.0, -3.0])), 4).loss.backward()
print(ALGORITHMS.names(), logp.grad.tolist())
"""
    assert python(code, environment) == "['mgpo', 'grpo', 'drgrpo', 'gspo', 'cispo', 'reinforce'] [-0.25, 0.75]\n"


DOUBTER = """
from agentprop.grading.judgement import Judgement

async def judge(problem, library, tools, executor):
    return Judgement("undetermined", "doubt", "one never knows")
"""


def test_a_verifier_of_another_package_can_be_named(tmp_path: Path) -> None:
    environment = install(tmp_path, "agentprop.verifiers", "doubter", "mine:judge", mine=DOUBTER)
    run = f"{sys.executable} -m agentprop"
    code = f"""
import subprocess
run = lambda *words: subprocess.run([*{run.split()!r}, *words, "--quiet"], cwd={str(tmp_path)!r}, check=True)
run("propose", "--n", "4", "--domain", "coding", "--out", "p")
run("verify", "p", "--verifier", "doubter", "--out", "v")
run("verify", "p", "--verifier", "doubter", "--verifier", "builtin", "--out", "w")
from agentprop.records import Attempt, Verdict
from agentprop.storage.run import open_run
print({{v.code for v in open_run({str(tmp_path / "v")!r}).iter(Verdict)}})
print(sorted({{(a.verifier, a.vote) for a in open_run({str(tmp_path / "w")!r}).iter(Attempt)}}, key=str))
"""
    assert python(code, environment).splitlines()[-2:] == ["{'doubt'}", "[('builtin', True), ('doubter', None)]"]


ASKED = """
from agentprop.export.formats.base import DATASETS, Format
from agentprop.records import Part

class Row(Part):
    asked: str

FORMAT = Format(Row, "jsonl", DATASETS, ("questions",), question=lambda row, *_: Row(asked=row.question[:5]))
"""


def test_an_export_format_of_another_package_can_be_named(tmp_path: Path) -> None:
    environment = install(tmp_path, "agentprop.export_formats", "asked", "mine:FORMAT", mine=ASKED)
    code = f"""
import subprocess
command = [{sys.executable!r}, "-m", "agentprop"]
run = lambda *words: subprocess.run([*command, *words, "-q"], cwd={str(tmp_path)!r}, check=True)
run("propose", "--n", "3", "--domain", "mathematics", "--out", "p")
run("export", "p", "--format", "asked", "--out", "rows.jsonl")
print({{tuple(__import__("json").loads(line)) for line in open({str(tmp_path / "rows.jsonl")!r})}})
"""
    assert python(code, environment).splitlines()[-1] == "{('asked',)}"
