"""What README.md, docs/ and CONTRIBUTING.md say is so: their commands run, their tables and trees are the real ones.

All commands run in one clone, as by somebody who reads everything in order: README.md, the pages of docs/ in the order
of their menu, CONTRIBUTING.md. `tests/support/documents.py` says how a block is marked that is not to be run as it is.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from documents import DATA, RUN, SHOWN, Block, blocks, commands, fences, headings, links, pages, stray_marks
from installing import ROOT, Newcomer
from servers import running

from agentprop.cli import app

README = (ROOT / "README.md").read_text(encoding="utf-8")

LAYERS = tomllib.loads((ROOT / "tests/layers.toml").read_text(encoding="utf-8"))["layers"]
KIB = 1024
BLOCKS = [block for page in pages() for block in blocks(page)]
INSTALL, TEST, TOUR, *_ = (block for block in BLOCKS if block.page == "README.md" and block.language == "sh")
OTHERS = [block for block in BLOCKS if block.language in RUN and block not in (INSTALL, TEST, TOUR)]
RUNNABLE = [block for block in OTHERS if block.order != "not run"]
(TRAINING,) = (block for block in RUNNABLE if block.page == "README.md" and "train-sft" in block.text)
REASONS = {
    "needs a GPU": 1,
    "needs vLLM": 1,
    "these are the tests": 1,
    "downloads from the hub": 1,
    "a sketch": 1,
    "needs a server": 1,
    "needs a cluster": 1,
    "tests/environments runs it with a toy model": 1,
}
"""Why a block is not run → how many say so. A block that can be run is run; a new reason is a decision made here."""
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/v1")


# --- commands run ---


class Reader:
    """Somebody who reads in order: before a block runs, so have those above it on its page."""

    def __init__(self, newcomer: Newcomer, server: str, place: Path) -> None:
        self.newcomer, self.server, self.place = newcomer, server, place
        self.tried: set[Block] = set()
        """What was run, or failed: it is not run again for the sake of what follows."""

    def read(self, block: Block) -> None:
        """Run a block in the clone, with the files that the page has named by then."""
        above = [other for other in RUNNABLE if other.page == block.page and other.line < block.line]
        for earlier in [*([TRAINING] if block.page == "docs/training.md" else []), *above]:
            if earlier not in self.tried:
                self.run(earlier)
        if block not in self.tried:
            self.run(block)

    def run(self, block: Block) -> None:
        """Run it, and take the files of its page away again."""
        self.tried.add(block)
        files = {b.title: b.text for b in blocks(block.page) if b.title is not None and b.line < block.line}
        for name, text in files.items():
            (self.newcomer.clone / name).write_text(ADDRESS.sub(self.server, text))
        try:
            self.newcomer.run(self._script(block))
        finally:
            for name in files:
                (self.newcomer.clone / name).unlink()

    def _script(self, block: Block) -> str:
        """Python becomes a file outside the clone, so that the installed package is imported and not the checkout."""
        script = ADDRESS.sub(self.server, block.script)
        if block.language == "sh":
            return script
        (self.place / "block.py").write_text(script)
        return f"python {self.place / 'block.py'}"


@pytest.fixture(scope="module")
def reader(newcomer: Newcomer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Somebody who has run the first command of the README and its tour; every local address is our model server's."""
    newcomer.run(TOUR.script)
    with running("every_role_server.py") as server:
        yield Reader(newcomer, server, tmp_path_factory.mktemp("blocks"))


def test_the_first_command_installs_and_makes_a_hundred_problems(newcomer: Newcomer) -> None:
    assert len(commands(INSTALL.script)) == 1
    assert newcomer.run(".venv/bin/agentprop cat runs/demo").count("\n") == 100


def test_the_second_command_installs_and_finds_the_tests(tmp_path: Path) -> None:
    """In a clone of its own. One file stands for all: `.ci/run` runs the command as it is."""
    assert len(commands(TEST.script)) == 1
    another = Newcomer(tmp_path)
    another.arrive()
    printed = another.run(TEST.script, PYTEST_ADDOPTS="--collect-only tests/test_documents.py")
    assert "tests/test_documents.py" in printed


def test_ci_runs_the_second_command_as_it_stands() -> None:
    pattern = re.search(r"grep -m 1 '(.+)' README.md", (ROOT / ".ci" / "run").read_text())
    assert pattern is not None
    assert [line for line in README.splitlines() if re.search(pattern[1], line)][:1] == commands(TEST.script)


def test_the_tour_runs(reader: Reader) -> None:
    for run in ("propose", "verify", "pipe"):
        kept = reader.newcomer.run(f"agentprop show runs/{run}")
        assert "a run of" in kept and "not finished" not in kept


def test_the_tour_is_the_quickstart_script() -> None:
    script = commands((ROOT / "examples/quickstart/tour.sh").read_text())
    assert [line for line in script if not line.startswith("set ")] == commands(TOUR.script)


