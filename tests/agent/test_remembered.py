"""Reasons why a bundle failed: read from real conflicts, kept in order, and told to the next attempt at it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest
from toy_problems import trace

from agentprop.agent.bundles import bundle_name
from agentprop.agent.candidates import Candidate, CandidateMaker
from agentprop.agent.curriculum import Curriculum, categories_of
from agentprop.agent.environment import Rules
from agentprop.composition.planner import Planner
from agentprop.config import ProposeConfig
from agentprop.records import Move, Observation, Task
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.stages.propose.digest import Digest, conflicts_of
from agentprop.stages.propose.ledger import Ledger


@pytest.fixture(scope="module")
def maker(library: Mapping[str, Package], executor: Executor) -> CandidateMaker:
    planner = Planner(library)
    return CandidateMaker(
        planner, Curriculum(categories_of(planner, None, ())), executor, Rules(), seed=11, verify=False
    )


def test_the_reasons_are_those_of_real_conflicts(maker: CandidateMaker) -> None:
    found = [c.trajectory for c in maker.batch(range(40), maker.curriculum.start()) if c.trajectory is not None]
    failed = [one for one in found if any(turn.outcome == "conflict" for turn in one.turns)]
    assert failed and all(conflicts_of(one) for one in failed)
    assert not any(conflicts_of(one) for one in found if one not in failed)


class Silent:
    """A policy that gives up at once."""

    async def act(self, observation: Observation) -> Move:
        return Move(message=None)


def silent(task: Task) -> Silent:
    return Silent()


def test_only_the_bundle_that_failed_is_reminded(maker: CandidateMaker) -> None:
    mute, probabilities = replace(maker, policy=silent), maker.curriculum.probabilities(maker.curriculum.start())

    def asked(failures: Mapping[str, tuple[str, ...]]) -> Candidate:
        return asyncio.run(mute.candidate(3, probabilities, {}, failures))

    plain = asked({})
    assert plain.task is not None and plain.trajectory is not None and not plain.reminded
    told = asked({bundle_name(plain.task.skill_names): ("v1 is above 60", "v2 is not whole")})
    assert told.trajectory is not None and told.reminded
    more = told.trajectory.prompt.removeprefix(plain.trajectory.prompt)
    assert "failed for these reasons" in more and more.index("v1 is above 60") < more.index("v2 is not whole")
    other = asked({"another bundle": ("v1 is above 60",)})
    assert other.trajectory is not None and other.trajectory.prompt == plain.trajectory.prompt and not other.reminded


def failing(index: int, *reasons: str) -> Digest:
    whole = Digest.of(Candidate(index, "sums", trajectory=trace()))
    assert whole.episode is not None
    return replace(whole, episode=replace(whole.episode, bundle="a+b", conflicts=reasons))


def test_three_different_reasons_are_kept_in_order_and_told_from_the_block_after_the_next_one_on() -> None:
    config = ProposeConfig(n=50, proposer="m", remember_failures=3, give_up_after=1000)
    ledger = Ledger(config, Curriculum(("sums",)))
    for index, reasons in enumerate([("one", "two"), ("two",), ("three",), ("four", "one")]):
        ledger.commit(failing(index, *reasons))
    assert list(ledger.failures.now["a+b"]) == ["three", "four", "one"]
    for index in range(4, 16):
        ledger.commit(failing(index))
    batch = ledger.batch(16, 1000)
    assert batch is not None and batch.failures == {"a+b": ("three", "four", "one")}
    resumed = Ledger(config, Curriculum(("sums",)))
    resumed.restore(ledger.state(), iter(()))
    assert resumed.failures == ledger.failures


def test_nothing_is_kept_unless_asked() -> None:
    ledger = Ledger(ProposeConfig(n=5, proposer="m"), Curriculum(("sums",)))
    ledger.commit(failing(0, "one"))
    assert not ledger.failures.now and "failures" not in ledger.state() and "reminded" not in ledger.counts
