"""Candidates depend on seed, index and mastery alone; the curriculum's numbers by hand."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from agentprop.agent.candidates import Candidate, CandidateMaker
from agentprop.agent.curriculum import UNIFORM, Curriculum, MasteryState, categories_of
from agentprop.agent.environment import Environment, Rules, rollout
from agentprop.agent.sources import tools
from agentprop.composition.planner import Planner
from agentprop.composition.sandbox_tools import SENTENCES
from agentprop.records import Move, Observation
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package


def mastered(**mastery: float) -> MasteryState:
    return MasteryState(mastery, dict.fromkeys(mastery, 1.0))


# --- curriculum ---


def test_equal_mastery_is_a_uniform_draw() -> None:
    found = Curriculum(("a", "b", "c", "d")).probabilities(mastered(a=0.3, b=0.3, c=0.3, d=0.3))
    assert found == pytest.approx([0.25] * 4)


def test_probabilities_are_inverse_to_mastery_mixed_with_the_uniform() -> None:
    # 1/(0.9 + 0.1) = 1 and 1/(0.15 + 0.1) = 4, so 0.2 and 0.8 before mixing
    found = Curriculum(("a", "b")).probabilities(mastered(a=0.9, b=0.15))
    assert found == pytest.approx([(1 - UNIFORM) * 0.2 + UNIFORM / 2, (1 - UNIFORM) * 0.8 + UNIFORM / 2])
    assert found == pytest.approx([0.215, 0.785])


def test_epsilon_bounds_how_much_a_failing_category_is_preferred() -> None:
    # 1/(1 + 1) and 1/(0 + 1): one to two
    found = Curriculum(("a", "b"), epsilon=1.0).probabilities(mastered(a=1.0, b=0.0))
    assert found == pytest.approx([0.95 / 3 + 0.025, 1.9 / 3 + 0.025])


def test_an_exhausted_category_is_drawn_less() -> None:
    # 1/(0.4 + 0.1) = 2 for both, times the eighth powers of novelty 1 and 0.5: 256 to one
    found = Curriculum(("a", "b")).probabilities(MasteryState({"a": 0.4, "b": 0.4}, {"a": 1.0, "b": 0.5}))
    assert found == pytest.approx([0.95 * 256 / 257 + 0.025, 0.95 / 257 + 0.025])


def test_mined_categories_together_stay_below_their_cap() -> None:
    curriculum = Curriculum(("a", "b", "c", "d"), mined=frozenset("bc"), mined_share=0.2)
    found = curriculum.probabilities(mastered(a=0.5, b=0.5, c=0.5, d=0.5))
    assert found == pytest.approx([0.425, 0.075, 0.075, 0.425])
    alone = Curriculum(("a", "b"), mined=frozenset("ab")).probabilities(mastered(a=0.5, b=0.5))
    assert alone == pytest.approx([0.5, 0.5])


def test_mastery_moves_towards_the_success_rate_of_a_batch() -> None:
    before = mastered(a=0.5, b=0.5, c=0.2)
    after = Curriculum(("a", "b", "c"), alpha=0.1).updated(before, {"a": [2, 2, 1], "b": [3, 0, 0]})
    assert after.mastery == pytest.approx({"a": 1 - 0.9**2 / 2, "b": 0.9**3 / 2, "c": 0.2})
    assert after.novelty == pytest.approx({"a": 0.9**2 + (1 - 0.9**2) / 2, "b": 1.0, "c": 1.0})


def test_mastery_does_not_depend_on_how_candidates_fall_into_batches() -> None:
    curriculum, before = Curriculum(("a",)), mastered(a=0.2)
    whole = curriculum.updated(before, {"a": [96, 48, 24]})
    parts = before
    for _ in range(3):
        parts = curriculum.updated(parts, {"a": [32, 16, 8]})
    assert whole.mastery == pytest.approx(parts.mastery) and whole.novelty == pytest.approx(parts.novelty)


def test_a_category_of_a_whole_run_moves_about_a_tenth_of_the_way_in_96_candidates(
    library: Mapping[str, Package],
) -> None:
    categories = categories_of(Planner(library), None, ())
    share = 96 / len(categories)
    assert 1 - (1 - Curriculum(categories).alpha) ** share == pytest.approx(0.1, abs=0.02)


def test_mastery_starts_from_one_half() -> None:
    assert Curriculum(("a", "b")).start() == mastered(a=0.5, b=0.5)
    assert Curriculum(("a",), initial=mastered(a=0.9)).start() == mastered(a=0.9)


# --- candidates ---


@pytest.fixture(scope="module")
def maker(library: Mapping[str, Package], executor: Executor) -> CandidateMaker:
    planner = Planner(library)
    return CandidateMaker(
        planner, Curriculum(categories_of(planner, None, ())), executor, Rules(), seed=11, verify=True
    )


def contents(found: list[Candidate]) -> list[Any]:
    records = [(c.trajectory, c.problem, c.verdict) for c in found]
    ids = [tuple(record and record.id for record in made) for made in records]
    return [(c.index, c.category, c.task, *made) for c, made in zip(found, ids, strict=True)]


def test_a_candidate_does_not_depend_on_its_batch(maker: CandidateMaker) -> None:
    start = maker.curriculum.start()
    whole = contents(maker.batch(range(40, 64), start))
    pieces = [
        c for indices in (range(40, 41), range(41, 48), range(48, 64)) for c in contents(maker.batch(indices, start))
    ]
    assert pieces == whole
    assert contents(maker.batch(range(40, 64), start)) == whole


def test_candidates_fail_repair_and_succeed_for_real(maker: CandidateMaker) -> None:
    found = maker.batch(range(160), maker.curriculum.start())
    outcomes = Counter(t.outcome for c in found if c.trajectory for t in c.trajectory.turns)
    assert outcomes["conflict"] > 10
    assert sum(c.success for c in found) > 100
    succeeded = [c.trajectory for c in found if c.success and c.trajectory]
    assert sum(any(turn.outcome == "conflict" for turn in t.turns) for t in succeeded) > 10
    assert {c.verdict.value for c in found if c.verdict} <= {"valid", "invalid", "undetermined"}


def test_a_trajectory_replays_to_the_same_observations_and_problem(maker: CandidateMaker) -> None:
    class Replay:
        def __init__(self, messages: list[str]) -> None:
            self.messages = iter(messages)

        async def act(self, observation: Observation) -> Move:
            return Move(message=next(self.messages, None))

    for candidate in maker.batch(range(200, 230), maker.curriculum.start()):
        if candidate.trajectory is None:
            continue
        first = candidate.trajectory
        library, rules = maker.planner.library, maker.rules
        environment = Environment(first.task, library, maker.executor, tools(), rules, first.made_by)
        episode = asyncio.run(rollout(environment, Replay([t.message for t in first.turns])))
        assert episode.trajectory.id == first.id
        assert episode.trajectory.messages() == first.messages()
        assert (episode.problem and episode.problem.id) == (candidate.problem and candidate.problem.id)


def test_a_category_can_be_asked_for(library: Mapping[str, Package]) -> None:
    planner = Planner(library)
    everything = categories_of(planner, None, ())
    assert len(everything) > 12
    assert set(categories_of(planner, "coding", ())) == {c for c in everything if c.startswith("coding-")}
    assert categories_of(planner, None, ("geometry", "decay")) == ("decay", "geometry")
    assert categories_of(planner, "science", ("geometry",)) == ()


def test_the_built_in_proposer_goes_by_the_codes_of_conflicts_and_not_by_their_sentences(maker: CandidateMaker) -> None:
    """Each sentence is replaced by its parts; with the sentences put back, every byte is as it was."""
    parts = "⟦{{code}}¦{about}¦{value}¦{bound}⟧"
    reworded = {code: parts.replace("{{code}}", code) for code in SENTENCES}
    source = maker.tools["tools"] + f"\nSENTENCES = {reworded!r}\n"
    start = maker.curriculum.start()
    whole = range(384)
    found = text_of(maker.batch(whole, start))
    other = text_of(replace(maker, tools={**maker.tools, "tools": source}).batch(whole, start))
    assert other.count("⟦") > 200
    assert re.sub(r"⟦(.*?)¦(.*?)¦(.*?)¦(.*?)⟧", sentence, other) == found


def sentence(match: re.Match[str]) -> str:
    """The sentence that the parts stand for."""
    code, about, value, bound = match.groups()
    return SENTENCES[code].format(about=about, value=value, bound=bound)


def text_of(found: list[Candidate]) -> str:
    """The text of all turns and problems, without durations and without hashes of sentences."""
    lines = []
    for one in found:
        turns = one.trajectory.turns if one.trajectory else ()
        lines += [f"{turn.stage} {turn.action} {turn.outcome} {turn.message} {turn.observation}" for turn in turns]
        kept = {"id": None, "trajectory_id": None}
        lines.append(one.problem.model_copy(update=kept).model_dump_json() if one.problem else f"{one.category} none")
    return "\n".join(lines)
