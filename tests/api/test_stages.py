"""Stages called from a program: with its own proposer and verifier, in a thread, in a running event loop."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

import agentprop
from agentprop.errors import ConfigError, InputError
from agentprop.grading.judgement import Judgement
from agentprop.records import Problem, Task, Verdict

FEW = [ROOT / "skills" / name for name in ("number-theory-digit-sum", "number-theory-modular-power")]
SUBMISSION = """<action:submit>
<statement>Find the sum of the whole numbers from 1 to {n}.</statement>
<answer type="integer">{answer}</answer>
<certificate>answer = sum(range(1, {n} + 1))</certificate>
</action:submit>"""


class Sums:
    """A proposer that is made for each task; the task with number 1 it gives up."""

    name = "sums"

    def __init__(self, task: Task) -> None:
        self.n, self.gives_up = 10 + task.index, task.index == 1

    async def act(self, observation: agentprop.Observation) -> str | None:
        assert observation.turns_left and observation.skills
        return None if self.gives_up else SUBMISSION.format(n=self.n, answer=self.n * (self.n + 1) // 2)


@pytest.fixture(scope="module")
def sums(tmp_path_factory: pytest.TempPathFactory) -> agentprop.RunRecords:
    out = tmp_path_factory.mktemp("sums") / "run"
    return agentprop.propose(out, 3, proposer=Sums, verifier="none", skills=FEW, bundled_skills=False)


def test_a_program_proposes_by_one_method(sums: agentprop.RunRecords) -> None:
    assert sums.complete and sums.stage == "propose" and sums.summary["accepted"] == 3
    assert [problem.answer for problem in sums.problems] == ["55", "78", "91"]
    assert {problem.made_by.name for problem in sums.problems} == {"custom:sums"}
    assert [reject.code for reject in sums.rejects] == ["abandoned"]


def judged_by(sums: agentprop.RunRecords, out: Path, verifier: agentprop.Verifier) -> list[Verdict]:
    run = agentprop.verify(sums, out, verifier=verifier, skills=FEW, bundled_skills=False)
    return list(run.verdicts)


async def by_formula(problem: Problem) -> str:
    n = int(problem.statement.split()[-1].rstrip("."))
    return str(n * (n + 1) // 2)


def never_sure(problem: Problem) -> bool | None:
    return None if problem.answer == "55" else problem.answer == "78"


def test_a_program_judges_by_its_answer_or_by_its_word(sums: agentprop.RunRecords, tmp_path: Path) -> None:
    answered = judged_by(sums, tmp_path / "answers", by_formula)
    assert [(verdict.value, verdict.answer) for verdict in answered] == [("valid", n) for n in ("55", "78", "91")]
    assert answered[0].made_by.name == "custom:by_formula"
    said = judged_by(sums, tmp_path / "words", never_sure)
    assert [verdict.value for verdict in said] == ["undetermined", "valid", "invalid"]
    told = judged_by(sums, tmp_path / "told", lambda problem: Judgement("invalid", "too-easy", "everyone knows it"))
    assert {verdict.code for verdict in told} == {"too-easy"}


def test_a_verifier_that_fails_leaves_its_problem_undecided(sums: agentprop.RunRecords, tmp_path: Path) -> None:
    def fails(problem: Problem) -> bool:
        if problem.answer == "78":
            raise ZeroDivisionError("of the program")
        return True

    assert [verdict.value for verdict in judged_by(sums, tmp_path, fails)] == ["valid", "undetermined", "valid"]


@pytest.mark.parametrize("found", [1, 55, 1.0, ["55"]])
def test_a_verifier_that_returns_neither_a_word_nor_a_text_judges_nothing(
    found: object, sums: agentprop.RunRecords, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=f"a verifier returned {type(found).__name__}"):
        judged_by(sums, tmp_path, lambda problem: found)  # type: ignore[arg-type, return-value]
    assert agentprop.load(tmp_path).rows.get("verdict", 0) == 0


def test_a_proposer_that_returns_no_message_is_told_so(tmp_path: Path) -> None:
    class Counts:
        def act(self, observation: agentprop.Observation) -> int:
            return 42

    with pytest.raises(ConfigError, match="returned int"):
        agentprop.propose(tmp_path, 1, proposer=Counts(), skills=FEW, bundled_skills=False)  # type: ignore[arg-type]


def test_records_are_read_as_columns(sums: agentprop.RunRecords) -> None:
    again = agentprop.load(sums)
    table = again.arrow("problem", ["answer", "category"])
    assert table.column_names == ["answer", "category"] and table["answer"].to_pylist() == ["55", "78", "91"]
    assert again.arrow("verdict").num_rows == 0 and "value" in again.arrow("verdict").column_names
    assert again.polars()["answer"].to_list() == ["55", "78", "91"]
    assert again.rows["problem"] == 3 and "3 problem" in repr(again)
    with pytest.raises(InputError, match="no column anser"):
        again.arrow("problem", ["anser"])
    with pytest.raises(InputError, match="of kind problems"):
        again.arrow("problems")


def test_stages_run_in_a_thread_and_where_an_event_loop_is_running(tmp_path: Path) -> None:
    found: list[int] = []

    def work(out: Path) -> None:
        run = agentprop.propose(out, 3, skills=FEW, bundled_skills=False, workers=1, seed=2)
        found.append(run.summary["accepted"])

    async def cell() -> None:
        work(tmp_path / "loop")

    asyncio.run(cell())
    thread = threading.Thread(target=work, args=(tmp_path / "thread",))
    thread.start()
    thread.join()
    assert found == [3, 3]
    one, other = (agentprop.load(tmp_path / name) for name in ("loop", "thread"))
    assert [problem.id for problem in one.problems] == [problem.id for problem in other.problems]


def test_a_wrong_setting_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no setting domian") as unknown:
        agentprop.propose(tmp_path, 3, domian="coding")
    assert unknown.value.hint == "did you mean domain?"
    with pytest.raises(ConfigError, match="difficulty needs the built-in proposer; a model cannot"):
        agentprop.propose(tmp_path, 3, difficulty="3..4", proposer="m")
    with pytest.raises(ConfigError, match="act"):
        agentprop.propose(tmp_path, 3, proposer=3)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"n": 0}, "n must be at least 1, not 0"),
        ({"n": "five"}, "n must be a whole number, not 'five'"),
        ({"n": 1, "domain": "history"}, "domain must be 'mathematics', 'coding' or 'science', not 'history'"),
        ({"n": 1, "verifier": 3}, "verifier must be a list, not 3"),
    ],
)
def test_a_setting_out_of_range_is_told_in_the_words_of_the_command(
    given: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        agentprop.propose(tmp_path / "run", **given)
    assert caught.value.message == told
    assert caught.value.hint


def test_a_program_cannot_stream_into_its_own_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for stage in (lambda: agentprop.propose("-", 1), lambda: agentprop.verify("run", "-")):
        with pytest.raises(agentprop.AgentpropError, match="streams nothing to standard output"):
            stage()
    assert capfdbinary.readouterr().out == b""


def test_skills_are_extracted_from_a_file(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(
        '{"question": "A box holds 12 pens. How many pens are in 7 boxes?", '
        '"answer": "There are 12*7 = <<12*7=84>>84 pens.\\n#### 84"}\n'
    )
    run = agentprop.extract(corpus, tmp_path / "skills", workers=1)
    assert run.stage == "extract" and run.summary["documents"] == 1
    assert len(list(run.skills)) + len(list(run.rejects)) >= 1


# --- episodes ---


def test_an_episode_is_acted_in_from_outside() -> None:
    episodes = agentprop.episodes(seed=4, skills=FEW, bundled_skills=False, verifier=by_formula)
    episode, twin = episodes[2], episodes[2]
    assert episode.task == twin.task and episode.task != episodes[3].task
    assert [message["role"] for message in episode.messages] == ["system", "user"]
    assert "42" in episode.step("<action:exec>\nprint(6 * 7)\n</action:exec>")
    assert "no function" in episode.call("dance") and not episode.done and episode.reward() == 0.0
    submitted = {"statement": "Find the sum of the whole numbers from 1 to 30.", "answer": "465"}
    told = episode.call("submit", **submitted, answer_type="integer", certificate="answer = sum(range(1, 30 + 1))")
    assert told.endswith("accepted") and episode.done and episode.turns_left == 0
    assert episode.reward() == 0.5 and episode.reward(pass_rate=0.25) == 0.875
    assert [turn.action for turn in episode.trajectory().turns] == ["exec", "malformed", "submit"]
    assert episode.step("anything") == "the episode is over"


def test_episodes_go_on_inside_a_running_loop() -> None:
    episodes = agentprop.episodes(seed=4, skills=FEW, bundled_skills=False)

    async def inside() -> str:
        return episodes[0].step("<action:exec>\nprint(6 * 7)\n</action:exec>")

    assert "42" in asyncio.run(inside())
