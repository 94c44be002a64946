"""Rows: a solver's hold a question and its answer and nothing else, whatever else a problem carries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from agentprop.export import proposer, rows, solver
from agentprop.export.formats import FORMATS
from agentprop.export.problems import problem_row
from agentprop.records import (
    Ablation,
    Certificate,
    DeclaredDifficulty,
    Features,
    MadeBy,
    Problem,
    Solution,
    Stage,
    StopReason,
    Task,
    TestCase,
    Trajectory,
    Turn,
)

SECRET = "SECRET"
FEATURES = Features(steps=987_654, skills=987_654, depth=1, work=1.0, digits=1.0, length=1.0)
DECLARED = DeclaredDifficulty(band=3, score=987_654, features=FEATURES)
EVERYTHING: dict[str, Any] = {
    "statement": "What is 2 + 2?",
    "answer": "4",
    "answer_type": "integer",
    "unit": SECRET,
    "figures": 3,
    "tolerance": "5%",
    "accepted": (SECRET,),
    "domain": "mathematics",
    "category": SECRET,
    "skills": (f"{SECRET}-a", f"{SECRET}-b"),
    "skill_ids": (SECRET,),
    "operators": (SECRET,),
    "entry_point": SECRET,
    "tests": (TestCase(arguments=f'["{SECRET}"]', expected="1"),),
    "certificate": Certificate(form="composition", composition=SECRET, source=SECRET),
    "template": SECRET,
    "trajectory_id": SECRET,
    "task_id": SECRET,
    "index": 7,
    "isolation": SECRET,
    "ablation": Ablation(givens=987_654),
    "difficulty": DECLARED,
    "solution": Solution(text=SECRET),
    "judging": None,
    "made_by": MadeBy(name=SECRET, revision=SECRET, sampling=SECRET, prompt_hash=SECRET, version=SECRET),
}
SOLVER = [name for name in FORMATS.names() if FORMATS[name].tables == ("questions",)]


def of_solver(name: str, problem: Problem) -> Any:
    row = solver.question_answer(problem)
    made = {
        "trl-grpo": solver.prompt_solution(row),
        "verl": solver.verl_row(row, problem.domain, 0, "train"),
        "verifiers": solver.with_answer_format(row),
    }
    return made[name]


def told() -> Trajectory:
    turns = [
        Turn(index=0, stage=Stage.DRAFT, action="exec", message="try", observation="[refine] error", outcome="error"),
        Turn(index=1, stage=Stage.REFINE, action="submit", message="submit", observation="[refine] accepted"),
    ]
    task = Task(seed=0, index=0, domain="mathematics", category="algebra", skill_ids=("a",), skill_names=("a",))
    return Trajectory(
        task_id=task.id,
        task=task,
        system="S",
        prompt="P",
        turns=tuple(turns),
        stop=StopReason.SUBMITTED,
        problem_id="q",
        pruned=1,
    )


@pytest.mark.parametrize("name", SOLVER)
def test_a_solvers_row_knows_the_question_and_the_answer_alone(name: str) -> None:
    assert set(EVERYTHING) | {"schema_version", "id", "evidence"} == set(Problem.model_fields)  # nothing is untried
    text = of_solver(name, Problem(**EVERYTHING)).model_dump_json()
    assert SECRET not in text and "987654" not in text and "What is 2 + 2?" in text and '"4"' in text
    other = {**EVERYTHING, "unit": None, "skills": ("x",), "evidence": "none", "index": 8, "figures": None}
    assert of_solver(name, Problem(**other)).model_dump_json() == text


def test_the_two_fields_are_all_there_is() -> None:
    assert set(rows.QuestionAnswer.model_fields) == {"question", "answer"}
    assert set(rows.PromptSolution.model_fields) == {"prompt", "solution"}
    with pytest.raises(ValidationError):
        rows.QuestionAnswer.model_validate({"question": "q", "answer": "a", "skills": []})


def test_a_program_is_known_by_its_tests_and_not_by_its_reference() -> None:
    tests = (TestCase(arguments="[[1, 2]]", expected="3"), TestCase(arguments='["é"]', expected="null"))
    problem = Problem(
        **{
            **EVERYTHING,
            "answer": f"def {SECRET}(): ...",
            "answer_type": "program",
            "entry_point": "solve",
            "tests": tests,
        }
    )
    row = solver.question_answer(problem)
    assert SECRET not in row.answer
    assert solver.hidden_tests(row.answer) == ("solve", tests, None)
    older = '{"entry_point": "solve", "tests": [{"arguments": [[1, 2]], "expected": 3}]}'
    assert solver.hidden_tests(older) == ("solve", tests[:1], None)
    assert solver.hidden_tests("4") is None


def test_verl_has_the_columns_it_asks_for() -> None:
    assert json.loads(of_solver("verl", Problem(**EVERYTHING)).model_dump_json()).keys() == {
        "data_source",
        "prompt",
        "ability",
        "reward_model",
        "extra_info",
    }


def test_a_conversation_ends_with_the_submission_and_has_no_tool_role() -> None:
    made = proposer.conversation(told())
    assert [(m.role, m.content) for m in made.messages] == [
        ("system", "S"),
        ("user", "P"),
        ("assistant", "try"),
        ("user", "[refine] error"),
        ("assistant", "submit"),
    ]


def test_a_trajectorys_row_tells_what_each_message_did() -> None:
    row = proposer.trajectory_row(told())
    said = [m for m in row.messages if m.role == "assistant"]
    assert [(s.stage, s.action, s.outcome) for s in row.steps] == [
        ("draft", "exec", "error"),
        ("refine", "submit", "ok"),
    ]
    assert len(row.steps) == len(said) and row.problem_id == "q" and row.pruned == 1


def test_a_pair_shares_its_prompt() -> None:
    row = proposer.preference(told(), told())
    assert row.prompt + row.chosen == proposer.conversation(told()).messages
    assert proposer.prompt_key(told()) == proposer.prompt_key(told().model_copy(update={"turns": ()}))


def test_a_problem_nobody_measured_has_no_pass_rate() -> None:
    problem = Problem(**EVERYTHING)
    assert problem_row(problem, None, None, None).pass_rate is None
    assert problem_row(problem, "m", 0, 16).pass_rate == 0.0
    assert problem_row(problem, "m", 4, 16).level == 2


def test_every_column_says_what_it_means() -> None:
    for format_ in map(FORMATS.__getitem__, FORMATS.names()):
        assert all(info.description for info in format_.row.model_fields.values())
    assert all(info.description for info in rows.TrajectoryRow.model_fields.values())
