"""The definition of an export format: the type of its rows, their content, and the code that loads them.

To add one, write a file with a `Format` and name it in `FORMATS`, or in another package as an entry point of the group
`agentprop.export_formats`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from agentprop import DISTRIBUTION, __version__
from agentprop.export.rows import QuestionAnswer
from agentprop.export.solver import with_answer_format
from agentprop.records import Domain, Part

Content = Literal["problems", "questions", "solutions", "demonstrations", "trajectories", "labelled", "pairs", "drafts"]
"""Content of the rows: problems with all facts, questions with answers alone or with solutions in words, trajectories
of accepted problems as conversations (demonstrations) or with all facts, trajectories with a label, pairs of
trajectories, pairs of drafts of one trajectory."""

PURPOSE: dict[Content, str] = {
    "problems": "Reasoning problems with their answers, their difficulty, and their provenance.",
    "questions": "Reasoning problems with their answers and nothing else, for training a solver.",
    "solutions": "Reasoning problems with their solutions, step by step, for teaching a solver by imitation.",
    "demonstrations": "Trajectories in which a problem was composed, checked and submitted, for training a proposer.",
    "labelled": "Trajectories in which a problem was proposed, with a label: valid or not.",
    "pairs": "Pairs of trajectories from the same task, of which one ended in a valid problem.",
    "drafts": "Pairs of drafts from one trajectory: one that failed, and the one that became a valid problem.",
}
"""First sentence of a card."""

DATASETS = 'from datasets import load_dataset\n\ndata = load_dataset("{path}")'
"""Code that loads most formats."""


GRADER = f"{DISTRIBUTION}=={__version__}"
"""What to install so that answers are graded as here; without the version another release might decide otherwise."""


def prompted_row(row: QuestionAnswer, domain: Domain, index: int, split: str) -> Part:
    """The question with the instructions on the form of the answer."""
    return with_answer_format(row)


@dataclass(frozen=True)
class PackageFiles:
    """Files that turn the rows into a Python package."""

    name: Callable[[str], str]
    """Name of the directory → name of the package, in whose folder the rows are."""
    files: Callable[[str, str], dict[str, str]]
    """(package, split that is loaded by default) → path → text."""


@dataclass(frozen=True)
class Format:
    """An export format."""

    row: type[Part]
    """Type of a row."""
    suffix: Literal["jsonl", "parquet"]
    """Kind of file in an output directory; for an output file its own name decides."""
    usage: str
    """Python code that loads it; `{path}` is the directory, `{name}` the package."""
    tables: tuple[Content, ...]
    """Contents; several are in separate folders."""
    whole: bool = False
    """The output is always a directory."""
    question: Callable[[QuestionAnswer, Domain, int, str], Part] = prompted_row
    """(question and answer, domain, number in its split, split) → row, for formats of questions."""
    package: PackageFiles | None = None
    """Files of the Python package, if the format is one."""
    checkers: bool = False
    """Whoever grades its rows runs the checker of a program's tests (`agentprop.export.reward` does); without it,
    problems with several right outputs are left out of a format of questions."""
