"""Balance scores by hand, and the choice of a temperature from runs that exist."""

from __future__ import annotations

import json

import pytest
from stored_runs import altered, another, difficulty, store
from typer.testing import CliRunner

from agentprop.cli import app
from agentprop.errors import InputError
from agentprop.grading.balance import Sample, balance, balance_of
from agentprop.records import Problem, Record, Task, Trajectory, Verdict
from agentprop.stages.common.tuning import common, tune
from agentprop.storage.run import open_run


@pytest.mark.parametrize(
    ("n_ok", "n_sel", "score"), [(4, 8, 0.25), (8, 8, 1), (8, 16, 0.5), (2, 2, 0.25), (0, 0, 0), (9, 9, 1)]
)
def test_the_score_of_a_query_by_hand(n_ok: int, n_sel: int, score: float) -> None:
    assert balance(n_ok, n_sel) == score


def test_repeats_count_once_as_right_and_each_time_as_selected() -> None:
    assert balance_of([Sample(True, True, "a")] * 4) == balance(1, 4)
    assert balance_of([Sample(True, True, "a"), Sample(False, True, "b"), Sample(True, False, "c")]) == balance(1, 2)


@pytest.fixture(scope="module")
def tuned(runs: list[str], problems: list[Problem], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Eight tries of one bundle at each of three temperatures, and a ninth at the middle one, which is not counted."""
    [first] = [one for one in open_run(runs[0]).iter(Trajectory) if one.id == problems[0].trajectory_id]
    records: list[Record] = []
    for temperature, valid, templates, tries in ((0.7, 4, 8, 8), (1.0, 8, 8, 9), (1.2, 8, 1, 8)):
        made_by = first.made_by.model_copy(
            update={"name": "toy", "sampling": json.dumps({"temperature": temperature, "max_tokens": 9})}
        )
        for n in range(tries):
            one = altered(
                problems[0],
                statement=f"{problems[0].statement} ({temperature}/{n})",
                template=f"{n % templates}",
                trajectory_id=None,
            )
            task = Task.model_validate(first.task.model_dump() | {"id": "", "index": n})
            said = another(
                first, f"<{temperature}/{n}>", problem_id=one.id, task=task, task_id=task.id, made_by=made_by
            )
            value = "valid" if n < valid else "invalid"
            records += [one, said, Verdict(problem_id=one.id, value=value, code="agrees"), difficulty(one, 2 * n)]
    return str(store(tmp_path_factory.mktemp("tuned") / "t", "propose", records))


def test_the_temperature_with_many_right_and_different_samples_is_best(tuned: str) -> None:
    found = tune([tuned], [])
    assert [(row["temperature"], row["balance"]) for row in found["rows"]] == [(1.0, 1), (0.7, 0.25), (1.2, 1 / 64)]
    assert found["best"]["bundles"] == 1 and found["best"]["samples"] == 8


def test_a_trained_proposer_is_compared_by_what_it_still_reaches(tuned: str) -> None:
    """Of eight tries at 0.7 four are valid and different, at 1.2 all are valid and of one template."""
    cool, middle, hot = sorted(tune([tuned], [])["rows"], key=lambda row: row["temperature"])
    assert cool["coverage"] == {"1": 0.5, "2": 1.0, "4": pytest.approx(2.0), "8": 4.0}
    assert middle["coverage"]["8"] == 8.0 and hot["coverage"] == dict.fromkeys("1248", 1.0)
    assert "against_first" not in cool
    assert hot["against_first"] == {"kept": 1, "gained": 0, "lost": 0, "never": 0, "p": 1.0}


def test_a_band_of_difficulty_is_a_threshold(tuned: str) -> None:
    """Try n was solved 2n times of 16: from 0 to 0.25 there are three."""
    rows = {row["difficulty"]: row["balance"] for row in tune([tuned], ["0..0.25", "0..1"])["rows"][:2]}
    assert rows == {"0..1": 1, "0..0.25": pytest.approx(3 / 8)}
    with pytest.raises(InputError, match="no range"):
        tune([tuned], ["hard"])


def test_one_temperature_alone_is_no_choice(runs: list[str], tuned: str) -> None:
    with pytest.raises(InputError, match="nothing to compare: no trajectory names the temperature") as refused:
        tune(runs[:2], [])  # the built-in proposer has no temperature
    assert "--set temperature" in (refused.value.hint or "")
    with pytest.raises(InputError, match="nothing to compare: a at 1, b at 1"):
        common({("a", 1.0): {("x",): ["p"]}, ("b", 1.0): {("y",): ["p"]}})


def test_the_command_prints_the_best_first(tuned: str) -> None:
    ended = CliRunner().invoke(app, ["tune-sampling", tuned])
    assert ended.exit_code == 0 and ended.stdout.splitlines()[0].startswith("1.0000  temperature 1")
    assert json.loads(CliRunner().invoke(app, ["tune-sampling", tuned, "--json"]).stdout)["best"]["temperature"] == 1
