"""A source that may be silent for minutes → items that the tasks of an event loop take in turn.

A pipe is read by a thread of its own: nothing that waits for a server stands still while the next problem is awaited.
The thread is a daemon, because nobody can end a read that waits for another program.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

POLL_S = 0.02
"""How soon a waiting task notices an item; only where the source is slower than the tasks."""


class _End:
    """Nothing more comes, or what went wrong."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class ThreadedSource(Generic[Item]):
    """Items in order; each goes to the task that has waited longest."""

    def __init__(self, items: Iterator[Item], *, ahead: int = 64) -> None:
        self._queue: queue.Queue[Item | _End] = queue.Queue(ahead)
        self._turn = asyncio.Lock()
        self._closed = threading.Event()
        self.ended = False
        """Whether the last item was taken."""
        threading.Thread(target=self._fill, args=(items,), name="agentprop-feed", daemon=True).start()

    async def take(self) -> Item | None:
        """The next item; None when there are no more. An error of the source is raised in its place."""
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
        """Read no further."""
        self._closed.set()

    def _fill(self, items: Iterator[Item]) -> None:
        end = _End()
        try:
            for item in items:
                if not self._put(item):
                    return
        except BaseException as error:  # raised again where the item was waited for
            end = _End(error)
        self._put(end)

    def _put(self, found: Item | _End) -> bool:
        """Whether there was a place before everything was over."""
        while not self._closed.is_set():
            try:
                self._queue.put(found, timeout=0.25)
                return True
            except queue.Full:
                continue
        return False
