"""The errors that a user can act on, as one flat list; each carries a sentence and a hint.

Anything that is not an `AgentpropError` is a defect and keeps its traceback.
"""

from __future__ import annotations

from typing import Any


class AgentpropError(Exception):
    """An error that the user can fix: printed as one sentence and a `hint:` line, exit code 1."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by its fields, so that it can pass between processes whatever its constructor takes."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[AgentpropError], args: tuple[object, ...], state: dict[str, object]) -> AgentpropError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class InputError(AgentpropError):
    """A source, field or argument that cannot be used."""


class ConfigError(AgentpropError):
    """A setting that is unknown, out of range, or differs from the run it would resume."""


class SkillError(AgentpropError):
    """A skill package that does not follow the format."""


class ShardError(AgentpropError):
    """A shard that is truncated, corrupted, foreign or of a newer schema."""


class RunError(AgentpropError):
    """A run directory that is foreign, busy, or cannot be written."""


class SandboxUnavailable(AgentpropError):
    """This machine cannot give the isolation that was asked for."""


class TooManyFailures(AgentpropError):
    """More records failed, by no fault of their own, than a run may lose; what was finished is kept."""


class NothingAnswered(AgentpropError):
    """A model that answered no request at all, so that a run brought nothing."""


class BoundReached(AgentpropError):
    """A bound (candidates, tokens, cost, minutes) was reached before the target; finished work is kept."""

    exit_code = 3
