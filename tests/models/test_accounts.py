"""Accounts that several processes share: sums, rows, deaths, and a bound over all of them."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

import pytest

from agentprop.errors import BoundReached
from agentprop.models.accounts import Account, AccountsHandle, OwnAccounts, SharedAccounts
from agentprop.models.chat import Message, Request
from agentprop.models.client import Model, channel_of
from agentprop.models.costs import Meter
from agentprop.models.scripted import Scripted
from agentprop.models.settings import ModelSettings

ACCOUNT = ("r", "m@http://x/v1")
SETTINGS = ModelSettings(model="m", base_url="http://x/v1", price_in=1.0, price_out=1.0)
SPAWN = multiprocessing.get_context("spawn")
EACH = 100
"""Tokens of a request."""
ADDED = 5_000
"""Exchanges that `adding` counts."""


def counting(handle: AccountsHandle, pipe: Connection[Any, Any]) -> None:
    """Join, report the row, count, and wait to be told to go on."""
    with SharedAccounts.joined(handle) as accounts:
        accounts.add(ACCOUNT, {"requests": 1, "prompt_tokens": 10})
        accounts.add_failure("timeout")
        accounts.add_hit()
        accounts.add_under_way(3)
        pipe.send(accounts.number)
        pipe.recv()


def spending(handle: AccountsHandle, bound: int, pipe: Connection[Any, Any]) -> None:
    """Ask for as much as the bound allows; report how many were answered and if the bound ended it."""
    with SharedAccounts.joined(handle) as accounts:
        pipe.recv()
        pipe.send(asyncio.run(asked(Meter(max_tokens=bound, accounts=accounts))))


async def asked(meter: Meter) -> tuple[int, bool]:
    usage = {"prompt_tokens": EACH - 1, "completion_tokens": 1}

    class Slow(Scripted):
        async def post(self, body: Any) -> Any:
            await asyncio.sleep(0.002)
            return await super().post(body)

    model = Model(channel_of(SETTINGS, Slow(lambda body: {"content": "x", "usage": usage})), meter, role="r")
    asks = (model.reply(Request((Message("user", "q"),), sample=i)) for i in range(200))
    found = await asyncio.gather(*asks, return_exceptions=True)
    told = [outcome for outcome in found if isinstance(outcome, BaseException)]
    assert all(isinstance(outcome, BoundReached) for outcome in told)
    return len(found) - len(told), bool(told)


def adding(handle: AccountsHandle, pipe: Connection[Any, Any]) -> None:
    """Count exchanges without a pause."""
    with SharedAccounts.joined(handle) as accounts:
        for _ in range(ADDED):
            accounts.add(ACCOUNT, {"requests": 1, "prompt_tokens": 1})
        pipe.send("done")


def counts_of(accounts: SharedAccounts) -> tuple[int, int]:
    """Return requests and their tokens, read under the lock."""
    with accounts.exclusive():
        counts = accounts.totals().get(ACCOUNT, {})
    return counts.get("requests", 0), counts.get("prompt_tokens", 0)


def start(function: Callable[..., None], *arguments: Any) -> tuple[Any, Connection[Any, Any]]:
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=function, args=(*arguments, theirs))
    process.start()
    return process, ours


def test_all_add_and_all_read_the_sum() -> None:
    with SharedAccounts.opened((ACCOUNT,), 2, {ACCOUNT: {"requests": 5, "cost_pico": 7}}) as accounts:
        workers = [start(counting, accounts.handle) for _ in range(2)]
        assert sorted(pipe.recv() for _, pipe in workers) == [1, 2]
        assert accounts.number == 0
        assert accounts.totals() == {ACCOUNT: {"requests": 7, "prompt_tokens": 20, "cost_pico": 7}}
        assert (accounts.failures(), accounts.hits(), accounts.under_way()) == ({"timeout": 2}, 2, 6)
        for process, pipe in workers:
            pipe.send("go on")
            process.join()
        assert accounts.totals()[ACCOUNT]["requests"] == 7


def test_who_died_leaves_what_was_spent_but_nothing_under_way_and_its_row() -> None:
    with SharedAccounts.opened((ACCOUNT,), 2, {}) as accounts:
        (dead, pipe), (living, other) = (start(counting, accounts.handle) for _ in range(2))
        number = pipe.recv()
        other.recv()
        os.kill(dead.pid, signal.SIGKILL)
        dead.join()
        assert accounts.under_way() == 6
        asyncio.run(accounts.wait_for_change())
        assert (accounts.under_way(), accounts.totals()[ACCOUNT]["requests"]) == (3, 2)
        heir, third = start(counting, accounts.handle)
        assert third.recv() == number
        assert accounts.totals()[ACCOUNT]["requests"] == 3
        for process, end in ((living, other), (heir, third)):
            end.send("go on")
            process.join()


def test_an_account_nobody_named_cannot_be_added_to() -> None:
    with SharedAccounts.opened((ACCOUNT,), 1, {}) as accounts, pytest.raises(KeyError):
        accounts.add(("other", "m"), {"requests": 1})


@pytest.mark.parametrize("bound", [1, 1500, 4050])
def test_a_bound_is_overshot_by_one_request_at_most_by_all_together(bound: int) -> None:
    with SharedAccounts.opened((ACCOUNT,), 3, {}) as accounts:
        workers = [start(spending, accounts.handle, bound) for _ in range(3)]
        for _, pipe in workers:
            pipe.send("go")
        found = [pipe.recv() for _, pipe in workers]
        for process, _ in workers:
            process.join()
        tokens = accounts.totals()[ACCOUNT]["prompt_tokens"] + accounts.totals()[ACCOUNT]["completion_tokens"]
        assert EACH * sum(answered for answered, _ in found) == tokens
        assert bound <= tokens < bound + EACH
        assert all(told for _, told in found)
        assert accounts.under_way() == 0


def test_a_request_that_ends_while_the_bound_is_looked_at_is_not_forgotten() -> None:
    class Ending(OwnAccounts):
        """The request under way ends right after the first look at either number."""

        def totals(self) -> Mapping[Account, Mapping[str, int]]:
            found = {account: dict(counts) for account, counts in super().totals().items()}
            self.end()
            return found

        def under_way(self) -> int:
            found = super().under_way()
            self.end()
            return found

        async def wait_for_change(self) -> None:
            """Return at once: the request has ended."""

        def end(self) -> None:
            if super().under_way():
                self.add(ACCOUNT, {"requests": 1, "prompt_tokens": EACH})
                self.add_under_way(-1)

    accounts = Ending({ACCOUNT: {"requests": 1, "prompt_tokens": EACH}})
    accounts.add_under_way(1)
    with pytest.raises(BoundReached):
        asyncio.run(Meter(max_tokens=2 * EACH, accounts=accounts).admit())


def test_nobody_who_is_alone_sees_half_of_an_exchange() -> None:
    with SharedAccounts.opened((ACCOUNT,), 2, {}) as accounts:
        workers = [start(adding, accounts.handle) for _ in range(2)]
        while sum(seen := counts_of(accounts)) < 2 * 2 * ADDED:
            assert seen[0] == seen[1]
        for process, pipe in workers:
            pipe.recv()
            process.join()
        assert counts_of(accounts) == (2 * ADDED, 2 * ADDED)


def test_accounts_of_one_process_count_the_same() -> None:
    accounts = OwnAccounts({ACCOUNT: {"requests": 5}})
    accounts.add(ACCOUNT, {"requests": 1, "prompt_tokens": 10})
    accounts.add_failure("timeout")
    accounts.add_hit()
    accounts.add_under_way(2)
    assert accounts.totals() == {ACCOUNT: {"requests": 6, "prompt_tokens": 10}}
    assert (accounts.failures(), accounts.hits(), accounts.under_way()) == ({"timeout": 1}, 1, 2)
