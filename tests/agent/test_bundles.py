"""Skills without scripts: a language model is given them in its bundles, the built-in proposer never sees them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
import toy_teacher

from agentprop.agent.bundles import Bundles, written_skills
from agentprop.agent.curriculum import categories_of
from agentprop.composition.planner import Planner
from agentprop.config import ProposeConfig
from agentprop.extraction.teaching.package import package
from agentprop.extraction.teaching.proposals import read_proposals
from agentprop.records import Problem, Trajectory
from agentprop.skills import Package, load
from agentprop.stages.extract.packages import unpack
from agentprop.stages.propose import run as propose
from agentprop.storage.reader import open_run


def written(name: str, category: str, domain: str = "mathematics") -> Package:
    (one,) = read_proposals(toy_teacher.skill(name, category=category, domain=domain), 1).good
    return package(one, scripted=False)


@pytest.fixture(scope="module")
def executables() -> dict[str, Package]:
    return {n: p for n, p in load(()).items() if p.spec.category in ("number-theory", "geometry", "coding-lists")}


@pytest.fixture(scope="module")
def bundles(executables: dict[str, Package]) -> Bundles:
    texts = [written(f"text {i}", "number-theory") for i in range(6)] + [written("lone proof", "logic")]
    texts += [written("other domain", "philology", "science")]
    return Bundles(Planner(executables, links=False), {one.name: one for one in texts})


def test_bundles_hold_two_to_four_skills_of_the_domain_and_one_of_the_category_leads(bundles: Bundles) -> None:
    rng = Random(1)
    found = [bundle for _ in range(300) if (bundle := bundles.draw("number-theory", rng)) is not None]
    assert {len(bundle) for bundle in found} == {2, 3, 4}
    assert all(len(set(bundle)) == len(bundle) for bundle in found)
    assert all(bundle[0] in bundles.written and bundle[0].startswith("number-theory") for bundle in found)
    specs = [bundles.library[name].spec for bundle in found for name in bundle[1:]]
    assert {spec.domain for spec in specs} == {"mathematics"}
    companions = Counter(spec.category for spec in specs)
    assert companions["number-theory"] > 60 and companions["geometry"] + companions["logic"] > 60


def test_a_category_is_drawn_over_all_its_skills(bundles: Bundles) -> None:
    rng, executable = Random(2), len(bundles.planner.categories.get("number-theory", ()))
    drawn = [bundles.draw("number-theory", rng) is not None for _ in range(2000)]
    assert sum(drawn) / 2000 == pytest.approx(6 / (6 + executable), abs=0.05)
    assert all(bundles.draw("logic", rng) for _ in range(50))  # nothing else is in there
    assert not any(bundles.draw("geometry", rng) for _ in range(50))


def test_categories_of_texts_can_be_drawn_by_models_only(bundles: Bundles, executables: dict[str, Package]) -> None:
    planner = bundles.planner
    assert {"logic", "philology"} & set(categories_of(planner, None, ())) == set()
    assert {"logic", "philology"} <= set(categories_of(bundles, None, ()))
    assert "logic" not in categories_of(bundles, "science", ()) and bundles.domain("philology") == "science"
    plain = Bundles(planner, written_skills(executables))
    assert categories_of(plain, None, ()) == categories_of(planner, None, ()) and plain.library == planner.library


def test_a_lone_skill_is_its_own_bundle() -> None:
    alone = Bundles(Planner({}), {"x": written("x", "logic")})
    assert alone.draw("logic", Random(0)) == ("x",)


def test_a_model_proposes_with_the_skills_that_a_teacher_wrote(
    done: Path, tmp_path: Path, server: tuple[str, Path]
) -> None:
    config = ProposeConfig(n=8, proposer=server[0], skills=(str(done),), bundled_skills=False, workers=1)
    propose.run(config, str(tmp_path / "run"), quiet=True)
    run = open_run(tmp_path / "run")
    problems = list(run.iter(Problem))
    texts = written_skills(load([done], bundled=False))
    assert len(problems) == 8 and all(p.category == "number-theory" for p in problems)
    trajectories = {trajectory.id: trajectory for trajectory in run.iter(Trajectory)}
    assert all("→ text: " in trajectory.prompt for trajectory in trajectories.values())
    given = {p.id: trajectories[p.trajectory_id or ""].task.skill_names for p in problems}
    assert all(2 <= len(names) <= 4 for names in given.values()) and len(set(given.values())) > 1
    # The certificates call nothing: a problem names the texts that it was given, and no executable skill.
    assert all(p.skills and set(p.skills) == set(given[p.id]) & texts.keys() for p in problems)


def test_the_built_in_proposer_is_not_affected(tmp_path: Path) -> None:
    unpack([written(f"text {i}", "geometry").record() for i in range(5)], tmp_path / "texts")
    settings = {"n": 6, "workers": 1, "categories": ("geometry",), "seed": 5}
    for name, more in (("with", {"skills": (str(tmp_path / "texts"),)}), ("without", {})):
        propose.run(ProposeConfig.model_validate({**settings, **more}), str(tmp_path / name), quiet=True)
    made = [[p.statement for p in open_run(tmp_path / name).iter(Problem)] for name in ("with", "without")]
    assert made[0] == made[1] and len(made[0]) == 6
