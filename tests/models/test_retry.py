"""Failures and the reaction to them: try again, give up, or stop for good."""

from __future__ import annotations

import random

import pytest
from test_limiter import Clock

from agentprop.models.failures import FailureKind, ModelFailure, ModelOutage
from agentprop.models.retry import Backoff, CircuitBreaker


def failure(kind: FailureKind = FailureKind.SERVER, retry_after_s: float | None = None) -> ModelFailure:
    return ModelFailure(kind, f"it was {kind}", retry_after_s=retry_after_s)


def test_waits_grow_are_jittered_and_end_growing() -> None:
    backoff = Backoff(first_s=1.0, most_s=8.0, randomness=random.Random(0))
    for failures, longest in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (50, 8.0), (5000, 8.0)):
        waits = [backoff.wait_s(failures, None) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest


def test_a_wait_is_never_shorter_than_the_server_asked_for() -> None:
    backoff = Backoff(first_s=0.5, randomness=random.Random(0))
    waits = [backoff.wait_s(1, 10.0) for _ in range(200)]
    assert 10.0 <= min(waits) < max(waits) <= 10.25


@pytest.mark.parametrize("kind", [FailureKind.UNAUTHORISED, FailureKind.NOT_FOUND, FailureKind.QUOTA])
def test_what_every_request_would_meet_stops_at_once_and_says_why(kind: FailureKind) -> None:
    breaker = CircuitBreaker("m@server")
    with pytest.raises(ModelOutage, match=f"m@server cannot be used: it was {kind}") as caught:
        breaker.failed(failure(kind))
    assert caught.value.hint
    with pytest.raises(ModelOutage):
        breaker.check()


def fail_for(breaker: CircuitBreaker, clock: Clock, seconds: int, kind: FailureKind) -> None:
    for _ in range(seconds + 1):
        breaker.failed(failure(kind))
        clock.now += 1.0


def test_a_server_that_answered_before_is_waited_for_longer_than_one_that_never_did() -> None:
    clock = Clock()
    never, once = (CircuitBreaker("s", patience_s=100.0, clock=clock) for _ in range(2))
    once.succeeded()
    with pytest.raises(ModelOutage, match="has only failed for 10 s"):
        fail_for(never, clock, 10, FailureKind.CONNECTION)
    fail_for(once, clock, 90, FailureKind.CONNECTION)
    with pytest.raises(ModelOutage, match="has only failed for 100 s"):
        fail_for(once, clock, 20, FailureKind.CONNECTION)


def test_one_success_starts_the_count_again() -> None:
    clock = Clock()
    breaker = CircuitBreaker("s", patience_s=100.0, clock=clock)
    breaker.succeeded()
    for _ in range(10):
        fail_for(breaker, clock, 90, FailureKind.SERVER)
        breaker.succeeded()
    breaker.check()


def test_many_requests_given_up_in_a_row_stop_the_run() -> None:
    breaker = CircuitBreaker("s", losses=3)
    breaker.lost(failure(FailureKind.REJECTED))
    breaker.lost(failure(FailureKind.REJECTED))
    breaker.succeeded()
    for _ in range(2):
        breaker.lost(failure(FailureKind.REJECTED))
    with pytest.raises(ModelOutage, match="failed 3 requests in a row"):
        breaker.lost(failure(FailureKind.REJECTED))


def test_conversations_that_are_too_long_say_nothing_about_the_server() -> None:
    breaker = CircuitBreaker("s", losses=3)
    breaker.succeeded()
    for _ in range(10):
        breaker.failed(failure(FailureKind.CONTEXT_OVERFLOW))
        breaker.lost(failure(FailureKind.CONTEXT_OVERFLOW))
    breaker.check()


def test_a_reply_limit_that_leaves_no_room_for_any_conversation_is_named_after_a_few() -> None:
    breaker = CircuitBreaker("s")
    for _ in range(4):
        breaker.lost(failure(FailureKind.CONTEXT_OVERFLOW), limit=30_000)
    with pytest.raises(ModelOutage, match="no conversation fits beside replies of up to 30000 tokens") as caught:
        breaker.lost(failure(FailureKind.CONTEXT_OVERFLOW), limit=30_000)
    assert "--reply-tokens" in str(caught.value.hint)


def test_conversations_that_are_all_too_long_before_any_was_answered_stop_the_run() -> None:
    breaker = CircuitBreaker("s", losses=3)
    for _ in range(2):
        breaker.lost(failure(FailureKind.CONTEXT_OVERFLOW))
    with pytest.raises(ModelOutage, match="failed 3 requests in a row"):
        breaker.lost(failure(FailureKind.CONTEXT_OVERFLOW))


def test_a_moderated_conversation_is_no_other_ones_concern() -> None:
    breaker = CircuitBreaker("s", losses=3)
    breaker.succeeded()
    for _ in range(10):
        breaker.failed(failure(FailureKind.REFUSED))
        breaker.lost(failure(FailureKind.REFUSED))
    breaker.check()


def test_a_wrong_configuration_stops_a_server_that_has_not_answered_yet_and_no_other() -> None:
    with pytest.raises(ModelOutage, match="s cannot be used: it was unsupported"):
        CircuitBreaker("s").failed(failure(FailureKind.UNSUPPORTED))
    breaker = CircuitBreaker("s")
    breaker.succeeded()
    breaker.failed(failure(FailureKind.UNSUPPORTED))
    breaker.check()


def test_being_asked_to_wait_beyond_all_patience_stops_the_run() -> None:
    with pytest.raises(ModelOutage, match="asks to wait for 7200 s"):
        CircuitBreaker("s", patience_s=300.0).failed(failure(FailureKind.RATE_LIMIT, 7200.0))
