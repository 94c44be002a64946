"""`audit/checkers.json` of a verify run → the error rates of each answer checker, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from agentprop.report.text import LABEL, NOTE, clip

FILE = "audit/checkers.json"

Label = Annotated[str, AfterValidator(lambda text: clip(text, LABEL))]
Note = Annotated[str, AfterValidator(lambda text: clip(text, NOTE))]


class ReportedPart(BaseModel):
    """A part of the file that is shown; other fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class ErrorRate(ReportedPart):
    """Error rate of a checker on wrong answers, or on right ones."""

    errors: int
    """Answers that it misjudged."""
    of: int
    """Answers that it judged."""
    low: float
    """Lower end of the 95 % interval of errors/of."""
    high: float
    """Upper end."""


class CheckerRates(ReportedPart):
    """Error rates of one checker."""

    false_accept: ErrorRate
    """Wrong answers called right."""
    false_reject: ErrorRate
    """Right answers called wrong."""
    undetermined: int
    """Answers that it could not judge."""


class MutationCounts(ReportedPart):
    """Judgements of a checker on the answers made by one kind of change."""

    right: int
    """Answers called right."""
    wrong: int
    """Answers called wrong."""
    neither: int
    """Answers that could not be judged."""


class MisjudgedAnswer(ReportedPart):
    """An answer that was misjudged."""

    problem: Label
    """Id of the problem."""
    mutation: Label
    """Kind of change."""
    right: Note
    """The problem's answer."""
    answer: Note
    """The answer that was checked."""
    called: Literal["right", "wrong"]
    """Judgement of the checker."""


class CheckerDetails(ReportedPart):
    """Details of one checker."""

    by_mutation: dict[Label, MutationCounts] = {}
    """Its judgements by the kind of change."""
    examples: tuple[MisjudgedAnswer, ...] = ()
    """Some of the misjudged answers."""


class CheckersFile(ReportedPart):
    """Content of the file."""

    audited_problems: int
    """Problems whose answers were changed."""
    checkers: dict[Label, CheckerRates]
    """Name → error rates."""
    details: dict[Label, CheckerDetails] = {}
    """Name → details."""


def audits(files: Mapping[str, str]) -> dict[str, Any]:
    """Parse the contents of files, by path, into the audits and a list of unreadable files."""
    found: list[dict[str, Any]] = []
    unreadable: list[str] = []
    for path, text in files.items():
        try:
            found.append({"path": path, **CheckersFile.model_validate_json(text).model_dump()})
        except ValidationError:
            unreadable.append(path)
    return {"audits": found, "unreadable": unreadable}
