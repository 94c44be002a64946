"""Problem, reject and trajectory rows → the page's list of problems, with the facts about each.

An item is an accepted problem, a refused candidate or, of a run that trains, an episode that submitted nothing. The
list is written by columns, which is smaller and faster to read than an object for every problem.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from agentprop.report.text import LABEL, NOTE, STATEMENT, clip

PROBLEM_COLUMNS = (
    "id",
    "statement",
    "answer",
    "answer_type",
    "unit",
    "figures",
    "domain",
    "category",
    "skills",
    "operators",
    "evidence",
    "trajectory_id",
    "index",
    "made_by",
)
"""Columns that every problem has."""
DECLARED = "difficulty"
"""Column of the declared difficulty, which problems of older runs lack."""
EPISODE_COLUMNS = ("id", "task", "problem_id", "stop", "made_by")
"""Columns that are read of the episodes of a run that trains."""


@dataclass(kw_only=True)
class ListedProblem:
    """A line of the list; `status`, `code`, `message`, `votes` and `rho` are filled in after all rows are read."""

    id: str
    """The problem's id, `<stage> <item>` of a refused candidate, or the id of an episode that submitted nothing."""
    problem: str | None
    """The problem's id, also of a refused one; None if nothing was submitted."""
    run: int
    """Position of its run."""
    statement: str | None
    """The statement; None if nothing was submitted."""
    answer: str | None
    """The claimed answer."""
    answer_type: str | None
    """Kind of the answer."""
    unit: str | None
    """Unit of a quantity."""
    figures: int | None
    """Significant figures asked for."""
    domain: str | None
    """mathematics, coding or science."""
    category: str | None
    """The curriculum's unit."""
    skills: tuple[str, ...]
    """Names of the skills composed."""
    operators: tuple[str, ...]
    """Composition operators."""
    evidence: str | None
    """The weakest evidence among its skills' checks."""
    index: int | None
    """Candidate number in its run."""
    trajectory: str | None
    """Id of its trajectory."""
    maker: str
    """Its proposer."""
    declared: tuple[int, float] | None = None
    """Band and score of its declared difficulty."""
    status: str = "unverified"
    """valid, unverified, invalid, undetermined, rejected or failed."""
    code: str = ""
    """The reason code."""
    message: str = ""
    """The reason in a sentence, if it is not valid."""
    votes: str = ""
    """The last vote of every verifier: + valid, - invalid, ? undecided."""
    rho: list[tuple[int, int, int, float, float, int, int]] = field(default_factory=list)
    """(prober, c, k, low, high, truncated, timeouts) of every prober."""
    detail: bool = False
    """Its trajectory and attempts are in the page."""


def of_problem(row: Mapping[str, Any], run: int) -> ListedProblem:
    """Make the item of a problem row."""
    return ListedProblem(
        id=row["id"],
        problem=row["id"],
        run=run,
        statement=clip(row["statement"], STATEMENT),
        answer=clip(row["answer"], STATEMENT),
        answer_type=row["answer_type"],
        unit=row["unit"],
        figures=row["figures"],
        domain=row["domain"],
        category=row["category"],
        skills=tuple(row["skills"]),
        operators=tuple(row["operators"]),
        evidence=row["evidence"],
        index=row["index"],
        trajectory=row["trajectory_id"],
        maker=row["made_by"]["name"],
        declared=(declared["band"], declared["score"]) if (declared := row.get(DECLARED)) else None,
    )


def of_reject(row: Mapping[str, Any], run: int) -> ListedProblem:
    """Make the item of a refused candidate, with its problem if it had submitted one."""
    problem = _problem_in(row["record"])
    if problem is not None:
        item = of_problem(problem, run)
    else:
        item = _without_problem(run)
        item.index = int(row["item"]) if row["item"].isdecimal() else None
    item.id = clip(f"{row['stage']} {row['item']}", LABEL) or ""
    item.status, item.code = row["outcome"], clip(row["code"], LABEL) or ""
    item.message = clip(row["message"], NOTE) or ""
    return item


def of_episode(row: Mapping[str, Any], run: int) -> ListedProblem:
    """Make the item of a trajectory row that has no problem; the reason is why the episode ended."""
    item, task = _without_problem(run), row["task"]
    item.id = item.trajectory = row["id"]
    item.index, item.maker = task["index"], row["made_by"]["name"]
    item.domain, item.category, item.skills = task["domain"], task["category"], tuple(task["skill_names"])
    item.status, item.code = "rejected", row["stop"]
    return item


def _without_problem(run: int) -> ListedProblem:
    return ListedProblem(
        id="",
        problem=None,
        run=run,
        statement=None,
        answer=None,
        answer_type=None,
        unit=None,
        figures=None,
        domain=None,
        category=None,
        skills=(),
        operators=(),
        evidence=None,
        trajectory=None,
        index=None,
        maker="",
    )


def _problem_in(record: str | None) -> dict[str, Any] | None:
    """The problem in a reject's record, if there is one."""
    try:
        value = json.loads(record or "null")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and set(PROBLEM_COLUMNS) <= value.keys() else None


def table(items: Iterable[ListedProblem]) -> dict[str, list[Any]]:
    """Arrange items by columns."""
    listed = list(items)
    return {column.name: [getattr(item, column.name) for item in listed] for column in fields(ListedProblem)}
