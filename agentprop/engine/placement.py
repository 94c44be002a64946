"""Where ordered work runs: in processes of this machine, or on a Ray cluster.

The choice holds for all of a command, and changes nothing that it makes: order, window and what happens to an item that
kills its worker are the same in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from agentprop.engine.worker import WorkerSetup
from agentprop.engine.worker_pool import WorkerPool
from agentprop.errors import ConfigError
from agentprop.portable import usable_cores


class Pool(Protocol):
    """Workers, the items that wait for one, and the outcomes by index; `WorkerPool` says what each method does."""

    done: dict[int, Any]

    def add(self, index: int, item: Any) -> None: ...

    def serve(self, seconds: float) -> None: ...

    def drop_waiting(self, pulled: int) -> int: ...

    def finish(self) -> None: ...

    def kill(self) -> None: ...


@dataclass(frozen=True)
class Placement:
    """A place where workers run."""

    name: str
    open: Callable[[int, WorkerSetup], Pool]
    """(number of workers, setup) → a pool."""
    cores: Callable[[], int]
    """Cores there are, which is the default number of workers."""


LOCAL = Placement("local", WorkerPool, usable_cores)
_here: ContextVar[Placement] = ContextVar("placement", default=LOCAL)


def here() -> Placement:
    """Return the place where workers run now."""
    return _here.get()


def check_local(work: str) -> None:
    """Raise ConfigError if this kind of work was sent to a cluster, which would do nothing for it."""
    if here() is not LOCAL:
        raise ConfigError(
            f"{work} wait for a model's server and do not run on Ray",
            hint="drop --engine ray: one process holds hundreds of them; for more machines use --partitions",
        )


@contextmanager
def at(placement: Placement) -> Iterator[None]:
    """Run the ordered work of the block at a place."""
    token = _here.set(placement)
    try:
        yield
    finally:
        _here.reset(token)
