"""What README.md and CONTRIBUTING.md say is so: their commands run, their tree of files is the real one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from installing import OFFLINE, ROOT, clone, outside, program

from agentprop.cli import app

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
JQ = """exec "{python}" -c '
import json, sys
flag, path = sys.argv[1:]
assert flag == "-r" and path.startswith("."), "this stand-in only knows `jq -r .name`"
for line in sys.stdin:
    print(json.loads(line)[path[1:]])
' "$@"
"""
"""Stand-in where jq is not installed."""
PYTHON3 = """"{python}" "$@" || exit
[ "$1 $2" != "-m venv" ] || "{python}" "{lender}" "$3"
"""
"""`python3` that lends our libraries to the environments it creates."""
TOLD = (".py", ".md", ".toml")
"""Files that have a line in the tree of their own; others, such as fonts, go with their directory."""


def blocks(text: str, language: str = "sh") -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[str]:
    """A block's lines without blank ones and comments."""
    lines = (re.sub(r"(^|\s{2,})#.*", "", line).rstrip() for line in block.splitlines())
    return [line for line in lines if line]


INSTALL, TEST, TOUR, *REST = blocks(README)


class Shell:
    """Somebody at a terminal in a fresh clone, with python3 and no network."""

    def __init__(self, directory: Path) -> None:
        self.clone = clone(directory)
        tools = directory / "bin"
        program(
            tools / "python3",
            PYTHON3.format(python=sys.executable, lender=ROOT / "tests" / "support" / "installing.py"),
        )
        if shutil.which("jq") is None:
            program(tools / "jq", JQ.format(python=sys.executable))
        self.tools = tools

    def run(self, script: str, **variables: str) -> str:
        """Run a script from the clone; what it printed. Fails with all it said if a command in it fails."""
        environment = outside(OFFLINE | variables)
        environment["PATH"] = f"{self.clone}/.venv/bin:{self.tools}:{environment['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=self.clone, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{script}\n→ exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A clone in which the first command of the README has been run."""
    fresh = Shell(tmp_path_factory.mktemp("readme"))
    fresh.run(INSTALL)
    return fresh


def test_the_first_command_installs_and_makes_a_hundred_problems(shell: Shell) -> None:
    assert len(commands(INSTALL)) == 1
    assert shell.run(".venv/bin/agentprop cat runs/demo").count("\n") == 100


def test_the_second_command_installs_and_finds_the_tests(shell: Shell) -> None:
    assert len(commands(TEST)) == 1
    printed = shell.run(TEST, PYTEST_ADDOPTS="--collect-only")
    assert "tests/test_readme.py" in printed, "only collected: the tests cannot run themselves"


def test_ci_runs_the_second_command_as_it_stands() -> None:
    pattern = re.search(r"grep -m 1 '(.+)' README.md", (ROOT / ".ci" / "run").read_text())
    assert pattern is not None
    assert [line for line in README.splitlines() if re.search(pattern[1], line)][:1] == commands(TEST)


def test_the_tour_runs(shell: Shell) -> None:
    printed = shell.run(TOUR)
    assert "runs/verify" in printed.splitlines()
    for run in ("propose", "verify", "pipe"):
        kept = shell.run(f"agentprop show runs/{run}")
        assert "a run of" in kept and "not finished" not in kept


def test_the_tour_is_the_quickstart_script() -> None:
    script = commands((ROOT / "examples/quickstart/tour.sh").read_text())
    assert [line for line in script if not line.startswith("set ")] == commands(TOUR)


@pytest.mark.parametrize("block", REST, ids=lambda block: commands(block)[0])
def test_every_other_command_of_the_readme_runs(shell: Shell, block: str) -> None:
    shell.run(block)


def test_the_commands_for_adding_a_skill_run(shell: Shell) -> None:
    (adding,) = [block for block in blocks(CONTRIBUTING) if "skills new" in block]
    shell.run(adding)


def test_the_sample_is_laid_out_as_show_prints_it(shell: Shell) -> None:
    shown = re.compile(r"^trajectory [0-9a-f]{20} ", re.MULTILINE)
    (sample,) = [block for block in blocks(README, "text") if shown.search(block)]
    printed = shell.run("agentprop show runs/demo 0")
    assert labels(sample) <= labels(printed)
    assert len(labels(sample)) >= 5


def labels(text: str) -> set[str]:
    """What introduces the parts of a shown record: `answer:`, `problem … ═══`, `observation`."""
    return set(re.findall(r"^(\w[\w ]*:|\w+(?= [0-9a-f]{20} ═)|observation$)", text, re.MULTILINE))


def test_the_table_lists_the_commands_there_are() -> None:
    named = set(re.findall(r"^\| `agentprop ([a-z-]+)", README, re.MULTILINE))
    assert named == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_the_tree_names_the_files_there_are() -> None:
    (tree,) = [block for block in blocks(README, "text") if block.startswith("agentprop/\n")]
    told = dict(branches(tree))
    real = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "agentprop").rglob("*")
        if path.suffix in TOLD and path.name != "__init__.py"
    }
    files = {path for path in told if not path.endswith("/")}
    assert not real - files, "files that the README's tree lacks"
    assert not files - real, "files of the README's tree that are not there"
    assert not [path for path, text in told.items() if not text], "files without their half line"


def branches(tree: str) -> list[tuple[str, str]]:
    """The tree's lines as (path, text); directories end in a slash."""
    parents, found = [""], []
    for line in tree.splitlines():
        drawn = re.match(r"((?:[│ ]   )*(?:├── |└── )?)(\S+)\s*(.*)", line)
        assert drawn is not None, line
        depth = len(drawn[1]) // 4
        path = "".join(parents[1 : depth + 1]) + drawn[2] if depth else drawn[2]
        if path.endswith("/"):
            parents[depth + 1 :] = [drawn[2]]
        if depth:
            found.append((path, drawn[3]))
    return found
