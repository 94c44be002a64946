"""Rows of programming benchmarks, in the layouts that public ones have, are asked and judged as what they are."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentprop.config import EvaluateConfig
from agentprop.grading.probers import PROGRAM_S, ProgramJudge, question
from agentprop.grading.program_check import program_judge
from agentprop.records import Problem, Reject
from agentprop.sandbox import Sandbox
from agentprop.stages.common.program_rows import UnusableRow, read_program
from agentprop.stages.evaluate.items import AskedQuestion, read_benchmark
from agentprop.stages.evaluate.references import ReferenceCheck
from agentprop.storage.run import Run, open_run

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("program_rows.json").read_text(encoding="utf-8"))
CORPORA = Path(__file__).parents[3] / "shared" / "corpora"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=(), slots=2) as made:
        yield made


def asked(row: dict[str, Any], folder: Path) -> AskedQuestion:
    file = folder / "row.jsonl"
    file.write_text(json.dumps({key: _packed(value) for key, value in row.items()}), encoding="utf-8")
    (item,) = read_benchmark(str(file), EvaluateConfig(model="-")).items
    return item


def _packed(value: Any) -> Any:
    """Tests packed as LiveCodeBench packs them."""
    if not isinstance(value, str) or not value.startswith("PACKED "):
        return value
    return base64.b64encode(zlib.compress(pickle.dumps(value.removeprefix("PACKED ")))).decode()


def judge_of(item: AskedQuestion, sandbox: Sandbox) -> ProgramJudge:
    tests = {} if item.tests is None else {item.problem.id: item.tests}
    return program_judge(tests, sandbox, item.problem, PROGRAM_S)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])
def test_a_row_is_judged_by_its_own_tests(case: dict[str, Any], sandbox: Sandbox, tmp_path: Path) -> None:
    item = asked(case["row"], tmp_path)
    assert (item.problem.answer_type, item.problem.entry_point) == ("program", case["entry_point"])
    assert case.get("note", "") in item.problem.statement
    judge = judge_of(item, sandbox)
    right = judge.passes(case["right"])
    assert right.status == "same", right
    wrong = judge.passes(case["wrong"])
    assert wrong.status == "different", wrong
    assert judge.program(f"So:\n```python\n{case['right']}\n```") == case["right"] + "\n"
    for reference in item.references:
        assert judge.passes(reference).status == "same"
    assert bool(item.references) is any(name in case["row"] for name in REFERENCE_FIELDS)


REFERENCE_FIELDS = ("canonical_solution", "code", "completion", "solution", "solutions")


def test_a_program_that_reads_is_asked_for_as_one(tmp_path: Path) -> None:
    reads = asked(CASES[3]["row"], tmp_path).problem
    assert "reads its input from standard input" in question(reads)
    function = asked(CASES[0]["row"], tmp_path).problem
    assert "without input and output" in question(function)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"test": "assert True"}, "no-function"),
        ({"test": "def check(candidate):\n    assert candidate(", "entry_point": "f"}, "unrecognised-tests"),
        ({"test": "print(f(1))", "entry_point": "f"}, "unrecognised-tests"),
        ({"test": "def test_a(tmp_path):\n    assert f(tmp_path)", "entry_point": "f"}, "unrecognised-tests"),
        ({"input_output": {"inputs": ["1"], "outputs": []}}, "bad-tests"),
        ({"input_output": {"fn_name": "f", "inputs": [1], "outputs": [1]}}, "bad-tests"),
        ({"public_test_cases": [{"input": "1", "output": "1", "testtype": "functional"}]}, "no-function"),
        ({"tests": [{"arguments": 1, "expected": 2}]}, "bad-tests"),
        ({"public_test_cases": [{"input": "1", "output": "1"}], "private_test_cases": "eJwx"}, "bad-tests"),
    ],
)
def test_a_row_whose_tests_cannot_be_run_is_refused_with_the_reason(row: dict[str, Any], code: str) -> None:
    with pytest.raises(UnusableRow) as refused:
        read_program(row, "Do something.", "")
    assert refused.value.code == code and str(refused.value)


def test_a_row_without_tests_asks_for_no_program() -> None:
    row = {"input": "How many?", "code": "def solution():\n    return 3", "target": 3}
    assert read_program(row, "How many?", "3") is None


# --- references ---

ROWS = [
    {"question": "Good.", "code": "def f(n): return n", "test_list": ["assert f(1) == 1", "assert f(2) == 2"]},
    {"question": "Bad.", "code": "def g(n): return n", "test_list": ["assert g(1) == 2"]},
    {"question": "Idle.", "code": "def h(n): return n", "test_list": ["assert h(1) == 1", "assert 1 == 1"]},
    {"question": "Lax.", "code": "def k(n): return n", "test": "try:\n    assert k(1) == 2\nexcept Exception:\n    k"},
    {"question": "None.", "test_list": ["assert m(1) == 1"]},
]


def checked(out: Path, folder: Path, sandbox: Sandbox) -> tuple[list[str], dict[str, Any], dict[str, str]]:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    benchmark = read_benchmark(str(file), EvaluateConfig(model="-"))
    with Run.open(str(out), "evaluate", {}) as run:
        check = ReferenceCheck(run, sandbox, asked=run.done_ids(Problem), quiet=True)
        kept = check.kept(benchmark)
    told = {one.item: one.message for one in open_run(str(out)).iter(Reject)}
    return [item.problem.statement.partition(".")[0] for item in kept.items], check.counts, told


def test_rows_whose_reference_fails_are_left_out_and_counted(sandbox: Sandbox, tmp_path: Path) -> None:
    kept, counts, told = checked(tmp_path / "run", tmp_path, sandbox)
    assert kept == ["Good", "None"]
    assert counts == {
        "references": {"passed": 1, "reference-fails": 1, "reference-undecided": 1, "tests-pass-anything": 1}
    }
    assert "fails its tests: test: failed: assert g(1) == 2" in told["rows.jsonl#1"]
    assert "never calls the program" in told["rows.jsonl#2"]


def test_what_was_decided_about_a_row_stays_decided(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = checked(tmp_path / "run", tmp_path, sandbox)
    ran: list[str] = []
    begin = ReferenceCheck._begin

    def counted(self: ReferenceCheck, item: AskedQuestion, *rest: Any) -> object:
        ran.append(item.problem.statement)
        return begin(self, item, *rest)

    monkeypatch.setattr(ReferenceCheck, "_begin", counted)
    assert checked(tmp_path / "run", tmp_path, sandbox) == first
    assert len(ran) == 2, "the two rows that were kept were not asked in between"


@pytest.mark.corpora
@pytest.mark.slow
@pytest.mark.parametrize(("name", "kept"), [("humaneval.jsonl", 164), ("raw/mbpp.jsonl", 972)])
def test_references_of_public_benchmarks_pass_their_tests(name: str, kept: int, tmp_path: Path) -> None:
    if not (CORPORA / name).exists():
        pytest.skip("the corpus is not here")
    benchmark = read_benchmark(str(CORPORA / name), EvaluateConfig(model="-"))
    with Run.open(str(tmp_path / "run"), "evaluate", {}) as run, Sandbox() as sandbox:
        check = ReferenceCheck(run, sandbox, asked=set(), quiet=True)
        assert len(check.kept(benchmark).items) == kept
        assert check.counts == {"references": {"passed": kept}}
        assert (len(benchmark.items), len(benchmark.unreadable)) == (kept, 0)
