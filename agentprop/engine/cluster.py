"""Jobs → outcomes by index on the actors of a Ray cluster: what `WorkerPool` does in processes of one machine.

Ray places and starts the actors; order, retries and back-pressure are ours:

- An actor is given items once it has answered. One that no node has room for stays pending for ever, and so would its
  items.
- An actor holds two items at most, so that what waits can go to another one. It runs them in the order it got them.
- An actor or node that dies costs the item it was running one of its two tries; the item behind it goes back unharmed.
  The second try has an actor to itself, since an answer may be lost that was on its way when the next item killed.
- A result may be lost after its actor has finished, with the node that keeps it. It is made again, and nobody died.
- Ray itself retries nothing, because such retries could not be counted.
- An actor is synchronous: inside an asynchronous one `asyncio.run` is refused, and our functions use it.

The cluster is one that was named, or a new one on this machine; a cluster that happens to run here is never joined.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import pickle
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from agentprop import __version__
from agentprop.engine.placement import Placement
from agentprop.engine.worker import WorkerSetup, freeze_collector, portable
from agentprop.engine.worker_pool import MAX_FAILED_STARTS, MAX_TRIES, QueuedItem, Raised, WorkerDied
from agentprop.errors import ConfigError, RunError

Item = TypeVar("Item")

AHEAD = 2
"""Most items at one actor: the one that runs, and one so that it need not wait for us."""
PATIENCE_S = 60.0
"""Seconds without any actor after which the log says so, and says it again."""
CONNECT_S = 30.0
"""Seconds in which a cluster must take a connection."""
STORE_BYTES = 256 * 2**20
"""Object store of a cluster that we start; it holds little more than the setup and results on their way."""
log = logging.getLogger("agentprop")


@contextmanager
def ray_cluster(address: str | None) -> Iterator[Placement]:
    """Connect to a cluster, or start one on this machine for the time of the block, if no address is given.

    Raises ConfigError if ray is not installed, and RunError if nothing answers at the address.
    """
    ray = _import_ray()
    if address is not None:
        check_address(address)
    try:
        with _stdout_spared():  # the daemons that Ray starts inherit it, and write there when a worker dies
            ray.init(
                address=address or "local",
                include_dashboard=None if address else False,
                object_store_memory=None if address else STORE_BYTES,
                logging_level="error",
                log_to_driver=False,
            )
    except Exception as error:  # a node that is too slow to start is a bare one
        raise _refusal(address, error) from error
    ours = sys.stdout
    sys.stdout = StdoutWithoutRay(ours)
    try:
        yield Placement("ray", RayPool, lambda: max(1, int(ray.cluster_resources().get("CPU", 1))))
    finally:
        sys.stdout = sys.stderr  # Ray prints, at its end, what its threads have kept back
        ray.shutdown()
        sys.stdout = ours


def check_address(address: str) -> None:
    """Raise RunError if nobody listens at HOST:PORT, for Ray itself would go on trying for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return  # `auto`, or a mistake that Ray has words for
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise _refusal(address, error) from error


def _refusal(address: str | None, error: Exception) -> RunError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if address is None:
        hint = "try again: Ray gives up after 30 s; or run `ray start --head` first, and give --address auto"
        return RunError(f"Ray does not start on this machine: {reason}", hint=hint)
    return RunError(f"no Ray cluster answers at {address}: {reason}", hint="check --address")


def _import_ray() -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise ConfigError(
            "--engine ray needs the ray package", hint="pip install 'agentic-proposing[cluster]' on every node"
        ) from None
    return ray


@contextmanager
def _stdout_spared() -> Iterator[None]:
    """Let processes that are started inside the block write to stderr in place of stdout, which is for records."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


class StdoutWithoutRay:
    """Standard output for all but Ray's threads, whose words go to stderr: they tell there of workers that died."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text where it belongs."""
        rays = threading.current_thread().name.startswith("ray_")
        return int((sys.stderr if rays else self._stream).write(text))

    def __getattr__(self, name: str) -> Any:
        """Be the stream in every other respect."""
        return getattr(self._stream, name)


