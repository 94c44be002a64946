"""`audit/checkers.json` of a verify run → how often each of those who compare answers was wrong, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from agentprop.report.text import LABEL, NOTE, clip

FILE = "audit/checkers.json"

Label = Annotated[str, AfterValidator(lambda text: clip(text, LABEL))]
Note = Annotated[str, AfterValidator(lambda text: clip(text, NOTE))]


class Shown(BaseModel):
    """What of the file is shown; whatever else it holds is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class ErrorRate(Shown):
    """How often a checker was wrong about one sort of answers."""

    errors: int
    """Answers it misjudged."""
    of: int
    """Answers it judged."""
    low: float
    """Lower end of the 95 % interval of errors/of."""
    high: float
    """Upper end."""


class Rates(Shown):
    """One checker, as the summary has it."""

    false_accept: ErrorRate
    """Wrong answers called right."""
    false_reject: ErrorRate
    """Right answers called wrong."""
    undetermined: int
    """Answers of which it could not tell."""


class Calls(Shown):
    """What a checker called the answers that one change made."""

    right: int
    wrong: int
    neither: int


class Misjudged(Shown):
    """An answer that was misjudged."""

    problem: Label
    """Id of the problem."""
    mutation: Label
    """What was changed."""
    right: Note
    """The problem's answer."""
    answer: Note
    """The answer that was checked."""
    called: Literal["right", "wrong"]
    """What the checker said."""


class Details(Shown):
    """One checker, more closely."""

    by_mutation: dict[Label, Calls] = {}
    """Its calls by the change that made the answers."""
    examples: tuple[Misjudged, ...] = ()
    """Some of what it misjudged."""


class CheckersFile(Shown):
    """The file."""

    audited_problems: int
    """Problems whose answers were changed."""
    checkers: dict[Label, Rates]
    """By name."""
    details: dict[Label, Details] = {}
    """By name."""


def audits(files: Mapping[str, str]) -> dict[str, Any]:
    """The contents of the files by path → the audits, and the files that are there and cannot be understood."""
    found: list[dict[str, Any]] = []
    unreadable: list[str] = []
    for path, text in files.items():
        try:
            found.append({"path": path, **CheckersFile.model_validate_json(text).model_dump()})
        except ValidationError:
            unreadable.append(path)
    return {"audits": found, "unreadable": unreadable}