@pytest.mark.parametrize("block", RUNNABLE, ids=str)
def test_every_other_block_runs(reader: Reader, block: Block) -> None:
    reader.read(block)


# --- no block escapes ---


@pytest.mark.parametrize("page", pages())
def test_every_fence_belongs_to_a_block_of_a_known_language(page: str) -> None:
    found = blocks(page)
    assert fences(page) == 2 * len(found), "a fence is indented, not closed, or without a language"
    assert {block.language for block in found} <= RUN | DATA | SHOWN


def test_blocks_are_left_out_for_a_reason_that_was_agreed_on() -> None:
    marked = [block for block in BLOCKS if block.order is not None]
    assert not [str(block) for block in marked if block.language not in RUN or not block.word]
    assert {block.order for block in marked} <= {"not run", "run with", "run instead"}
    assert Counter(block.word for block in marked if block.order == "not run") == REASONS


def test_every_mark_stands_right_above_its_block() -> None:
    assert [mark for page in pages() for mark in stray_marks(page)] == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language in DATA], ids=str)
def test_every_block_of_data_can_be_read(block: Block) -> None:
    readers = {"toml": tomllib.loads, "yaml": yaml.safe_load, "json": json.loads}
    assert readers[block.language](block.text)


@pytest.mark.parametrize("page", pages())
def test_every_link_leads_somewhere(page: str) -> None:
    for path, heading in links(page):
        assert path.exists(), path
        assert not heading or heading in headings(path), f"{path.name}#{heading}"


def test_the_pages_of_the_menu_are_the_pages_there_are() -> None:
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} == set(pages()[1:-1])


# --- the README ---


def test_the_readme_is_short() -> None:
    assert len(README.encode()) <= 16 * KIB


def test_the_sample_is_what_show_prints(newcomer: Newcomer) -> None:
    """Line by line if its problem is among the hundred; another library draws others, and the layout stays."""
    shown = re.compile(r"^trajectory [0-9a-f]{20} ", re.MULTILINE)
    (sample,) = [b.text for b in BLOCKS if b.page == "README.md" and b.language == "text" and shown.search(b.text)]
    sampled, known = sample.split()[1], newcomer.run("agentprop cat runs/demo")
    printed = newcomer.run(f"agentprop show runs/demo {sampled if sampled in known else 0}")
    assert labels(sample) <= labels(printed)
    lines = {line.rstrip() for line in printed.splitlines()}
    assert sampled not in known or {line for line in sample.splitlines() if line.strip() != "…"} <= lines
    assert len(labels(sample)) >= 5


def labels(text: str) -> set[str]:
    """What introduces the parts of a shown record: `answer:`, `problem … ═══`, `observation`."""
    return set(re.findall(r"^(\w[\w ]*:|\w+(?= [0-9a-f]{20} ═)|observation$)", text, re.MULTILINE))


def test_the_table_lists_the_commands_there_are() -> None:
    named = set(re.findall(r"^\| `agentprop ([a-z-]+)", README, re.MULTILINE))
    assert named == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_the_tree_names_the_folders_and_files_there_are() -> None:
    (tree,) = [b.text for b in BLOCKS if b.page == "README.md" and b.text.startswith("agentprop/\n")]
    told = dict(re.findall(r"^[├└]── (\S+?)/? +(\S.*)$", tree, re.MULTILINE))
    package = ROOT / "agentprop"
    folders = {path.name for path in package.iterdir() if path.is_dir() and path.name != "__pycache__"}
    files = {path.name for path in package.glob("*.py") if not path.name.startswith("__")}
    assert told.keys() == folders | files
    assert len(tree.splitlines()) == 1 + len(told), "a line is not `├── NAME  what it is`"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_the_layers_are_quoted_as_they_are(page: str) -> None:
    """One line of names for each line of tests/layers.toml, the top first."""
    quotes = [b.text for b in BLOCKS if b.page == page and b.language == "text" and b.text.startswith("__main__\n")]
    assert [[line.split() for line in quote.splitlines()] for quote in quotes] == [LAYERS[::-1]]


# --- docs ---


def test_getting_started_begins_with_the_first_command() -> None:
    assert next(block for block in BLOCKS if block.page == "docs/getting-started.md").text == INSTALL.text


def test_what_repeats_the_code_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of settings, and the quotes of the layers."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    from generate import QUOTING, SETTINGS, renewed  # type: ignore[import-not-found]

    stale = [page for page in (SETTINGS, *QUOTING) if renewed(page) != (ROOT / page).read_text(encoding="utf-8")]
    assert not stale, "run `python docs/generate.py`"


def test_the_run_directory_is_laid_out_as_described(reader: Reader) -> None:
    (tree,) = [b.text for b in BLOCKS if b.page == "docs/runs.md" and b.text.startswith("runs/propose/\n")]
    described = {name.rstrip("/") for line in tree.splitlines()[1:] for name in re.findall(r"[\w.]+/?(?=  )", line)}
    assert described == {
        path.name for path in (reader.newcomer.clone / "runs/propose").iterdir() if path.name[0] != "."
    }