# --- in an actor ---


class ItemRunner:
    """Body of an actor: the setup arrives by reference, items and results as bytes of ordinary pickle.

    So functions travel by name, and every node imports its own agentprop.
    """

    def __init__(self, setup: bytes) -> None:
        self._setup = setup
        self._function: Callable[[Any], Any] | None = None
        self._records: list[logging.LogRecord] = []

    def ready(self) -> str:
        """Set up, and tell the version of agentprop on this node."""
        if self._function is None:
            logger = logging.getLogger("agentprop")
            logger.propagate = False
            logger.addHandler(logging.handlers.QueueHandler(self))  # type: ignore[arg-type]
            setup: WorkerSetup = pickle.loads(self._setup)
            if setup.initializer:
                setup.initializer(*setup.arguments)
            self._function, self._setup = setup.function, b""
            freeze_collector()
        return __version__

    def put_nowait(self, record: logging.LogRecord) -> None:
        """Keep a log record for the next answer: the one method that QueueHandler calls on a queue."""
        self._records.append(record)

    def do(self, item: bytes) -> tuple[str, bytes, list[logging.LogRecord]]:
        """Run the function on an item; returns (`result` or `raised`, its pickle, what was logged)."""
        assert self._function is not None  # an actor is given items once it is ready
        try:
            kind, value = "result", pickle.dumps(self._function(pickle.loads(item)))
        except Exception as error:
            kind, value = "raised", pickle.dumps(portable(error))
        records, self._records = self._records, []
        return kind, value, records


# --- on our side ---


@dataclass
class _Actor(Generic[Item]):
    """An actor, and the jobs that it holds by index; it runs the first of them."""

    handle: Any
    jobs: dict[int, QueuedItem[Item]] = field(default_factory=dict)
    ready: bool = False

    def has_room_for(self, job: QueuedItem[Item]) -> bool:
        """True if it may hold the job as well; one that an actor died with has an actor to itself."""
        alone = job.deaths or any(held.deaths for held in self.jobs.values())
        return not self.jobs or (len(self.jobs) < AHEAD and not alone)


