"""Tasks with a skill that fits nothing: only a proposer that prunes it makes a problem, and the built-in one does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from agentprop.agent.bundles import BundleFilter
from agentprop.agent.candidates import CandidateMaker
from agentprop.agent.curriculum import Curriculum, categories_of
from agentprop.agent.environment import Rules
from agentprop.agent.variety import Variety, used
from agentprop.composition.planner import Planner
from agentprop.composition.terms import skills
from agentprop.errors import ConfigError
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, load

MINIATURE = Path(__file__).parents[2] / "examples" / "miniature"
IDLE = ("even-flag", "fourfold-below-zero", "square-below-zero")
VARIETY = Variety(distractors=IDLE, share=1.0)


@pytest.fixture(scope="module")
def library() -> dict[str, Package]:
    return load([MINIATURE / "skills", MINIATURE / "distractors"], bundled=False)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=(), slots=1, allow_weak=True) as found:
        yield found


def maker(library: dict[str, Package], sandbox: Sandbox, *, prune: bool) -> CandidateMaker:
    planner = Planner(library, allowed=BundleFilter.of((), most=2, least=2, never=IDLE))
    curriculum = Curriculum(categories_of(planner, None, ()))
    rules = Rules(max_turns=12, prune=prune, use_all=True)
    return CandidateMaker(planner, curriculum, Executor(sandbox), rules, 5, True, variety=VARIETY)


def test_the_builtin_proposer_prunes_the_skill_that_fits_nothing(library: dict[str, Package], sandbox: Sandbox) -> None:
    made = maker(library, sandbox, prune=True)
    found = [c for c in made.batch(range(16), made.curriculum.start()) if c.trajectory is not None]
    assert len(found) > 5
    for candidate in found:
        assert candidate.task is not None and candidate.trajectory is not None
        assert len(candidate.task.skill_names) == 3 and len(used(candidate.task.skill_names, IDLE)) == 2
        if candidate.success:
            assert candidate.trajectory.pruned >= 1 and candidate.problem is not None
            assert not set(candidate.problem.skills) & set(IDLE)
    assert sum(candidate.success for candidate in found) > len(found) / 2


def test_without_pruning_no_problem_comes_of_such_a_task(library: dict[str, Package], sandbox: Sandbox) -> None:
    made = maker(library, sandbox, prune=False)
    found = [c for c in made.batch(range(6), made.curriculum.start()) if c.trajectory is not None]
    assert found and not any(candidate.success for candidate in found)


def test_the_planner_composes_no_distractor(library: dict[str, Package]) -> None:
    from random import Random

    planner, rng = Planner(library, allowed=BundleFilter.of((), most=2, never=IDLE)), Random(1)
    drawn = {name for _ in range(60) for name in skills(planner.plan("sums", rng))}
    assert not drawn & set(IDLE) and len(drawn) > 4


def test_a_level_that_no_allowed_composition_reaches_gives_way_to_the_lightest(library: dict[str, Package]) -> None:
    from random import Random

    planner = Planner(library, allowed=BundleFilter.of((), most=2, never=IDLE))
    assert all(len(skills(planner.plan("sums", Random(seed)))) <= 2 for seed in range(400))


def test_a_share_of_the_tasks_has_one_somewhere_and_the_same_every_time() -> None:
    some = Variety(distractors=IDLE, share=0.3)
    bundles = [some.bundle(("b", "a"), 0, index) for index in range(400)]
    longer = [bundle for bundle in bundles if len(bundle) == 3]
    assert 90 <= len(longer) <= 150 and {bundle.index("a") - bundle.index("b") for bundle in bundles} == {1, 2}
    assert {next(i for i, name in enumerate(bundle) if name in IDLE) for bundle in longer} == {0, 1, 2}
    assert bundles == [some.bundle(("b", "a"), 0, index) for index in range(400)]
    assert Variety().bundle(("b", "a"), 0, 0) == ("b", "a")


def test_a_distractor_that_is_no_skill_is_refused() -> None:
    with pytest.raises(ConfigError, match="no skills of the library: nothing"):
        Variety(distractors=("nothing",)).check(["a"])
    with pytest.raises(ConfigError, match="not among the names: qcd"):
        Variety(("qab",)).check(["qab", "qcd"])


def test_two_skills_at_most_leave_no_category_out(library: dict[str, Package], sandbox: Sandbox) -> None:
    """Three of ten levels of effort ask for three skills or more: a category that draws one of them is not idle."""
    from agentprop.config import ProposeConfig
    from agentprop.stages.common.plan import plan_of

    config = ProposeConfig(n=1, min_skills=2, max_skills=2, distractors=IDLE)
    assert plan_of(config, library, sandbox).curriculum.categories == ("counting", "digits", "division", "sums")


def test_every_observation_names_the_active_skills_if_they_are_to_be_repeated(
    library: dict[str, Package], sandbox: Sandbox
) -> None:
    made = maker(library, sandbox, prune=True)
    made = replace(made, rules=replace(made.rules, repeat_skills=True))
    turns = [turn for c in made.batch(range(8), made.curriculum.start()) if c.trajectory for turn in c.trajectory.turns]
    told = [(turn.action, turn.observation.splitlines()[-1]) for turn in turns if turn.action != "submit"]
    assert len({line for _, line in told}) > 4
    assert all(line.startswith("active: ") for _, line in told)
    edits = [(one, after) for one, after in pairwise(turns) if (one.action, one.outcome) == ("edit", "ok")]
    assert edits
    for edit, after in edits:
        assert edit.observation.splitlines()[-1] == f"active: {', '.join(after.skills)}"
