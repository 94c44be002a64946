"""The kinds of records in a run → its README.md: what lies where, and a front matter that `datasets` reads.

With it `datasets.load_dataset("runs/demo", "trajectories")` opens a run directory as it is: every kind of record is a
configuration of its own, because the columns differ. A README.md that somebody else wrote is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agentprop.storage.durable import disk_errors, write_atomically
from agentprop.storage.parts import FOLDERS

README = "README.md"
MARK = "<!-- written by agentprop; delete this line to keep your own text -->"
"""Line that tells our file from somebody else's."""
FIRST = ("problem", "verdict", "difficulty", "skill")
"""Kinds that are loaded if nobody names one: the first of them that the run holds."""
MEANINGS = {
    "skill": "skill packages, with the text of their files and where they came from",
    "task": "what a candidate was asked for",
    "trajectory": "every turn of every candidate, failed ones too",
    "problem": "statement, answer, certificate, skills and tests",
    "question": "rows of a benchmark as they were put to a model",
    "attempt": "one try of a verifier, auditor or prober at a problem",
    "verdict": "valid, invalid or undetermined, with the reason",
    "difficulty": "pass rate of a prober, with an interval",
    "reject": "what did not come through, with the reason",
}
"""Kind → what a row is."""


def write_readme(path: Path, stage: str, rows: Mapping[str, int]) -> None:
    """Write the README.md of a run directory, unless somebody else's is there, or there are no records."""
    kinds = [kind for kind in FOLDERS if rows.get(kind)]
    if kinds and is_ours(path / README):
        write_atomically(path / README, text(path.resolve().name, stage, kinds).encode())


def is_ours(path: Path) -> bool:
    """True if a README.md may be replaced: it is not there, or agentprop wrote it."""
    with disk_errors(path):
        return not path.exists() or MARK in path.read_text(encoding="utf-8", errors="replace")


def configurations(kinds: list[str], glob: str = "{folder}/*.parquet") -> list[str]:
    """The lines of YAML that tell `datasets` and the hub's viewer which files belong together; problems come first."""
    default = next((kind for kind in FIRST if kind in kinds), kinds[0])
    lines = ["configs:"]
    for kind in [default, *(kind for kind in kinds if kind != default)]:
        folder = FOLDERS[kind]
        lines += [f"- config_name: {folder}", *(["  default: true"] if kind == default else []), "  data_files:"]
        lines += ["  - split: train", f"    path: {glob.format(folder=folder)}"]
    return lines


def text(name: str, stage: str, kinds: list[str]) -> str:
    """The file: front matter, what the folders hold, how to load them."""
    table = [f"| `{FOLDERS[kind]}/` | {MEANINGS[kind]} |" for kind in kinds]
    one = FOLDERS[next((kind for kind in FIRST if kind in kinds), kinds[0])]
    lines = [
        *("---", *configurations(kinds), "---", MARK, "", f"# {name}", ""),
        *(f"A run directory of `agentprop {stage}`. Each folder is a table of Parquet files:", ""),
        *("| folder | a row is |", "|---|---|", *table, ""),
        *("From inside this directory, with Hugging Face `datasets`:", ""),
        *("```python", "from datasets import load_dataset", "", f'rows = load_dataset(".", "{one}", split="train")'),
        *("```", "", "`agentprop show .`, `agentprop cat .` and `agentprop report .` read it too."),
    ]
    return "\n".join(lines) + "\n"