class RayPool(Generic[Item]):
    """Up to `size` actors, the jobs that wait for one, and the outcomes by index; the face of a `WorkerPool`."""

    def __init__(self, size: int, setup: WorkerSetup) -> None:
        self._ray = _import_ray()
        if setup.waits:
            raise ValueError("only items that compute run on Ray")
        self.done: dict[int, Any] = {}
        self._size = size
        self._waiting: deque[QueuedItem[Item]] = deque()
        self._actors: list[_Actor[Item]] = []
        self._calls: dict[Any, tuple[_Actor[Item], int | None]] = {}
        """Reference → the actor that will answer, and the index of the job; None for its start."""
        self._failed_starts = 0
        self._quiet_since = time.monotonic()
        self._setup = self._ray.put(pickle.dumps(setup))  # once for every node, whatever its size
        self._kind = self._ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD")(
            ItemRunner
        )

    def add(self, index: int, item: Item) -> None:
        """Queue a job."""
        self._waiting.append(QueuedItem(index, item))

    def serve(self, seconds: float) -> None:
        """Hand out jobs, then take answers of the actors, waiting at most `seconds` for the first."""
        self._hand_out()
        if not self._calls:
            return
        answered, _ = self._ray.wait(list(self._calls), num_returns=1, timeout=seconds)
        if answered:
            answered, _ = self._ray.wait(list(self._calls), num_returns=len(self._calls), timeout=0)
        for call in answered:
            if call in self._calls:  # the death of an actor has settled all of its calls
                self._receive(call, *self._calls.pop(call))
        self._complain()

    def drop_waiting(self, pulled: int) -> int:
        """Drop the queued jobs after the last one handed out; return the index at which the results now end."""
        begun = max((index for actor in self._actors for index in actor.jobs), default=-1)
        dropped = [job.index for job in self._waiting if job.index > begun]
        self._waiting = deque(job for job in self._waiting if job.index < begun)
        return min(dropped, default=pulled)

    def finish(self) -> None:
        """Do nothing: an actor holds nothing open that must be closed in order."""

    def kill(self) -> None:
        """Kill every actor, those that are still pending too."""
        for actor in self._actors:
            with suppress(Exception):  # whatever became of it or of the cluster, it is to be gone
                self._ray.kill(actor.handle)
        self._actors.clear()
        self._calls.clear()

    def _hand_out(self) -> None:
        """Give jobs to the least busy actors that have answered, and ask for more actors while all are busy."""
        while self._waiting:
            ready = [actor for actor in self._actors if actor.ready]
            actor = min(ready, key=lambda one: len(one.jobs), default=None)
            if actor is not None and not actor.jobs:
                self._give(actor, self._waiting.popleft())
                continue
            starting = len(self._actors) - len(ready)
            if len(self._actors) < self._size and starting < len(self._waiting):
                self._start()
                continue
            if actor is None or not actor.has_room_for(self._waiting[0]):
                return
            self._give(actor, self._waiting.popleft())

    def _start(self) -> None:
        actor = _Actor[Item](self._kind.remote(self._setup))
        self._actors.append(actor)
        self._calls[actor.handle.ready.remote()] = (actor, None)

    def _give(self, actor: _Actor[Item], job: QueuedItem[Item]) -> None:
        actor.jobs[job.index] = job
        self._calls[actor.handle.do.remote(pickle.dumps(job.item))] = (actor, job.index)

    def _receive(self, call: Any, actor: _Actor[Item], index: int | None) -> None:
        exceptions = self._ray.exceptions
        try:
            answer = self._ray.get(call)
        except exceptions.RayActorError as error:
            self._replace_dead(actor, error)
        except exceptions.ObjectLostError:
            if index is not None:
                self._waiting.appendleft(actor.jobs.pop(index))
        except exceptions.RayTaskError as error:
            raised = error.cause if isinstance(error.cause, Exception) else error
            if index is None:
                raise raised from error
            del actor.jobs[index]
            self.done[index] = Raised(raised)
        else:
            self._take(actor, index, answer)

    def _take(self, actor: _Actor[Item], index: int | None, answer: Any) -> None:
        if index is None:
            if answer != __version__:
                raise RunError(
                    f"a node of the cluster has agentprop {answer}, and this is {__version__}",
                    hint="install the same version on every node",
                )
            actor.ready, self._failed_starts = True, 0
            return
        kind, value, records = answer
        for record in records:
            logging.getLogger(record.name).handle(record)
        del actor.jobs[index]
        outcome = pickle.loads(value)
        self.done[index] = Raised(outcome) if kind == "raised" else outcome

    def _replace_dead(self, actor: _Actor[Item], error: Exception) -> None:
        """Handle the death of an actor or its node: one try less for the job it was running."""
        self._actors.remove(actor)
        self._calls = {call: held for call, held in self._calls.items() if held[0] is not actor}
        reason = " ".join(str(error).split())
        if not actor.ready:
            self._failed_starts += 1
            if self._failed_starts == MAX_FAILED_STARTS:
                raise RunError(
                    f"{MAX_FAILED_STARTS} workers in a row died while starting on the cluster: {reason[:300]}",
                    hint="install the same version with its extras on every node, and look into Ray's logs there",
                ) from error
        if not actor.jobs:
            return
        job, *behind = actor.jobs.values()
        self._waiting.extendleft(reversed(behind))
        job.deaths += 1
        if job.deaths < MAX_TRIES:
            self._waiting.appendleft(job)
        else:
            self.done[job.index] = WorkerDied(job.item, 1)

    def _complain(self) -> None:
        """Say in the log that nothing happens because the cluster has no room for a worker."""
        if any(actor.ready for actor in self._actors) or not self._actors:
            self._quiet_since = time.monotonic()
        elif time.monotonic() - self._quiet_since >= PATIENCE_S:
            log.warning("the cluster has not started a worker yet: it has no free core, or no node")
            self._quiet_since = time.monotonic()
