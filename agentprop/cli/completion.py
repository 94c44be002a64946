"""The beginning of a word in the shell → what may stand there: names of domains, skills, models and the like.

A shell asks on every press of Tab and shows whatever is printed, so a fault in a file that is read here gives no names
and no message: the command itself will tell of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import get_args

from agentprop.cli.settings import PROJECT_FILE
from agentprop.errors import AgentpropError
from agentprop.records import Domain

Names = Callable[[str], list[str]]


def _beginning(names: Callable[[], Iterable[str]]) -> Names:
    """The names that begin with a text, sorted."""

    @wraps(names)
    def complete(incomplete: str) -> list[str]:
        try:
            return sorted(name for name in names() if name.startswith(incomplete))
        except AgentpropError:
            return []

    complete.__annotations__ = {"incomplete": str}  # typer reads the parameter's type
    del complete.__dict__["__wrapped__"]  # and would find the signature of what is wrapped
    return complete


@_beginning
def domains() -> Iterable[str]:
    """The domains."""
    return get_args(Domain)


@_beginning
def categories() -> Iterable[str]:
    """The categories of the library."""
    from agentprop.skills import load

    return {package.spec.category for package in load([]).values()}


@_beginning
def skills() -> Iterable[str]:
    """The skills of the library."""
    from agentprop.skills import load

    return load([])


@_beginning
def formats() -> Iterable[str]:
    """The formats of export."""
    from agentprop.export.formats import FORMATS

    return FORMATS.names()


@_beginning
def algorithms() -> Iterable[str]:
    """The algorithms of reinforcement learning, those of installed packages included."""
    from agentprop.training.rl.algorithms import ALGORITHMS

    return ALGORITHMS.names()


@_beginning
def record_kinds() -> Iterable[str]:
    """The kinds of records, as folders of a run are called."""
    from agentprop.storage.reader import FOLDERS  # Arrow comes with it, and no help needs that

    return FOLDERS.values()


@_beginning
def models() -> Iterable[str]:
    """The models that agentprop.toml names."""
    from agentprop.models.registry import models_of

    return models_of(Path(PROJECT_FILE))


@_beginning
def models_or_builtin() -> Iterable[str]:
    """The same, and `builtin`."""
    from agentprop.models.registry import models_of

    return ["builtin", *models_of(Path(PROJECT_FILE))]


@_beginning
def inline_verifiers() -> Iterable[str]:
    """The verifiers that propose runs itself."""
    return ["builtin", "none"]
