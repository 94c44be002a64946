"""Tokens, money, and the budget for both."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.errors import BoundReached, ConfigError
from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Message, Request, Usage
from agentprop.models.client import Model, channel_of
from agentprop.models.costs import Meter, charge, cost_pico, spend_of
from agentprop.models.scripted import Scripted
from agentprop.models.settings import ModelSettings

PRICED = ModelSettings(model="m", base_url="http://x/v1", price_in=0.15, price_out=0.6)
UNPRICED = ModelSettings(model="m", base_url="http://x/v1")


def test_cost_is_tokens_times_the_users_prices() -> None:
    assert cost_pico(Usage(1_000_000, 1_000_000), PRICED) == 750_000_000_000
    assert cost_pico(Usage(10, 100, reasoning_tokens=90), PRICED) == 61_500_000  # reasoning is in the 100 already


def test_cached_tokens_have_a_price_of_their_own_where_it_is_set() -> None:
    usage = Usage(100, 0, cached_tokens=60)
    assert cost_pico(usage, PRICED) == 100 * 150_000
    assert cost_pico(usage, PRICED.model_copy(update={"price_cached": 0.05})) == 40 * 150_000 + 60 * 50_000


def test_without_a_price_or_a_count_the_cost_is_unknown_not_zero() -> None:
    assert spend_of(charge(Usage(1, 1), UNPRICED)).cost is None
    assert spend_of(charge(None, PRICED)).cost is None
    assert spend_of({}).cost == 0.0
    free = UNPRICED.model_copy(update={"price_in": 0.0, "price_out": 0.0})
    assert spend_of(charge(Usage(1, 1), free)).cost == 0.0


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=20), st.randoms())
def test_totals_do_not_depend_on_the_order_of_replies(usages: list[tuple[int, int]], randomness: object) -> None:
    meters = Meter(), Meter()
    shuffled = sorted(usages, key=lambda _: randomness.random())  # type: ignore[attr-defined]
    for meter, order in zip(meters, (usages, shuffled), strict=True):
        for prompt, completion in order:
            meter.add(("r", "m"), charge(Usage(prompt, completion), PRICED))
    assert meters[0].total() == meters[1].total()


def test_cost_per_accepted_problem_and_projected() -> None:
    spend = spend_of(charge(Usage(1_000_000, 0), PRICED))
    assert spend.each(3) == {"tokens": 1_000_000 / 3, "cost": pytest.approx(0.05)}
    assert spend.each(0) == {"tokens": None, "cost": None}
    assert spend.projected(done=10, target=100) == pytest.approx(1.5)
    assert spend.projected(done=0, target=100) is None


def test_a_bound_on_cost_without_a_price_is_an_error_up_front() -> None:
    with pytest.raises(ConfigError, match="--max-cost needs the prices of m@http://x/v1"):
        Meter(max_cost=1.0).check_prices([PRICED, UNPRICED])
    Meter(max_cost=1.0).check_prices([PRICED])
    Meter(max_tokens=1).check_prices([UNPRICED])


def spend_all(meter: Meter, cache: ReplyCache | None, count: int, settings: ModelSettings = PRICED) -> int:
    """Send `count` different requests at once; return how many were answered before the bound."""
    channel = channel_of(
        settings, Scripted(lambda body: {"content": "x", "usage": {"prompt_tokens": 90, "completion_tokens": 10}})
    )
    model = Model(channel, meter, role="r", cache=cache)

    async def main() -> int:
        asked = (model.reply(Request((Message("user", "q"),), sample=i)) for i in range(count))
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(error, BoundReached) for error in found if isinstance(error, BaseException))
        return sum(not isinstance(reply, BaseException) for reply in found)

    return asyncio.run(main())


@pytest.mark.parametrize(("bound", "answered"), [(1, 1), (100, 1), (950, 10), (1000, 10), (10_000, 50)])
def test_a_bound_on_tokens_is_overshot_by_one_request_at_most(bound: int, answered: int) -> None:
    meter = Meter(max_tokens=bound)
    assert spend_all(meter, None, 50) == answered
    assert meter.total().tokens == 100 * answered < bound + 100


def test_a_bound_on_cost_holds() -> None:
    each = cost_pico(Usage(90, 10), PRICED)
    assert each is not None
    meter = Meter(max_cost=5 * each / 1e12)
    assert spend_all(meter, None, 50) == 5


def test_accounts_go_on_where_an_earlier_session_ended(tmp_path: Path) -> None:
    first = ReplyCache(tmp_path / "r")
    assert spend_all(Meter(first, max_tokens=500), first, 50) == 5
    first.close()
    second = ReplyCache(tmp_path / "r")
    meter = Meter(second, max_tokens=1000)
    assert meter.total().tokens == 500
    assert spend_all(meter, second, 50) == 10  # five of them for nothing
    assert meter.spend()[("r", PRICED.identity)].requests == 10
    assert meter.hits == 5
    second.close()


def test_bounds_cannot_be_kept_by_a_server_that_does_not_count() -> None:
    channel = channel_of(PRICED, Scripted(lambda body: {"content": "x", "usage": None}))
    model = Model(channel, Meter(max_tokens=10), role="r")
    request = Request((Message("user", "q"),))
    asyncio.run(model.reply(request))
    with pytest.raises(ConfigError, match="does not count tokens"):
        asyncio.run(model.reply(request))
