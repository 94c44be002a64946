"""A run with a language model spends what it needs, says what is wrong, and stops where money would be wasted."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from model_runs import Workplace
from servers import running

from agentprop.agent.candidates import Candidate
from agentprop.agent.curriculum import Curriculum
from agentprop.agent.message_notes import MessageNotes
from agentprop.config import ProposeConfig
from agentprop.errors import BoundReached, ConfigError, NothingAnswered, RunError
from agentprop.records import Certificate, Problem, StopReason, Task, Trajectory, content_id
from agentprop.stages.propose.digest import Digest
from agentprop.stages.propose.dry_run import check, worst_case
from agentprop.stages.propose.giving_up import given_up, hopeless
from agentprop.stages.propose.ledger import BATCH, Ledger
from agentprop.stages.propose.opening import Price, wanted
from agentprop.storage.run import open_run

EACH = 3 * (100 * 1.0 + 20 * 10.0) / 1e6
"""Price of a problem of a model without faults: three requests of 100 and 20 tokens."""


@contextmanager
def workplace(folder: Path, habit: str, **settings: Any) -> Iterator[Workplace]:
    with running("chatty_server.py", habit) as url:
        yield Workplace(folder, url, price_in=1.0, price_out=10.0, **settings)


def requests(place: Workplace) -> int:
    with urllib.request.urlopen(f"{place.base_url}/ledger", timeout=30) as response:
        return int(json.load(response)["requests"])


def summary(place: Workplace) -> dict[str, Any]:
    found = open_run(place.folder / "run", warn=False).summary
    assert found is not None
    return found


# --- whole runs ---


def test_few_problems_take_few_requests(tmp_path: Path) -> None:
    with workplace(tmp_path, "none") as place:
        place.run(place.propose("run", 1))
        assert requests(place) <= 4 * 3
        place.run(place.propose("run", 10))
        # Thirteen are begun beside the first, and the first run's three others may each lose the request on its way.
        assert requests(place) <= (10 + 4) * 3 + 3
        assert summary(place)["accepted"] == 10


def test_a_bound_on_cost_goes_into_whole_problems(tmp_path: Path) -> None:
    with workplace(tmp_path, "none") as place:
        errors = place.run(place.propose("run", 40, "--max-cost", f"{10 * EACH:g}"), exit_code=3)
        assert "stopped at --max-cost 0.009 with" in errors
        found = summary(place)
        assert found["accepted"] >= 8 and found["spending"]["cost"] <= 10 * EACH * 1.001


def test_a_model_that_never_acts_is_given_up_in_the_parsers_words(tmp_path: Path) -> None:
    with workplace(tmp_path, "never_acts") as place:
        errors = place.run(place.propose("run", 100), exit_code=3)
        assert "0 of 100 problems accepted, because the last 30 candidates brought none" in errors
        assert "90 of 90 messages could not be read: no action block" in errors
        assert "hint: " in errors and requests(place) <= 34 * 3
        (notes,) = summary(place)["messages"].values()
        assert (notes["messages"], notes["usable"]) == (90, 0)
        assert notes["faults"]["malformed:message"]["sample"].startswith("As a language model")


def test_a_story_told_too_often_is_told_to_the_model(tmp_path: Path) -> None:
    with workplace(tmp_path, "listens") as place:
        place.run(place.propose("run", 20))
        found = summary(place)
        assert found["accepted"] == 20 and found["reasons"]["template_repeats"] <= 40


def test_a_model_without_guidance_is_not_told_what_was_told_too_often(tmp_path: Path) -> None:
    with workplace(tmp_path, "listens") as place:
        place.run(place.propose("run", 20, "--set", "guidance=false", "--max-candidates", "36"), exit_code=3)
        assert summary(place)["reasons"]["template_repeats"] >= 16
        prompts = [trajectory.prompt for trajectory in open_run(place.folder / "run", warn=False).iter(Trajectory)]
        assert len(prompts) == 36 and not any("proposed too often" in prompt for prompt in prompts)


def test_a_pilot_forecasts_and_the_run_goes_on_from_it(tmp_path: Path) -> None:
    with workplace(tmp_path, "fenced") as place:
        command = [word for word in place.propose("run", 500) if word != "--quiet"]
        errors = place.run([*command, "--pilot", "8"])
        assert requests(place) == 24
        assert "8 of 8 candidates accepted; 24 of 24 messages usable" in errors and "repaired: fence 16" in errors
        assert f"forecast for 500 problems: {500 * 360:,} tokens, cost {500 * EACH:.4g}" in errors
        found = summary(place)
        assert found["forecast"]["tokens"] == 500 * 360
        place.run(place.propose("run", 10))
        assert summary(place)["accepted"] == 10
        assert summary(place)["first_forecast"]["tokens_per_accepted"] == 360


# --- how many are open ---


def test_what_may_be_open_follows_need_success_and_money() -> None:
    assert wanted(1, 0, 0, most=1000) == wanted(1000, 0, 0, most=1000) == 4
    assert wanted(1000, 100, 100, most=1000) == 804
    assert wanted(1000, 1000, 1000, most=1000) == 1000
    assert wanted(5, 95, 100, most=1000) < 7, "few are owed"
    assert wanted(5, 0, 20, most=1000) == 4, "nothing succeeded yet"
    assert wanted(50, 50, 50, most=1000, prices=(Price(50.0, 50, 52.5),)) == 2
    assert wanted(50, 50, 50, most=1000, prices=(Price(50.0, 50, 50.5),)) == 0
    assert wanted(50, 0, 0, most=1000, prices=(Price(0.0, 0, 100.0),)) == 1, "nobody knows what one costs"
    assert wanted(50, 9, 9, most=1000, prices=(Price(0.0, 9, 100.0),)) > 50, "it costs nothing"


def ledger(**settings: Any) -> Ledger:
    return Ledger(ProposeConfig.model_validate({"n": 100, "proposer": "m", **settings}), Curriculum(("a",)))


def candidate(index: int, statement: str | None = None, notes: MessageNotes = MessageNotes()) -> Digest:
    """A candidate with a problem; without one if there is no statement."""
    task = Task(seed=0, index=index, domain="mathematics", category="a", skill_ids=())
    stop = StopReason.TURN_LIMIT if statement is None else StopReason.SUBMITTED
    trajectory = Trajectory(task_id=task.id, task=task, system="s", prompt="p", turns=(), stop=stop)
    problem = statement and Problem(
        statement=statement,
        answer="7",
        answer_type="integer",
        domain="mathematics",
        category="a",
        skills=(),
        skill_ids=(),
        certificate=Certificate(form="none"),
        evidence="certificate",
        template=content_id("one template"),
        index=index,
    )
    return Digest.of(Candidate(index, "a", task, trajectory, problem or None, notes=notes))


def test_a_candidate_is_told_the_same_whatever_was_begun_first() -> None:
    book = ledger(max_template_repeats=1)
    told = []
    for index in range(40):
        batch = book.batch(index, 1000, most=1)
        assert batch is not None and batch.indices == range(index, index + 1)
        told.append(bool(batch.avoid))
        book.commit(candidate(index, f"A counter stands at {index}. What is next?"))
    assert told == [index >= 16 for index in range(40)]
    late = book.batch(40, 1000)
    assert late is not None and late.indices == range(40, 64)
    assert book.batch(64, 1000) is not None and book.batch(128, 1000) is None, "its block is told of candidate 63"
    again = ledger(max_template_repeats=1)
    again.restore(json.loads(json.dumps(book.state())), iter([]))
    assert again.batch(40, 1000) == late


def test_the_built_in_proposer_is_given_whole_batches() -> None:
    book = ledger(proposer="builtin")
    batch = book.batch(0, 10_000)
    assert batch is not None and batch.indices == range(BATCH) and not batch.avoid
    assert "notes" not in book.state()


# --- giving up ---


def test_a_run_is_given_up_in_the_words_of_whoever_refused() -> None:
    book = ledger(give_up_after=5)
    notes = MessageNotes().heard().with_fault("refused:certificate_missing", "refused: there is no certificate", "x")
    for index in range(5):
        assert not hopeless(book, 3000)
        book.commit(candidate(index, notes=notes))
    assert hopeless(book, 3000)
    error = given_up(book)
    assert isinstance(error, BoundReached) and "5 submissions were refused: refused: there is no certificate" in str(
        error
    )


def test_a_server_that_answers_nothing_is_no_bound() -> None:
    book = ledger(give_up_after=3)
    for index in range(3):
        notes = MessageNotes().with_fault("infrastructure", "only supports stream=true", "")
        book.commit(candidate(index, notes=notes))
    error = given_up(book)
    assert isinstance(error, NothingAnswered) and error.exit_code == 1 and "only supports stream=true" in str(error)


def test_a_run_whose_share_of_success_fell_to_nothing_is_given_up_before_its_limit() -> None:
    book = ledger(n=1000)
    book.accepted, book.in_vain, book.next, book.counts["candidates"] = 10, 199, 500, 500
    assert not hopeless(book, 21_000)
    book.in_vain = 400
    assert hopeless(book, 21_000)
    assert not hopeless(book, 500_000), "by then the rest may still come"


# --- a dry run ---


def test_a_dry_run_finds_what_would_stop_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="unknown category alchemy"):
        check(ProposeConfig(n=1, categories=("alchemy",)), "run")
    with pytest.raises(ConfigError, match="there is no model smol"):
        check(ProposeConfig(n=1, proposer="smol"), "run")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("")
    with pytest.raises(RunError, match="holds files that are not an agentprop run"):
        check(ProposeConfig(n=1), "photos")
    Workplace(tmp_path, "http://localhost:1/v1")
    with pytest.raises(ConfigError, match="--max-cost needs the prices"):
        check(ProposeConfig(n=1, proposer="m", max_cost=1.0), "run")
    check(ProposeConfig(n=1, proposer="m"), "run")
    assert not (tmp_path / "run").exists()


def test_the_worst_case_is_stated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Workplace(tmp_path, "http://localhost:1/v1")
    found = worst_case(ProposeConfig(n=10, proposer="m"))
    assert (found["candidates"], found["requests"]) == (1200, 1200 * 16)
    assert "set --max-tokens" in found["tokens"] and "set price_in" in found["cost"]
    Workplace(tmp_path, "http://localhost:1/v1", price_in=1.0, price_out=4.0, context_length=1000, reply_tokens=200)
    found = worst_case(ProposeConfig(n=10, proposer="m", max_candidates=10))
    assert (found["tokens"], found["cost"]) == (160_000, pytest.approx(160 * (800 + 200 * 4) / 1e6))
    found = worst_case(ProposeConfig(n=10, proposer="m", max_tokens=5000))
    assert (found["tokens"], found["cost"]) == (5000, pytest.approx(0.02))
