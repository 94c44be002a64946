"""A verdict stops a candidate, except that a model's problem which the built-in verifier cannot read is kept."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from toy_problems import problem, trace

from agentprop.agent.candidates import Candidate
from agentprop.agent.curriculum import Curriculum
from agentprop.config import ProposeConfig
from agentprop.records import Problem, Reject, Verdict
from agentprop.stages.propose.digest import Digest
from agentprop.stages.propose.ledger import BATCH, Ledger


def candidate(value: Literal["valid", "invalid", "undetermined"], code: str) -> Digest:
    made = problem()
    verdict = Verdict(problem_id=made.id, value=value, code=code, message="so it is")
    return Digest.of(Candidate(0, "sums", trajectory=trace(), problem=made, verdict=verdict))


@pytest.mark.parametrize(
    ("settings", "value", "kept"),
    [
        ({}, "valid", True),
        ({}, "undetermined", False),
        ({}, "invalid", False),
        ({"proposer": "m"}, "valid", True),
        ({"proposer": "m"}, "undetermined", True),
        ({"proposer": "m"}, "invalid", False),
        ({"proposer": "m", "verifier": ("builtin",)}, "valid", True),
        ({"proposer": "m", "verifier": ("builtin",)}, "undetermined", False),
    ],
    ids=str,
)
def test_what_a_verdict_means_for_acceptance(settings: dict[str, Any], value: Any, kept: bool) -> None:
    ledger = Ledger(ProposeConfig(n=1, **settings), Curriculum(("sums",)))
    records = ledger.commit(candidate(value, "not_in_grammar"))
    assert [type(record) for record in records[:1]] == [Problem if kept else Reject]
    assert any(isinstance(record, Verdict) for record in records)
    assert ledger.tallies["sums"][1] == kept  # what is kept counts as a success of its category
    told = ledger.summary()
    assert (told["accepted"], told["rejected"] + told["failed"]) == (int(kept), int(not kept))
    assert told.get("undetermined", 0) == (kept and value == "undetermined")


def test_a_problem_is_novel_if_no_accepted_one_has_its_structure() -> None:
    ledger = Ledger(ProposeConfig(n=9), Curriculum(("sums",)))
    made = [problem(statement=f"What is the sum of {n} and {n}?", template=f"{n:02x}" * 8) for n in range(4)]
    for number, (one, structure) in enumerate(zip(made, ("aa" * 8, "aa" * 8, "", ""), strict=True)):
        ledger.commit(Digest.of(Candidate(number, "sums", trajectory=trace(), problem=one, structure=structure)))
    assert ledger.tallies["sums"] == [4, 4, 3]  # the second repeats the first; the others are not composed
    again = Ledger(ProposeConfig(n=9), Curriculum(("sums",)))
    again.restore(ledger.state(), iter([(one.statement, one.template, "aa" * 8) for one in made]))
    again.commit(Digest.of(Candidate(4, "sums", trajectory=trace(), problem=problem(), structure="aa" * 8)))
    assert again.tallies["sums"][2] == 3


def test_a_batch_avoids_the_structures_of_a_window_earlier_after_a_resume_too() -> None:
    ledger = Ledger(ProposeConfig(n=1000), Curriculum(("sums",)), window=2)
    rows = [(f"What is {n} + {n}?", f"{n % 256:02x}" * 8, f"{n // 2:016x}") for n in range(3 * BATCH)]
    for number, (statement, template, structure) in enumerate(rows):
        made = problem(statement=statement, template=template)
        ledger.commit(Digest.of(Candidate(number, "sums", trajectory=trace(), problem=made, structure=structure)))
        if ledger.next % BATCH == 0:
            ledger.close_batch()
    again = Ledger(ProposeConfig(n=1000), Curriculum(("sums",)))
    again.restore(ledger.state(), iter(rows))
    for one in (ledger, again):
        assert one.next == one.accepted == 3 * BATCH
        found = {batch: one.fresh_for(batch) for batch in (1, 3, 4)}
        assert {batch: len(fresh.known) for batch, fresh in found.items()} == {1: 0, 3: BATCH, 4: 3 * BATCH // 2}
        assert found[3].known == {bytes.fromhex(structure) for _, _, structure in rows[: 2 * BATCH]}
        assert [(fresh.share, fresh.shares) for fresh in found.values()] == [(1, 16), (3, 16), (4, 16)]


def test_a_batch_avoids_what_failed_in_the_two_windows_before_the_last_one_however_far_the_commits_are() -> None:
    ledger = Ledger(ProposeConfig(n=1000), Curriculum(("sums",)), window=2)
    found, wanted = dict[int, set[int]](), dict[int, set[int]]()
    for number in range(12 * BATCH):
        batch = number // BATCH
        if number % BATCH == 0:
            again = Ledger(ProposeConfig(n=1000), Curriculum(("sums",)))
            again.restore(ledger.state(), iter([]))
            for one in (batch, batch + 1):  # those that may be planned now
                known = {int.from_bytes(digest, "big") for digest in ledger.fresh_for(one).failed}
                assert again.fresh_for(one) == ledger.fresh_for(one)
                assert found.setdefault(one, known) == known
                wanted[one] = {*range(max(0, one - 5), max(0, one - 1))}
        ledger.commit(Digest.of(Candidate(number, "sums", trajectory=trace(), structure=f"{batch:016x}")))
        if ledger.next % BATCH == 0:
            ledger.close_batch()
    assert found == wanted


def test_tries_of_a_task_avoid_nothing_so_that_they_are_planned_alike() -> None:
    ledger = Ledger(ProposeConfig(n=1000, tries=5), Curriculum(("sums",)), window=2)
    assert not ledger.fresh_for(0).asks and not ledger.fresh_for(1).asks
