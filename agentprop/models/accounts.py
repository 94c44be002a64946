"""Requests, tokens, costs and failures → accounts, kept by one process or shared by several.

Shared accounts are a table of 64-bit counters in an anonymous memory file. Each process adds to a row of its own and
reads the sums of all rows, so counting needs no lock. The row itself is held by a file lock, which the kernel releases
when its process dies; the next process that claims the row keeps what was spent and clears what was under way.

    row                      under way   hits   requests   prompt_tokens   …
    0   process that opened          0      3          5             700
    1   worker A                     2      0          2             310
    2   worker B                     1      1          1             150
        sum, as all see it           3      4          8            1160
    2   worker C, after B died       0      1          1             150
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from agentprop.models.failures import FailureKind
from agentprop.portable import fcntl

Account = tuple[str, str]
"""Key of an account: (role, model identity)."""
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
"""Counters of an account; cost_pico in units of 1e-12 of the currency."""
FAILURES = (*FailureKind, "given_up")
"""Counters besides those of accounts: failed attempts by kind, and requests given up."""
POLL_S = 0.02
"""Seconds between looks at the other processes' requests, while a bound is near."""


class Accounts(Protocol):
    """Counters of a meter."""

    def add(self, account: Account, counts: Mapping[str, int]) -> None:
        """Add the counts of one exchange to an account."""
        ...

    def add_failure(self, kind: str) -> None:
        """Count a failure, one of FAILURES."""
        ...

    def add_hit(self) -> None:
        """Count a reply that came from the cache."""
        ...

    def totals(self) -> Mapping[Account, Mapping[str, int]]:
        """Return the counts of every account."""
        ...

    def failures(self) -> Counter[str]:
        """Return the number of failures by kind."""
        ...

    def hits(self) -> int:
        """Return the number of replies that came from the cache."""
        ...

    def add_under_way(self, difference: int) -> None:
        """Add to the number of requests under way (negative when they end)."""
        ...

    def under_way(self) -> int:
        """Return the number of requests under way, in all processes."""
        ...

    def exclusive(self) -> contextlib.AbstractContextManager[object]:
        """Hold off the other processes, to read the totals and act on them in one step."""
        ...

    async def wait_for_change(self) -> None:
        """Wait until the number of requests under way may have fallen."""
        ...


class OwnAccounts:
    """Accounts of a single process."""

    def __init__(self, totals: Mapping[Account, Mapping[str, int]]) -> None:
        self._totals = {account: Counter(counts) for account, counts in totals.items()}
        self._failures: Counter[str] = Counter()
        self._hits = self._under_way = 0
        self._fewer = asyncio.Event()

    def add(self, account: Account, counts: Mapping[str, int]) -> None:
        """Add the counts of one exchange to an account."""
        totals = self._totals.setdefault(account, Counter())
        for name, value in counts.items():
            totals[name] += value

    def add_failure(self, kind: str) -> None:
        """Count a failure, one of FAILURES."""
        self._failures[kind] += 1

    def add_hit(self) -> None:
        """Count a reply that came from the cache."""
        self._hits += 1

    def totals(self) -> Mapping[Account, Mapping[str, int]]:
        """Return the counts of every account."""
        return self._totals

    def failures(self) -> Counter[str]:
        """Return the live counter of failures by kind."""
        return self._failures

    def hits(self) -> int:
        """Return the number of replies that came from the cache."""
        return self._hits

    def add_under_way(self, difference: int) -> None:
        """Add to the number of requests under way."""
        self._under_way += difference
        if difference < 0:
            self._fewer.set()

    def under_way(self) -> int:
        """Return the number of requests under way."""
        return self._under_way

    def exclusive(self) -> contextlib.AbstractContextManager[object]:
        """Do nothing: there are no other processes."""
        return contextlib.nullcontext()

    async def wait_for_change(self) -> None:
        """Wait until a request ends."""
        self._fewer.clear()
        await self._fewer.wait()


def kept(accounts: Accounts) -> OwnAccounts:
    """Copy accounts to ones of this process alone, which outlive those that are shared."""
    copy = OwnAccounts(accounts.totals())
    copy._failures, copy._hits = Counter(accounts.failures()), accounts.hits()
    return copy


@dataclass(frozen=True)
class AccountsHandle:
    """Address of shared accounts, pickled to the processes that join them."""

    path: str
    """Path of the memory file, below /proc of the process that opened it."""
    accounts: tuple[Account, ...]
    """Accounts that can be added to: the columns are fixed."""
    rows: int
    """Most processes at a time."""


