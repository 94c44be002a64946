"""Which problems an export prefers: weights by difficulty and domain, routes by what a policy can do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stored_runs import Export, store

from agentprop.errors import InputError
from agentprop.export.routes import OWN, Tried, learnt, route
from agentprop.export.weights import kept_share, normalised, raw
from agentprop.records import Problem, Trajectory, Verdict
from agentprop.storage.run import open_run


def test_weights_are_those_by_hand() -> None:
    hard = [raw("hard", 4, 16), raw("hard", 12, 16)]
    assert hard == pytest.approx([0.85, 0.35])
    assert normalised(hard) == pytest.approx([1.4167, 0.5833], abs=1e-4)
    assert normalised([raw("easy", 4, 16), raw("easy", 12, 16)]) == pytest.approx([0.5833, 1.4167], abs=1e-4)
    assert raw("hard", 0, 16) == pytest.approx(1.0412, abs=1e-4), "never solved counts as solved once of 17"
    assert raw("flat", 0, 16) == raw("flat", 9, 16) == 1


def test_the_balance_of_domains_stays() -> None:
    shares = kept_share({"mathematics": {"a": 0.85, "b": 0.35}, "science": {"c": 1.0, "d": 1.0}})
    assert shares["a"] == 1 and shares["b"] == pytest.approx(0.35 / 0.85)
    assert shares["a"] + shares["b"] == pytest.approx(shares["c"] + shares["d"])


def own(accepted: int, n: int, **settings: Any) -> list[Tried]:
    return [Tried(f"p{i}" if i < accepted else None, f"t{i}", i, True, **settings) for i in range(n)]


@pytest.mark.parametrize(("accepted", "taken"), [(0, "teach"), (1, "self"), (7, "self"), (8, "skip")])
def test_routes_follow_from_what_was_accepted(accepted: int, taken: str) -> None:
    assert route(own(accepted, 8)) == taken


def test_own_trajectories_are_few_short_and_distinct() -> None:
    expert = [Tried("e", "t", 5, False)]
    assert learnt([*own(7, 8), *expert]) == ["p0", "p1", "p2", "p3"] and OWN == 4
    same = [Tried("long", "t", 9, True), Tried("short", "t", 2, True), Tried(None, "", 1, True)]
    assert learnt(same) == ["short"]
    assert learnt([*own(0, 8), *expert]) == ["e"] and learnt(own(0, 8)) == []
    assert learnt([*own(8, 8), *expert]) == [] and learnt(expert) == []


def test_an_export_prefers_hard_problems(exported: Export, tmp_path: Any) -> None:
    plain = exported("jsonl", "all.jsonl")
    found = exported("jsonl", "hard.jsonl", reweight={"mathematics": "hard", "science": "hard", "coding": "hard"})
    thinned = found["left_out"]["left out by reweight"]
    assert thinned > 0 and found["rows"]["train"] + thinned == plain["rows"]["train"]

    def mean(name: str) -> float:
        from agentprop.storage.parts import parse_json

        rates = [parse_json(x, name)["pass_rate"] for x in (tmp_path / name).read_text("utf-8").splitlines()]
        return sum(rates) / len(rates)

    assert mean("hard.jsonl") < mean("all.jsonl")


def test_difficulty_must_have_been_measured(exported: Export, runs: list[str]) -> None:
    with pytest.raises(InputError, match="needs measured difficulty"):
        exported("jsonl", "x.jsonl", source=runs[:2], reweight={"mathematics": "hard"})


def test_a_policy_is_routed_by_its_own_run(
    exported: Export, runs: list[str], problems: list[Problem], grouped: str, tmp_path: Path
) -> None:
    found = exported("trl-sft", "routed.jsonl", source=[grouped], route="builtin")  # one of three tries was accepted
    assert found["routes"]["self"] > 0 == found["routes"]["skip"] == found["routes"]["taught"]
    assert found["rows"]["train"] + found["left_out"].get("left out by route", 0) == 4
    first = next(p for p in problems if p.answer_type != "program")
    made = next(one for one in open_run(runs[0]).iter(Trajectory) if one.id == first.trajectory_id)
    valid = Verdict(problem_id=first.id, value="valid", code="agrees")
    mastered = str(store(tmp_path / "mastered", "propose", [first, made, valid]))
    with pytest.raises(InputError, match="left out by route"):
        exported("trl-sft", "mastered.jsonl", source=[mastered], route="builtin")  # tried once, with success
    with pytest.raises(InputError, match="no trajectory is by nobody"):
        exported("trl-sft", "none.jsonl", source=[grouped], route="nobody")
