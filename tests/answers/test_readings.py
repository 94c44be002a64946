"""A reading knows what it consumed, what it skipped, and from where on a text was not understood."""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from agentprop.answers import GOLD_UNREADABLE, PRED_UNREADABLE, equivalent
from agentprop.answers.reading.counters import nouns_of
from agentprop.answers.reading.extract import final_answer, gold_answer
from agentprop.answers.reading.nodes import Number, Quantity, Statement
from agentprop.answers.reading.reader import read

READINGS: dict[str, list[Any]] = tomllib.loads(Path(__file__).with_name("readings.toml").read_text("utf-8"))
REPEATED = Path(__file__).with_name("repeated.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize(("text", "ignored"), READINGS["ignored"])
def test_what_adds_nothing_is_skipped_and_remembered(text: str, ignored: str) -> None:
    reading = read(text)
    assert reading.complete
    assert reading.ignored == ignored


@pytest.mark.parametrize("text", READINGS["complete"])
def test_what_people_write_is_read_to_its_end_and_equals_itself_in_a_sentence(text: str) -> None:
    reading = read(gold_answer(text))
    assert reading.complete, reading.remainder
    assert not isinstance(reading.node, Statement)
    assert equivalent(gold=text, pred=f"The answer is: {text}").status == "same"


@pytest.mark.parametrize("text", READINGS["unreadable"])
def test_what_was_not_understood_is_said_and_is_never_the_same(text: str) -> None:
    reading = read(text)
    assert not reading.complete
    assert reading.remainder
    gold, pred = equivalent(gold=text, pred="5"), equivalent(gold="5", pred=text)
    assert (gold.status, gold.rule) == ("undetermined", GOLD_UNREADABLE)
    assert (pred.status, pred.rule) == ("different", PRED_UNREADABLE)


def test_a_noun_counts_only_where_it_is_plain_or_asked_for() -> None:
    assert isinstance(read("5 marbles").node, Quantity)
    assert isinstance(read("5 dozen").node, Number)
    assert isinstance(read("5 zorp").node, Statement), "no plural, no common noun"
    asked = nouns_of("How many zorp does Anna have?")
    assert isinstance(read("5 zorp", asked).node, Quantity)
    assert equivalent(gold="5", pred="5 zorp").status == "different"
    assert equivalent(gold="5", pred="5 zorp", question="How many zorp does Anna have?").status == "same"


@pytest.mark.parametrize("piece", REPEATED)
@pytest.mark.parametrize("end", ["", "5"])
def test_reading_takes_steps_in_proportion_to_the_text(piece: str, end: str) -> None:
    """Steps are calls of Python functions: five times the text may take twelve times as many, never 25 times."""
    short, long = (_steps(lambda size=size: _read(piece * (size // len(piece)) + end)) for size in (800, 4_000))
    assert long <= 12 * short + 1_000


def test_patterns_take_time_in_proportion_to_the_text() -> None:
    """Calls cannot be counted inside regular expressions: eight times the text may take thirty times as long."""
    slow = []
    for piece in REPEATED:
        short, long = (_seconds(piece * (size // len(piece))) for size in (1_000, 8_000))
        if long > 30 * short + 0.1:
            slow.append((piece, short, long))
    assert not slow


def _seconds(text: str) -> float:
    """Processor time of this thread, the least of three tries, which nothing else lengthens."""
    times = []
    for _ in range(3):
        start = time.thread_time()
        _read(text)
        times.append(time.thread_time() - start)
    return min(times)


def _read(text: str) -> None:
    final_answer(text)
    gold_answer(text)
    read.__wrapped__(text)


def _steps(call: Callable[[], None]) -> int:
    steps = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal steps
        steps += event == "call"

    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(None)
    return steps
