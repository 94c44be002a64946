"""One flat vocabulary of failures a person can act on; each carries a sentence and what to try.

Anything that is not an `AgentpropError` is a defect and keeps its traceback.
"""

from __future__ import annotations

from typing import Any


class AgentpropError(Exception):
    """Something the user can mend: printed as one sentence and a `hint:` line, exit code 1."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """It travels between processes with all it carries, whatever its constructor asks for."""
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
    """The isolation asked for cannot be had on this machine."""


class TooManyFailures(AgentpropError):
    """More records failed, by no fault of their own, than a run may lose; what was finished is kept."""


class BoundReached(AgentpropError):
    """A bound (candidates, tokens, cost, minutes) was hit before the target; what was finished is kept."""

    exit_code = 3
