"""The results of each collector on given rows."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentprop.grading.wilson import wilson
from agentprop.records import Attempt, Difficulty
from agentprop.report.contamination import contamination
from agentprop.report.difficulty import Difficulties, ProberDifficulty
from agentprop.report.funnel import Rejects
from agentprop.report.index import ProblemIndex
from agentprop.report.items import of_reject
from agentprop.report.sample import Sample
from agentprop.report.skills import SkillPairs
from agentprop.report.spending import spending
from agentprop.report.text import clip, shareable
from agentprop.report.verdicts import VerdictTable
from agentprop.report.votes import Votes


@settings(deadline=None)
@given(st.sets(st.text(), max_size=40), st.integers(0, 10), st.integers(), st.randoms())
def test_a_sample_does_not_depend_on_the_order(keys: set[str], size: int, seed: int, rng: Any) -> None:
    one, other = Sample[str](size, seed), Sample[str](size, seed)
    shuffled = sorted(keys)
    for key in shuffled:
        one.offer(key, key)
    rng.shuffle(shuffled)
    for key in shuffled:
        other.offer(key, key)
    assert set(one) == set(other) <= keys
    assert len(one) == min(size, len(keys)) and one.offered == len(keys)


def test_a_sample_is_fair() -> None:
    drawn = [0] * 20
    for seed in range(2000):
        sample = Sample[int](5, seed)
        for n in range(20):
            sample.offer(str(n), n)
        for n in sample:
            drawn[n] += 1
    assert all(430 < times < 570 for times in drawn), drawn  # 500 expected, sigma 19


def test_wilson_intervals_are_those_of_the_textbooks() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 16) == pytest.approx((0.0, 0.19361), abs=1e-4)
    assert wilson(8, 16) == pytest.approx((0.28, 0.72), abs=1e-3)
    assert wilson(16, 16)[1] == 1.0


def test_a_clipped_text_says_how_much_is_missing() -> None:
    assert clip("abcdef", 4) == "abcd… (2 more characters)"
    assert clip("abcd", 4) == "abcd" and clip(None, 4) is None


def test_settings_are_shown_without_secrets() -> None:
    model = {"base_url": "https://me:word@host/v1", "api_key_env": "KEY", "headers": {"X": "s"}, "max_tokens": 5}
    assert shareable({"seed": 1, "prober": [model], "api_key": "s", "token": None}) == {
        "seed": 1,
        "api_key": "(left out)",
        "token": None,
        "prober": [{"base_url": "https://host/v1", "api_key_env": "KEY", "headers": "(left out)", "max_tokens": 5}],
    }


def test_a_funnel_adds_up_and_orders_its_reasons() -> None:
    rejects = Rejects()
    for outcome, code, times in (("rejected", "duplicate", 2), ("failed", "timeout", 3), ("rejected", "abandoned", 1)):
        for n in range(times):
            rejects.add({"outcome": outcome, "code": code, "message": f"{code} {n}"})
    funnel = rejects.funnel(0, "propose", 10)
    assert (funnel.came, funnel.accepted, funnel.rejected, funnel.failed) == (16, 10, 3, 3)
    assert [(r.code, r.count, r.example) for r in funnel.reasons] == [
        ("timeout", 3, "timeout 0"),
        ("duplicate", 2, "duplicate 0"),
        ("abandoned", 1, "abandoned 0"),
    ]


def test_reasons_without_end_are_counted_together() -> None:
    rejects = Rejects()
    for n in range(1000):
        rejects.add({"outcome": "rejected", "code": f"code {n}", "message": ""})
    funnel = rejects.funnel(0, "propose", 0)
    assert funnel.came == 1000 and len(funnel.reasons) <= 62


def test_the_last_verdict_counts_and_a_problem_without_one_is_unverified() -> None:
    verdicts = VerdictTable(ProblemIndex())
    for name in "abc":
        assert verdicts.add_problem({"id": name, "trajectory_id": f"t{name}"})
    assert not verdicts.add_problem({"id": "a", "trajectory_id": "ta"})
    for problem, value in (("a", "valid"), ("a", "invalid"), ("b", "valid"), ("elsewhere", "valid")):
        verdicts.add_verdict({"problem_id": problem, "value": value, "code": "x", "evidence": "independent"})
    assert verdicts.counts() == {"invalid": 1, "valid": 1, "unverified": 1}
    assert verdicts.evidence() == {"independent": 1}
    good = verdicts.good_trajectories()
    assert len(good) == 2 and "tb" in good and "tc" in good and "ta" not in good
    assert verdicts.of("a") == ("invalid", "x") and not verdicts.has("elsewhere")


# --- votes ---


def attempt(problem: str, verifier: str, vote: bool | None, answer: str | None = "1", **more: Any) -> dict[str, Any]:
    role = more.pop("role", "verifier")
    return Attempt(problem_id=problem, role=role, verifier=verifier, vote=vote, answer=answer, **more).model_dump()


def test_agreement_is_counted_where_both_voted() -> None:
    votes = Votes(ProblemIndex())
    said = {"p": (True, True), "q": (True, False), "r": (False, False), "s": (None, True), "t": (True, True)}
    for problem, both in said.items():
        for verifier, vote in zip("AB", both, strict=True):
            votes.add(attempt(problem, verifier, vote))
    (pair,) = votes.agreements()
    assert (pair.both, pair.agree, pair.answers, pair.same_answer) == (4, 3, 5, 5)
    # observed 3/4; by chance (3·2 + 1·2)/16 = 1/2
    assert pair.kappa == pytest.approx(0.5)
    assert [(j.name, j.valid, j.invalid, j.silent) for j in votes.judges()] == [("A", 3, 1, 1), ("B", 3, 2, 0)]
    assert votes.signs("q") == "+-" and votes.signs("s") == "?+" and votes.signs("unknown") == ""


def test_agreement_beyond_chance_is_unknown_where_one_always_says_the_same() -> None:
    votes = Votes(ProblemIndex())
    for problem in "pqr":
        votes.add(attempt(problem, "A", True))
        votes.add(attempt(problem, "B", problem == "p"))
    assert [pair.kappa for pair in votes.agreements()] == [None]


DISPUTES: dict[str, tuple[list[dict[str, Any]], str | None]] = {
    "all agree": ([attempt("p", "A", True), attempt("p", "B", True, " 1")], None),
    "all refuse": ([attempt("p", "A", False, "2"), attempt("p", "B", False, "3")], None),
    "two against one": ([attempt("p", "A", True), attempt("p", "B", False)], "votes differ"),
    "one is silent": ([attempt("p", "A", True), attempt("p", "B", None)], "one could not say"),
    "all are silent": ([attempt("p", "A", None), attempt("p", "B", None)], None),
    "two spellings": (
        [attempt("p", "A", True, "1/2"), attempt("p", "B", True, "0.5")],
        "answers are written differently",
    ),
    "settled": ([attempt("p", "A", True), attempt("p", "B", True), attempt("p", "C", True, role="auditor")], "audited"),
}


@pytest.mark.parametrize("case", DISPUTES)
def test_disputes_are_recognised(case: str) -> None:
    rows, reason = DISPUTES[case]
    for order in itertools.permutations(rows):
        votes = Votes(ProblemIndex())
        for row in order:
            votes.add(row)
        assert [found for _, found in votes.contested()] == ([] if reason is None else [reason])


def test_an_attempt_that_two_runs_hold_counts_once() -> None:
    votes = Votes(ProblemIndex())
    for _ in range(3):
        votes.add(attempt("p", "A", True))
    votes.add(attempt("p", "A", False, number=1))
    assert votes.judges()[0].attempts == 2


def test_more_reason_codes_than_a_byte_holds_do_not_lose_votes() -> None:
    votes = Votes(ProblemIndex())
    for n in range(700):
        votes.add(attempt(str(n), "A", True, code=f"code {n}"))
    assert votes.judges()[0].valid == 700


# --- difficulty ---


COUNTS = st.integers(1, 64).flatmap(lambda k: st.tuples(st.integers(0, k), st.just(k)))
"""(c, k)."""


def measured(*counts: tuple[int, int], prober: str = "P") -> ProberDifficulty:
    difficulties = Difficulties(ProblemIndex())
    for n, (c, k) in enumerate(counts):
        difficulties.add(Difficulty(problem_id=str(n), prober=prober, k=k, c=c, truncated=1).model_dump())
    (found,) = difficulties
    return found


def test_with_one_k_every_count_has_a_bar() -> None:
    found = measured((0, 4), (1, 4), (1, 4), (4, 4))
    assert [(bar.label, bar.problems) for bar in found.bars] == [
        ("0/4", 1),
        ("1/4", 2),
        ("2/4", 0),
        ("3/4", 0),
        ("4/4", 1),
    ]
    assert all(bar.low <= bar.problems / 4 <= bar.high for bar in found.bars)
    assert (found.never, found.always, found.truncated, found.attempts) == (1, 1, 4, 16)
    assert found.mean == pytest.approx(0.375) and found.low is not None and found.low < 0.375


@settings(deadline=None)
@given(st.lists(COUNTS, min_size=1, max_size=30))
def test_every_problem_is_in_one_bar_whatever_its_k(counts: list[tuple[int, int]]) -> None:
    found = measured(*counts)
    assert sum(bar.problems for bar in found.bars) == len(counts)
    assert found.bars[0].problems == found.never and found.bars[-1].problems == found.always


def test_of_two_measurements_the_last_counts_and_none_at_all_is_no_rate() -> None:
    difficulties = Difficulties(ProblemIndex())
    for c in (3, 1):
        difficulties.add(Difficulty(problem_id="p", prober="P", k=4, c=c).model_dump())
    difficulties.add(Difficulty(problem_id="p", prober="Q", k=0, c=0, timeouts=16).model_dump())
    one, none = difficulties
    assert (one.problems, one.mean, one.low) == (1, 0.25, None)
    assert (none.problems, none.mean, none.timeouts, none.bars) == (1, None, 16, ())


# --- skills ---


def test_pairs_count_candidates_and_problems_apart() -> None:
    pairs = SkillPairs()
    for name in "abc":
        pairs.register(name, "x" if name == "a" else "y")
    pairs.add_candidate(("b", "a"), good=True)
    pairs.add_candidate(("a", "b"), good=False)
    pairs.add_problem(("a",))
    grid = pairs.grid()
    assert grid.skills == ("a", "b", "c") and grid.categories == ("x", "y", "y")
    cells = {(c.first, c.second): (c.drawn, c.kept, c.covered) for c in grid.cells}
    assert cells == {(0, 0): (2, 1, 1), (0, 1): (2, 1, 0), (1, 1): (2, 1, 0)}


def test_only_the_most_used_of_many_skills_are_shown() -> None:
    pairs = SkillPairs()
    for n in range(1000):
        pairs.register(f"s{n}", "x")
    pairs.add_problem(("s998", "s999"))
    grid = pairs.grid()
    assert grid.total == 1000 and len(grid.skills) == 400 and {"s998", "s999"} <= set(grid.skills)


# --- cost ---


def summary(**by_role: Any) -> dict[str, Any]:
    return {"spending": {"by_role": {f"{role} some/model 7b": used for role, used in by_role.items()}}}


def used(cost: Any, **more: Any) -> dict[str, Any]:
    return {"requests": 2, "tokens": 15, "cost": cost, **more}


def test_costs_add_up_and_are_shared_among_the_good_problems() -> None:
    found = spending([("propose", summary(proposer=used(0.5))), ("probe", summary(prober=used(1)))], ["m"], 10)
    assert (found.tokens, found.cost, found.tokens_each, found.cost_each) == (30, 1.5, 3.0, 0.15)
    assert [(e.stage, e.role, e.model) for e in found.entries] == [
        ("propose", "proposer", "some/model 7b"),
        ("probe", "prober", "some/model 7b"),
    ]


@pytest.mark.parametrize("cost", [None, "7", True, float("nan")])
def test_one_unknown_price_makes_the_sum_unknown(cost: Any) -> None:
    found = spending([("verify", summary(verifier=used(1), auditor=used(cost)))], ["m"], 10)
    assert found.cost is None and found.cost_each is None and found.tokens == 30


def test_tokens_that_a_server_did_not_count_make_the_sum_unknown() -> None:
    assert spending([("propose", summary(proposer=used(1, tokens=None)))], ["m"], 10).tokens is None


def test_built_in_roles_cost_nothing_and_a_model_without_an_account_costs_an_unknown_amount() -> None:
    free = spending([("propose", {})], ["builtin"], 10)
    assert (free.asked, free.cost, free.tokens) == (False, 0, 0)
    for damaged in ({}, {"spending": 3}, {"spending": {"by_role": [1]}}, {"spending": {"by_role": {"a b": 1}}}):
        silent = spending([("propose", damaged)], ["m"], 10)
        assert (silent.asked, silent.cost, silent.tokens) == (True, None, None)
    assert spending([], ["builtin"], 0).cost_each is None


# --- contamination ---


def test_hits_are_read_whatever_their_fields_are_called() -> None:
    found = contamination(
        {
            "a": '{"benchmarks": {"aime": 30}, "problems": 7, "hits": [{"problem_id": "p", "benchmark": "aime", '
            '"score": 1}]}',
            "b": '[{"problem": "q", "source": "math", "rule": "ngram", "text": "x", "similarity": null}, 5]',
        }
    )
    assert found.checked and found.total == 2 and found.problems == 7 and found.benchmarks == ("aime",)
    assert [(h.problem, h.benchmark, h.method, h.matched, h.score) for h in found.hits] == [
        ("p", "aime", "", "", 1.0),
        ("q", "math", "ngram", "x", None),
    ]


@pytest.mark.parametrize("text", ["", "{}", '{"hits": 3}', "7", "[" * 100_000])
def test_a_file_that_makes_no_sense_is_named_and_is_not_a_check(text: str) -> None:
    found = contamination({"run/contamination.json": text})
    assert not found.checked and found.unreadable == ("run/contamination.json",)


def test_no_file_means_not_checked() -> None:
    assert not contamination({}).checked


@pytest.mark.parametrize("record", [None, "", "{", "[1]", '{"statement": 1}'])
def test_a_reject_without_a_problem_is_listed_by_its_number(record: str | None) -> None:
    row = {"stage": "propose", "item": "12", "outcome": "failed", "code": "timeout", "message": "", "record": record}
    item = of_reject(row, 0)
    assert (item.id, item.problem, item.index, item.status) == ("propose 12", None, 12, "failed")
