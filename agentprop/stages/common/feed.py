"""An iterator that may block for minutes → items that the tasks of an event loop take in turn.

A thread reads the pipe, so that tasks waiting for a server go on while the next problem is awaited. The thread is a
daemon, because a read that waits for another program cannot be interrupted.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

POLL_S = 0.02
"""Seconds after which a waiting task looks for an item; matters only if the source is slower than the tasks."""


class _End:
    """Mark of the end, with the error of the source if it failed."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class ThreadedSource(Generic[Item]):
    """Items in order; each goes to the task that has waited longest. At most `ahead` are read in advance."""

    def __init__(self, items: Iterator[Item], *, ahead: int = 64) -> None:
        self._queue: queue.Queue[Item | _End] = queue.Queue(ahead)
        self._turn = asyncio.Lock()
        self._closed = threading.Event()
        self.ended = False
        """True after the last item was taken."""
        threading.Thread(target=self._fill, args=(items,), name="agentprop-feed", daemon=True).start()

    async def take(self) -> Item | None:
        """Take the next item; None if there are no more. Raises the error of the source in its place."""
        async with self._turn:
            while not self.ended:
                try:
                    found = self._queue.get_nowait()
                except queue.Empty:
                    await asyncio.sleep(POLL_S)
                    continue
                if not isinstance(found, _End):
                    return found
                self.ended = True
                if found.error is not None:
                    raise found.error
        return None

    def close(self) -> None:
        """Stop reading."""
        self._closed.set()

    def _fill(self, items: Iterator[Item]) -> None:
        end = _End()
        try:
            for item in items:
                if not self._put(item):
                    return
        except BaseException as error:  # raised again by take()
            end = _End(error)
        self._put(end)

    def _put(self, found: Item | _End) -> bool:
        """Wait for a place in the queue; False if everything was closed before."""
        while not self._closed.is_set():
            try:
                self._queue.put(found, timeout=0.25)
                return True
            except queue.Full:
                continue
        return False
