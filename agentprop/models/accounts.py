"""What was spent, what failed, and what is under way: counted by one process, or by several together.

Shared accounts are numbers in a file without a name, in memory, that nothing is left of. Each process adds to a row of
its own, and all read the sums, so nobody waits for anybody to count. A row belongs to whoever holds a lock on it: the
row of a process that died is given to the next one, with what was spent in it and without what was under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import mmap
import os
import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from agentprop.models.failures import Kind

Account = tuple[str, str]
"""(role, model identity)."""
Column = str | tuple[Account, str]
COUNTS = (
    "requests",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "unmetered",
    "unpriced",
    "cost_pico",
)
"""What is counted of an account; costs in units of 1e-12."""
FAILURES = (*Kind, "given_up")
"""What else is counted: failed attempts by kind, and requests given up."""
POLL_S = 0.02
"""How soon one process notices that a request of another one has ended; only where a bound is near."""


class Accounts(Protocol):
    """Where a meter counts."""

    def add(self, account: Account, counts: Mapping[str, int]) -> None:
        """Count one exchange."""
        ...

    def fail(self, kind: str) -> None:
        """Count one of FAILURES."""
        ...

    def hit(self) -> None:
        """Count a reply that had been bought before."""
        ...

    def totals(self) -> Mapping[Account, Mapping[str, int]]:
        """By account."""
        ...

    def failures(self) -> Counter[str]:
        """By kind."""
        ...

    def hits(self) -> int:
        """Replies that had been bought before."""
        ...

    def move(self, difference: int) -> None:
        """So many more requests are under way."""
        ...

    def under_way(self) -> int:
        """Requests under way."""
        ...

    def alone(self) -> contextlib.AbstractContextManager[object]:
        """Nobody else looks and decides meanwhile."""
        ...

    async def change(self) -> None:
        """Wait until fewer requests may be under way."""
        ...


class OwnAccounts:
    """Of one process."""

    def __init__(self, totals: Mapping[Account, Mapping[str, int]]) -> None:
        self._totals = {account: Counter(counts) for account, counts in totals.items()}
        self._failures: Counter[str] = Counter()
        self._hits = self._under_way = 0
        self._fewer = asyncio.Event()

    def add(self, account: Account, counts: Mapping[str, int]) -> None:
        """Count one exchange."""
        totals = self._totals.setdefault(account, Counter())
        for name, value in counts.items():
            totals[name] += value

    def fail(self, kind: str) -> None:
        """Count one of FAILURES."""
        self._failures[kind] += 1

    def hit(self) -> None:
        """Count a reply that had been bought before."""
        self._hits += 1

    def totals(self) -> Mapping[Account, Mapping[str, int]]:
        """By account."""
        return self._totals

    def failures(self) -> Counter[str]:
        """By kind; it goes on counting."""
        return self._failures

    def hits(self) -> int:
        """Replies that had been bought before."""
        return self._hits

    def move(self, difference: int) -> None:
        """So many more requests are under way."""
        self._under_way += difference
        if difference < 0:
            self._fewer.set()

    def under_way(self) -> int:
        """Requests under way."""
        return self._under_way

    def alone(self) -> contextlib.AbstractContextManager[object]:
        """There is nobody else."""
        return contextlib.nullcontext()

    async def change(self) -> None:
        """Wait until one is done."""
        self._fewer.clear()
        await self._fewer.wait()


@dataclass(frozen=True)
class Ticket:
    """What another process needs to take part in shared accounts; it travels by pickle."""

    path: str
    accounts: tuple[Account, ...]
    rows: int


class SharedAccounts:
    """Of several processes; close them. `number` tells the processes that take part apart: 0 is who opened them."""

    def __init__(self, file: int, ticket: Ticket) -> None:
        self.ticket = ticket
        self._file = file
        names = ["under way", "hits", *FAILURES, *product(ticket.accounts, COUNTS)]
        self._columns: dict[Column, int] = {name: position for position, name in enumerate(names)}
        self._width = len(names)
        os.ftruncate(file, self._size)
        self._map = mmap.mmap(file, self._size)
        self._cells = memoryview(self._map).cast("q")
        self.number = self._claim()

    @classmethod
    @contextlib.contextmanager
    def opened(
        cls, accounts: tuple[Account, ...], rows: int, totals: Mapping[Account, Mapping[str, int]]
    ) -> Iterator[SharedAccounts]:
        """New accounts for this process and `rows` others at once, with what was spent before."""
        file = os.memfd_create("agentprop-accounts")
        known = tuple(dict.fromkeys((*accounts, *totals)))
        shared = cls(file, Ticket(f"/proc/{os.getpid()}/fd/{file}", known, rows + 1))
        for account, counts in totals.items():
            shared.add(account, {name: value for name, value in counts.items() if name in COUNTS})
        with contextlib.closing(shared):
            yield shared

    @classmethod
    @contextlib.contextmanager
    def joined(cls, ticket: Ticket) -> Iterator[SharedAccounts]:
        """The accounts of a ticket, in another process."""
        with contextlib.closing(cls(os.open(ticket.path, os.O_RDWR | os.O_CLOEXEC), ticket)) as shared:
            yield shared

    def close(self) -> None:
        """Give the row back."""
        self._cells.release()
        self._map.close()
        os.close(self._file)

    def add(self, account: Account, counts: Mapping[str, int]) -> None:
        """Count one exchange; who is alone sees all of it or nothing."""
        with self.alone():
            for name, value in counts.items():
                self._increase((account, name), value)

    def fail(self, kind: str) -> None:
        """Count one of FAILURES."""
        self._increase(kind, 1)

    def hit(self) -> None:
        """Count a reply that had been bought before."""
        self._increase("hits", 1)

    def totals(self) -> Mapping[Account, Mapping[str, int]]:
        """By account; those that nothing was spent from are left out."""
        sums = {
            account: +Counter({name: self._sum((account, name)) for name in COUNTS}) for account in self.ticket.accounts
        }
        return {account: counts for account, counts in sums.items() if counts}

    def failures(self) -> Counter[str]:
        """By kind, as of now."""
        return +Counter({str(kind): self._sum(kind) for kind in FAILURES})

    def hits(self) -> int:
        """Replies that had been bought before."""
        return self._sum("hits")

    def move(self, difference: int) -> None:
        """So many more requests of this process are under way."""
        self._increase("under way", difference)

    def under_way(self) -> int:
        """Requests under way, of all processes."""
        return self._sum("under way")

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Others who want to be alone wait; it takes microseconds."""
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, self._size)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._size)

    async def change(self) -> None:
        """Wait a moment, and forget what was under way in processes that died."""
        await asyncio.sleep(POLL_S)
        with self.alone():
            for row in range(self.ticket.rows):
                if row != self.number and self._lock(row):
                    fcntl.lockf(self._file, fcntl.LOCK_UN, 1, row)

    def _increase(self, column: Column, value: int) -> None:
        self._cells[self._own + self._columns[column]] += value

    def _sum(self, column: Column) -> int:
        return sum(self._cells[self._columns[column] :: self._width])

    @property
    def _size(self) -> int:
        return 8 * self._width * self.ticket.rows

    def _claim(self) -> int:
        """Take the first row that nobody has."""
        with self.alone():
            for row in range(self.ticket.rows):
                if self._lock(row):
                    self._own = row * self._width
                    return row
        raise RuntimeError(f"more than {self.ticket.rows} processes share accounts")

    def _lock(self, row: int) -> bool:
        """Whether nobody had the row: then it is ours, and nothing is under way in it."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
        except OSError:
            return False
        struct.pack_into("q", self._map, 8 * row * self._width, 0)
        return True
