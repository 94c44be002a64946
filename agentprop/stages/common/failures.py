"""Reason codes of a run's records → how many failed unexpectedly, and whether the run may go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agentprop.boundary import CODES, INTERNAL, Tolerance
from agentprop.records import OF_ATTEMPT, Attempt, Reject, StopReason
from agentprop.sandbox import OUTSIDE

UNEXPECTED = CODES | OUTSIDE | {StopReason.TOOL_FAILURE.value}
"""Codes of records about which nothing was found out, because agentprop or the machine failed.

A model that cannot be reached, a reply that was cut off and a time limit that was met are not among them: these are
expected, and have bounds of their own.
"""


def is_unexpected(code: str) -> bool:
    """Tell whether a reason code, of a verdict or of a reject, is such a failure."""
    return code.removeprefix("undetermined:").removeprefix("program_") in UNEXPECTED


def tolerance_of(
    share: float, reasons: Mapping[str, int], records: int, *, total: int | None = None, last: str = ""
) -> Tolerance:
    """Return the tolerance of a run, given how many of its records ended for each reason code."""
    failures = sum(count for code, count in reasons.items() if is_unexpected(code))
    return Tolerance(share, total, records, failures, last)


def rejected_attempts(stage: str, attempts: Iterable[Attempt]) -> list[Reject]:
    """Return a reject for each attempt that could not be graded, with the traceback and the reply."""
    return [
        Reject(
            stage=stage,
            item=f"{attempt.problem_id}{OF_ATTEMPT}{attempt.number}",
            outcome="failed",
            code=INTERNAL,
            message=attempt.rationale,
            record=attempt.model_dump_json(),
        )
        for attempt in attempts
        if attempt.code == INTERNAL
    ]
