"""A taskset package for PrimeIntellect's verifiers (v1): found by its name after installation, scored by agentprop.

<directory>/pyproject.toml
<directory>/<package>/__init__.py, taskset.py, train.jsonl, …
"""

from __future__ import annotations

import re

from agentprop.export.formats.base import GRADER, Format, PackageFiles
from agentprop.export.rows import QuestionAnswer

USAGE = """# pip install {path}          the grader comes with it
import verifiers.v1 as vf

tasks = vf.load_taskset(vf.TasksetConfig(id="{name}"))"""

PROJECT = """[project]
name = "{package}"
version = "0.1.0"
description = "Problems made by agentprop, as a taskset of verifiers."
requires-python = ">=3.11"
dependencies = ["verifiers>=0.4", "{grader}"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["{package}"]
"""

INIT = """from {package}.taskset import ProblemTaskset

__all__ = ["ProblemTaskset"]
"""

TASKSET = '''"""Problems made by agentprop: a question in, its final answer out."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import verifiers.v1 as vf

GRADER = "{grader}"

try:
    from agentprop.export.reward import grade
except ImportError as error:
    raise ImportError(
        f"cannot import agentprop.export.reward, which is part of {{GRADER}}; if an unrelated package called agentprop "
        f"is installed, run: pip uninstall agentprop && pip install --force-reinstall {{GRADER}}"
    ) from error


class ProblemData(vf.TaskData):
    answer: str
    """The answer, or a program's hidden tests."""


class ProblemTask(vf.Task[ProblemData]):
    @vf.reward(weight=1.0)
    async def correct(self, trace: vf.Trace) -> float:
        """1 for the right answer; 0 for a wrong one, or if it could not be decided in time."""
        return await asyncio.to_thread(grade, trace.last_reply, self.data.answer) or 0.0


class ProblemConfig(vf.TasksetConfig):
    split: str = "{split}"
    """Name of the file of problems."""


class ProblemTaskset(vf.Taskset[ProblemTask, ProblemConfig]):
    def load(self) -> Iterator[ProblemTask]:
        split = getattr(self.config, "split", "{split}")  # a plain TasksetConfig will do
        with (Path(__file__).parent / f"{{split}}.jsonl").open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                yield ProblemTask(ProblemData(prompt=row["question"], answer=row["answer"]), self.config.task)
'''


def package_name(text: str) -> str:
    """Make a name that Python can import and that hides no other package."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower()
    return name if name.startswith("agentprop_") else f"agentprop_{name or 'problems'}"


def files(package: str, split: str) -> dict[str, str]:
    """Files of the package besides the problems; `split` is loaded by default."""
    return {
        "pyproject.toml": PROJECT.format(package=package, grader=GRADER),
        f"{package}/__init__.py": INIT.format(package=package),
        f"{package}/taskset.py": TASKSET.format(split=split, grader=GRADER),
    }


FORMAT = Format(
    QuestionAnswer,
    "jsonl",
    USAGE,
    ("questions",),
    whole=True,
    package=PackageFiles(package_name, files),
    checkers=True,
)
