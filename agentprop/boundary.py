"""One record's work → its result, or what went wrong with it: a record that fails takes no other one down.

    contained(lambda: mine(document), lambda failure: Found(document, code=failure.code, message=failure.told))

What ends a record is an exception that nobody foresaw. What is about the whole run goes on its way: settings, bounds, a
model that answers nobody, a disk that is full, an interruption. So does a want of memory, files or processes, but only
after the record was tried once more.
"""

from __future__ import annotations

import errno
import gc
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from agentprop.errors import AgentpropError, SkillError, TooManyFailures

Result = TypeVar("Result")

INTERNAL, RESOURCES, WORKER_DIED = "internal", "resources", "worker-died"
"""Codes of a failure: a defect of ours; twice too little memory, files or processes; a process that ended twice."""
CODES = frozenset({INTERNAL, RESOURCES, WORKER_DIED})
RECORD_ERRORS = (SkillError,)
"""Errors with a sentence for a person that are about one record all the same, where they end its work."""
WANTS = frozenset({errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE})
"""Errors of the operating system that another moment may not bring."""
DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""Errors of a disk that takes nothing more, from any record."""
MOST = 6_000
"""Characters of a traceback that are kept: its end."""
TOLERATED = 3
"""So many failures never end a run by themselves, however small it is, unless no failure at all is allowed."""

HINT = (
    "`agentprop cat RUN --records rejects` has the tracebacks, which are worth a report; finished work is kept, and a "
    "larger --max-failures goes on without the rest"
)
HINT_WITHOUT_RUN = (
    "the tracebacks stand above, and are worth a report; a larger --max-failures goes on without those records"
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """Why a record could not be finished; nothing about the record itself."""

    code: str
    """One of `CODES`."""
    message: str
    """The exception in a line, and where it was raised."""
    traceback: str = ""
    """Where it came from, the innermost call last."""

    @property
    def told(self) -> str:
        """The line, and the traceback below it: what a reject keeps."""
        return f"{self.message}\n{self.traceback}".strip()

    @classmethod
    def of(cls, code: str, told: str) -> RecordFailure:
        """Return the failure that was told of so."""
        message, _, below = told.partition("\n")
        return cls(code, message, below)


def contained(work: Callable[[], Result], failed: Callable[[RecordFailure], Result]) -> Result:
    """The result of the work, or what `failed` makes of a failure. Raises what is about the whole run."""
    try:
        return work()
    except Exception as error:
        failure = failure_of(error)
        if failure.code == INTERNAL:
            return failed(failure)
    gc.collect()
    try:
        return work()
    except Exception as error:
        return failed(failure_of(error))


async def contained_async(work: Callable[[], Awaitable[Result]], failed: Callable[[RecordFailure], Result]) -> Result:
    """The same for work that waits."""
    try:
        return await work()
    except Exception as error:
        failure = failure_of(error)
        if failure.code == INTERNAL:
            return failed(failure)
    gc.collect()
    try:
        return await work()
    except Exception as error:
        return failed(failure_of(error))


def failure_of(error: Exception) -> RecordFailure:
    """What an exception says of the record that was at work; one that is about the whole run is raised again."""
    of_run = isinstance(error, AgentpropError) and not isinstance(error, RECORD_ERRORS)
    if of_run or (isinstance(error, OSError) and error.errno in DISK):
        raise error
    lines = "".join(traceback.format_exception(error)).rstrip()
    text = f"[…]{lines[-MOST:]}" if len(lines) > MOST else lines
    wanting = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in WANTS)
    failure = RecordFailure(RESOURCES if wanting else INTERNAL, _line(error), _storable(text))
    _log.warning("a record failed: %s", failure.message)
    return failure


def died(message: str) -> RecordFailure:
    """The failure of a record whose worker process ended twice."""
    return RecordFailure(WORKER_DIED, message)


def _line(error: Exception) -> str:
    """`IndexError: list index out of range (answers/reading/parser.py:132)`."""
    said = " ".join(str(error).split())[:500]
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename.rpartition('/agentprop/')[2]}:{frames[-1].lineno})" if frames else ""
    return _storable(f"{type(error).__name__}: {said}{where}" if said else f"{type(error).__name__}{where}")


def _storable(text: str) -> str:
    """Without lone surrogates, which an exception's words may hold and no file can."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass
class Tolerance:
    """How many failures a run may lose, and how many it has.

    `share` is of the records looked at, or of those that there will be where that is known. Three failures never end a
    run (one of ten records would be a tenth of them), unless the share is 0, or nothing else came out of the run.
    """

    share: float
    total: int | None = None
    """Records that there will be, if that is known."""
    records: int = 0
    """Records that were looked at."""
    failures: int = 0
    """Those of them that failed."""
    last: str = ""
    """What was said of the last one."""
    hint: str = HINT
    """What to try where they are too many."""

    def add(self, failure: RecordFailure | None = None) -> None:
        """Count a record."""
        self.records += 1
        if failure is not None:
            self.failures += 1
            self.last = failure.message

    def check(self, *, over: bool = False) -> None:
        """Raises TooManyFailures where more failed than may; `over` says that nothing more comes."""
        most = self.share * max(self.records, self.total or 0)
        allowed = max(most, TOLERATED) if self.share else 0
        in_vain = over and self.failures == self.records
        if self.failures and (self.failures > allowed or in_vain):
            raise TooManyFailures(self._told(), hint=self.hint)

    def _told(self) -> str:
        told = f"{self.failures} of {self.records} records failed unexpectedly"
        last = f" (the last one: {self.last.splitlines()[0]})" if self.last else ""
        return f"{told}{last}, and --max-failures {self.share:g} allows no more"