class SharedAccounts:
    """Accounts of several processes; close them. `number` is this process's row; the process that opened them has 0."""

    def __init__(self, file: int, handle: AccountsHandle) -> None:
        self.handle = handle
        self._file = file
        # "under way" comes first: `_lock` clears it by its place.
        names = ["under way", "hits", *FAILURES, *product(handle.accounts, COUNTS)]
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
        """Open accounts for this process and up to `rows` others, starting from the totals spent before."""
        file = os.memfd_create("agentprop-accounts")  # gone with the last process that has it open
        known = tuple(dict.fromkeys((*accounts, *totals)))
        shared = cls(file, AccountsHandle(f"/proc/{os.getpid()}/fd/{file}", known, rows + 1))
        for account, counts in totals.items():
            shared.add(account, {name: value for name, value in counts.items() if name in COUNTS})
        with contextlib.closing(shared):
            yield shared

    @classmethod
    @contextlib.contextmanager
    def joined(cls, handle: AccountsHandle) -> Iterator[SharedAccounts]:
        """Join the accounts of a handle from another process."""
        with contextlib.closing(cls(os.open(handle.path, os.O_RDWR | os.O_CLOEXEC), handle)) as shared:
            yield shared

    def close(self) -> None:
        """Release the row for another process."""
        self._cells.release()
        self._map.close()
        os.close(self._file)

    def add(self, account: Account, counts: Mapping[str, int]) -> None:
        """Add the counts of one exchange, all in one step for processes that read under `exclusive`."""
        with self.exclusive():
            for name, value in counts.items():
                self._increase((account, name), value)

    def add_failure(self, kind: str) -> None:
        """Count a failure, one of FAILURES."""
        self._increase(kind, 1)

    def add_hit(self) -> None:
        """Count a reply that came from the cache."""
        self._increase("hits", 1)

    def totals(self) -> Mapping[Account, Mapping[str, int]]:
        """Return the counts of every account that is not empty."""
        sums = {
            account: +Counter({name: self._sum((account, name)) for name in COUNTS}) for account in self.handle.accounts
        }
        return {account: counts for account, counts in sums.items() if counts}

    def failures(self) -> Counter[str]:
        """Return the present number of failures by kind."""
        return +Counter({str(kind): self._sum(kind) for kind in FAILURES})

    def hits(self) -> int:
        """Return the number of replies that came from the cache."""
        return self._sum("hits")

    def add_under_way(self, difference: int) -> None:
        """Add to this process's number of requests under way."""
        self._increase("under way", difference)

    def under_way(self) -> int:
        """Return the number of requests under way in all processes."""
        return self._sum("under way")

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the table's lock. Keep the block short: it is meant for microseconds."""
        # One byte past the last row, so that it is apart from the locks of the rows.
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, self._size)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._size)

    async def wait_for_change(self) -> None:
        """Wait a moment, and clear the requests under way of processes that died."""
        # No event crosses processes, so look again in a moment; a meter only waits here close to its bound.
        await asyncio.sleep(POLL_S)
        with self.exclusive():
            for row in range(self.handle.rows):
                if row != self.number and self._lock(row):  # free, so its process has died or never came
                    fcntl.lockf(self._file, fcntl.LOCK_UN, 1, row)

    def _increase(self, column: Column, value: int) -> None:
        # Only this process writes to its row, so the addition needs no lock.
        self._cells[self._own + self._columns[column]] += value

    def _sum(self, column: Column) -> int:
        return sum(self._cells[self._columns[column] :: self._width])

    @property
    def _size(self) -> int:
        return 8 * self._width * self.handle.rows

    def _claim(self) -> int:
        """Take the first row that no process holds."""
        with self.exclusive():  # two processes that look at once must not pass each other's row
            for row in range(self.handle.rows):
                if self._lock(row):
                    self._own = row * self._width
                    return row
        raise RuntimeError(f"more than {self.handle.rows} processes share accounts")

    def _lock(self, row: int) -> bool:
        """Try to lock a row and clear its requests under way; return False if another process holds it."""
        try:
            # A lock of the process and not of the descriptor: the kernel drops it however the process ends.
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
        except OSError:
            return False
        struct.pack_into("q", self._map, 8 * row * self._width, 0)  # "under way" is column 0; what was spent stays
        return True
