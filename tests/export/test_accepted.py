"""Runs joined: verdicts, measurements and trajectories by id; skills with the passages they were extracted from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from stored_runs import store

from agentprop.config import ExtractConfig
from agentprop.errors import InputError
from agentprop.grading.difficulty import Band
from agentprop.records import Problem, Trajectory
from agentprop.stages.common.accepted import join
from agentprop.stages.extract import run as extract
from agentprop.stages.train.passages import skill_passages
from agentprop.storage.run import open_run

CORPORA = Path(__file__).parents[2] / "examples" / "corpora"


def test_every_lesson_is_a_problem_with_the_trajectory_it_came_from(runs: list[str], problems: list[Problem]) -> None:
    joined = join(runs)
    demonstrations = list(joined.demonstrations())
    assert {a.problem.id for a, _ in demonstrations} == {p.id for p in problems}
    assert all(a.problem.trajectory_id == t.id and t.problem_id == a.problem.id for a, t in demonstrations)
    assert not joined.left_out


def test_runs_may_be_named_in_any_order(runs: list[str]) -> None:
    orders = [runs, runs[::-1], [runs[1], runs[0], runs[2]]]
    found = [[(a.problem.id, a.rate) for a in join(order).problems()] for order in orders]
    assert found[0] == found[1] == found[2] and found[0][3][1] is not None


def test_each_pass_counts_for_itself(runs: list[str]) -> None:
    joined, band = join(runs), Band.of("0..0.5")
    first = len(list(joined.problems(band)))
    assert joined.left_out == {"outside the band of difficulty": 40 - first}
    assert len(list(joined.problems(band))) == first
    assert joined.left_out == {"outside the band of difficulty": 40 - first}
    assert len(list(joined.problems())) == 40 and not joined.left_out


def test_labels_tell_good_from_bad_and_are_silent_about_the_rest(grouped: str) -> None:
    labelled = list(join([grouped]).labelled())
    assert sorted(good for _, good in labelled) == [False] * 4 + [True] * 4
    assert all(("<wrong>" in t.turns[-1].message) is not good for t, good in labelled)


def test_a_candidate_that_was_given_up_is_a_bad_example(runs: list[str]) -> None:
    stops = {t.stop for t, good in join(runs).labelled() if not good}
    assert stops == {t.stop for t in open_run(runs[0]).iter(Trajectory) if t.problem_id is None}


def test_without_problems_or_verdicts_there_is_nothing_to_join(
    runs: list[str], problems: list[Problem], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="there are no problems"):
        join(runs[1:])
    with pytest.raises(InputError, match="there are no verdicts") as caught:
        join([str(store(tmp_path / "run", "propose", problems[:2]))])
    assert "verify" in (caught.value.hint or "")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """An extract run and the corpus it was made of."""
    root = tmp_path_factory.mktemp("extracted")
    shutil.copytree(CORPORA, root / "corpora")
    extract.run(ExtractConfig(sources=(str(root / "corpora"),), workers=2), str(root / "run"), quiet=True)
    return str(root / "run"), root / "corpora"


def test_a_skill_comes_with_the_passages_it_was_extracted_from(extracted: tuple[str, Path]) -> None:
    run, corpora = extracted
    found = list(skill_passages([run]))
    assert len(found) == len({one.skill.id for one in found}) > 20
    words = [json.loads(line) for line in (corpora / "word_problems.jsonl").read_text("utf-8").splitlines()]
    one = next(t for t in found if t.skill.lineage[0].document.startswith("word_problems.jsonl#"))
    source = words[int(one.skill.lineage[0].document.partition("#")[2])]
    assert str(source["question"]) in one.passage


def test_a_corpus_that_has_changed_or_gone_is_refused(extracted: tuple[str, Path], tmp_path: Path) -> None:
    run, corpora = extracted
    config = json.loads((Path(run) / "config.json").read_text("utf-8"))
    shutil.copytree(run, tmp_path / "run")
    shutil.copytree(corpora, tmp_path / "corpora")
    config["sources"] = [str(tmp_path / "corpora")]
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    assert len(list(skill_passages([str(tmp_path / "run")]))) > 20
    text = (tmp_path / "corpora" / "word_problems.jsonl").read_text("utf-8")
    (tmp_path / "corpora" / "word_problems.jsonl").write_text(text.replace(" is ", " was "), "utf-8")
    with pytest.raises(InputError, match=r"word_problems\.jsonl#\d+.* has changed"):
        list(skill_passages([str(tmp_path / "run")]))
    (tmp_path / "corpora" / "word_problems.jsonl").unlink()
    with pytest.raises(InputError, match="is gone"):
        list(skill_passages([str(tmp_path / "run")]))


def test_only_extract_runs_teach_skills(runs: list[str]) -> None:
    with pytest.raises(InputError, match="a run of propose, not of extract"):
        list(skill_passages(runs[:1]))
