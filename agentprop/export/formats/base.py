"""What an export format is: whom it is for, what its rows hold, how they are made, and how they are loaded.

To add one, write one file with a `Format` and name it in `FORMATS`, or in another package as an entry point of the
group `agentprop.export_formats`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from agentprop import DISTRIBUTION, __version__
from agentprop.export.rows import QuestionAnswer
from agentprop.export.solver import prompted
from agentprop.records import Domain, Part

Content = Literal["problems", "questions", "lessons", "trajectories", "labelled", "pairs"]
"""What rows are made of: problems with all that is known, questions with answers alone, trajectories of accepted
problems as conversations or with all that is known, trajectories with a label, pairs of trajectories."""

PURPOSE: dict[Content, str] = {
    "problems": "Reasoning problems with their answers, how hard they are, and how they came to be.",
    "questions": "Reasoning problems with their answers, for a solver to learn from; nothing else is in it.",
    "lessons": "Trajectories in which a problem was composed, checked and submitted, for a proposer to imitate.",
    "labelled": "Trajectories in which a problem was proposed, and whether it was found valid.",
    "pairs": "Pairs of trajectories from the same task, of which one ended in a valid problem.",
}
"""A card's first sentence."""

DATASETS = 'from datasets import load_dataset\n\ndata = load_dataset("{path}")'
"""How most formats are loaded."""


GRADER = f"{DISTRIBUTION}=={__version__}"
"""What to install so that answers are graded as here; without the version another release might decide otherwise."""


def prompted_row(row: QuestionAnswer, domain: Domain, index: int, split: str) -> Part:
    """The question with the sentences that tell a solver how to give its answer."""
    return prompted(row)


@dataclass(frozen=True)
class PackageFiles:
    """The files that make a Python package of the rows."""

    name: Callable[[str], str]
    """Name of the directory → name of the package, which is the folder of the rows."""
    files: Callable[[str, str], dict[str, str]]
    """(package, split that is loaded by default) → path → text."""


@dataclass(frozen=True)
class Format:
    """One format."""

    row: type[Part]
    """What a row holds."""
    suffix: Literal["jsonl", "parquet"]
    """Kind of file in a directory; a file's own name decides for itself."""
    usage: str
    """How to load it, Python; `{path}` is the directory, `{name}` the package."""
    tables: tuple[Content, ...]
    """What it holds; if there are several, each in a folder of its own."""
    whole: bool = False
    """Whether it is a directory in any case."""
    question: Callable[[QuestionAnswer, Domain, int, str], Part] = prompted_row
    """(question and answer, domain, number in its split, split) → row, for formats made of questions."""
    package: PackageFiles | None = None
    """What makes a Python package of it, if it is one."""
