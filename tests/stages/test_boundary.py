"""A record that fails, in whatever way, takes no other one down: all others come out as if nothing had happened.

Every stage runs as it is run by a person, once undisturbed and once with a record whose work raises an exception, runs
out of memory, has its process killed, or attacks its neighbours.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from places import EXAMPLES
from sabotaged import ATTACKS, agentprop, fails, package

from agentprop.config import EvaluateConfig, ProbeConfig
from agentprop.errors import TooManyFailures
from agentprop.grading import probers
from agentprop.records import Attempt, Difficulty, Problem, Record, Reject, Skill, Trajectory, Verdict
from agentprop.sandbox import Sandbox
from agentprop.stages.evaluate import run as evaluate
from agentprop.stages.probe import run as probe
from agentprop.storage.run import StoredRun, open_run

CORPORA = EXAMPLES / "corpora"
CODES = {"raise": "internal", "memory": "resources", "kill": "worker-died"}
WAYS = pytest.mark.parametrize("how", CODES)
needs_full = pytest.mark.skipif(Sandbox(preload=()).isolation.level != "L3", reason="needs namespaces")


def failed(run: StoredRun) -> dict[str, Reject]:
    """The rejects of what failed, by item."""
    return {reject.item: reject for reject in run.iter(Reject) if reject.outcome == "failed"}


def ids(run: StoredRun, kind: type[Record]) -> set[str]:
    return {record.id for record in run.iter(kind)}


def told(reject: Reject, code: str) -> None:
    """A failure has its code, and its traceback where there was one."""
    assert (reject.outcome, reject.code) == ("failed", code)
    assert code == "worker-died" or ("Traceback" in reject.message and "sitecustomize.py" in reject.message)


# --- extract ---

MARK = "Mira walks"
"""In one document, whose equations no other one has."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("corpus")
    for name in ("word_problems.jsonl", "programs.jsonl"):
        shutil.copy(CORPORA / name, place)
    return place


@pytest.fixture(scope="module")
def extracted(corpus: Path) -> StoredRun:
    assert agentprop(corpus, "extract", "word_problems.jsonl", "programs.jsonl", "--out", "whole", "-w", 1)[0] == 0
    return open_run(corpus / "whole")


def of_document(run: StoredRun, document: str) -> tuple[set[str], set[str]]:
    """Ids of the skills of other documents, and of the rejects of others."""
    skills = {s.id for s in run.iter(Skill) if document not in {span.document for span in s.lineage}}
    return skills, {reject.id for reject in run.iter(Reject) if reject.item != document}


@WAYS
@pytest.mark.parametrize(
    ("target", "argument"),
    [("agentprop.extraction.mining.candidate:mine", 0), ("agentprop.extraction.mining.package:package", 0)],
    ids=["mined", "settled"],
)
def test_a_document_that_fails_is_lost_alone(
    how: str, target: str, argument: int, corpus: Path, extracted: StoredRun, tmp_path: Path
) -> None:
    sources = [corpus / "word_problems.jsonl", corpus / "programs.jsonl"]
    mark = MARK if argument == 0 and target.endswith("mine") else "laps"
    sabotage = fails(target, argument, mark, how)
    code, said = agentprop(tmp_path, "extract", *sources, "--out", "run", "-w", 1, sabotage=sabotage)
    run = open_run(tmp_path / "run")
    (document,) = failed(run)
    assert code == 0, said
    told(failed(run)[document], CODES[how])
    assert of_document(run, document) == of_document(extracted, document)
    assert run.summary is not None and run.summary["failed"] == 1 and run.summary["reasons"][CODES[how]] == 1


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_program_of_the_corpus_reaches_no_other_document(
    attack: str, corpus: Path, extracted: StoredRun, tmp_path: Path
) -> None:
    body = "if True:\n" + ATTACKS[attack]
    program = {
        "prompt": 'def double(n):\n    """Return twice the number that was given, whatever it is."""\n',
        "canonical_solution": "    return 2 * n\n\n" + body,
        "test": "def check(candidate):\n    assert [candidate(n) for n in range(5)] == [0, 2, 4, 6, 8]\n",
        "entry_point": "double",
    }
    (tmp_path / "hostile.jsonl").write_text(json.dumps(program) + "\n")
    sources = [tmp_path / "hostile.jsonl", corpus / "word_problems.jsonl", corpus / "programs.jsonl"]
    code, said = agentprop(tmp_path, "extract", *sources, "--out", "run", "-w", 1)
    assert code == 0, said
    assert of_document(open_run(tmp_path / "run"), "hostile.jsonl#0") == (ids(extracted, Skill), ids(extracted, Reject))


# --- propose and verify ---

NUMBER = 7
PROPOSE = ("propose", "--n", 1000, "--max-candidates", 24, "--seed", 3, "-w", 1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a run `p` of the bundled library, and `v`, its verdicts."""
    place = tmp_path_factory.mktemp("runs")
    assert agentprop(place, *PROPOSE, "--out", "p")[0] == 3
    assert agentprop(place, "verify", "p", "--out", "v", "-w", 1)[0] == 0
    return place


@WAYS
def test_a_candidate_that_fails_is_lost_alone(how: str, place: Path, tmp_path: Path) -> None:
    sabotage = fails("agentprop.agent.candidates:CandidateMaker._candidate", 1, NUMBER, how)
    code, said = agentprop(tmp_path, *PROPOSE, "--out", "run", sabotage=sabotage)
    run, whole = open_run(tmp_path / "run"), open_run(place / "p")
    assert code == 3, said
    told(failed(run)[str(NUMBER)], CODES[how])
    assert [*failed(run)] == [str(NUMBER)]
    assert ids(run, Trajectory) == {t.id for t in whole.iter(Trajectory) if t.task.index != NUMBER}
    assert ids(run, Problem) == {p.id for p in whole.iter(Problem) if p.index != NUMBER}
    assert run.summary is not None and run.summary["reasons"][CODES[how]] == run.summary["failed"] == 1


@WAYS
def test_a_problem_whose_verifier_fails_is_undetermined_alone(how: str, place: Path, tmp_path: Path) -> None:
    third = list(open_run(place / "p").iter(Problem))[2]
    sabotage = fails("agentprop.grading.builtin_verifier:judge", 0, third.id, how)
    code, said = agentprop(tmp_path, "verify", place / "p", "--out", "run", "-w", 1, sabotage=sabotage)
    run, whole = open_run(tmp_path / "run"), open_run(place / "v")
    assert code == 0, said
    verdicts = {verdict.problem_id: verdict for verdict in run.iter(Verdict)}
    assert (verdicts[third.id].value, verdicts[third.id].code) == ("undetermined", CODES[how])
    told(failed(run)[third.id], CODES[how])
    others = {v.id for v in whole.iter(Verdict) if v.problem_id != third.id}
    assert {v.id for v in verdicts.values() if v.problem_id != third.id} == others
    assert run.summary is not None and run.summary["reasons"][f"undetermined: {CODES[how]}"] == 1
    assert agentprop(tmp_path, "verify", place / "p", "--out", "run", "-w", 1)[0] == 0
    assert ids(open_run(tmp_path / "run"), Verdict) == ids(run, Verdict), "what failed is not tried again"


MINED = ("--domain", "mathematics", "--skills", "library")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs `p` and `v` with a user's package that attacks nobody."""
    place = tmp_path_factory.mktemp("quiet")
    package(place / "library", "toy-counted")
    assert agentprop(place, *PROPOSE, *MINED, "--out", "p")[0] == 3
    assert agentprop(place, "verify", "p", "--skills", "library", "--out", "v", "-w", 1)[0] == 0
    return place


def strangers(run: StoredRun) -> set[int]:
    """Candidates whose code has none of the user's package in it."""
    return {t.task.index for t in run.iter(Trajectory) if not any("toy-counted" in turn.skills for turn in t.turns)}


SLOW_ATTACKS = {"changes the library"}  # two minutes, of which most is spent on code that never ends


@pytest.mark.parametrize(
    "attack", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW_ATTACKS else name for name in ATTACKS]
)
def test_a_users_skill_reaches_no_problem_but_those_that_compose_it(attack: str, quiet: Path, tmp_path: Path) -> None:
    package(tmp_path / "library", "toy-counted", ATTACKS[attack])
    assert agentprop(tmp_path, *PROPOSE, *MINED, "--out", "p")[0] == 3
    run, whole = open_run(tmp_path / "p"), open_run(quiet / "p")
    assert len(strangers(whole)) > 12 and len(strangers(whole)) < 24
    kept = {t.task.index: t.id for t in run.iter(Trajectory)}
    undisturbed = {t.task.index: t.id for t in whole.iter(Trajectory)}
    assert {i: kept[i] for i in strangers(whole)} == {i: undisturbed[i] for i in strangers(whole)}
    assert agentprop(tmp_path, "verify", quiet / "p", "--skills", "library", "--out", "v", "-w", 1)[0] == 0
    judged = {v.problem_id: v.id for v in open_run(tmp_path / "v").iter(Verdict)}
    for verdict in open_run(quiet / "v").iter(Verdict):
        problem = next(p for p in whole.iter(Problem) if p.id == verdict.problem_id)
        assert "toy-counted" in problem.skills or judged[problem.id] == verdict.id


@needs_full
def test_a_process_of_the_sandbox_that_is_killed_from_outside_refutes_nothing(tmp_path: Path) -> None:
    package(tmp_path / "library", "toy-counted", slow=True)
    assert agentprop(tmp_path, *PROPOSE, *MINED, "--max-candidates", 48, "--out", "p")[0] == 3
    theirs = {p.id for p in open_run(tmp_path / "p").iter(Problem) if "toy-counted" in p.skills}
    arguments = ("verify", "p", "--skills", "library", "-w", 1)
    assert agentprop(tmp_path, *arguments, "--out", "v")[0] == 0
    sabotage = fails("agentprop.sandbox.zygote_process:ZygoteProcess.start", 1, "toy_counted", "kill-child")
    code, said = agentprop(tmp_path, *arguments, "--max-failures", 0.5, "--out", "killed", sabotage=sabotage)
    assert code == 0, said
    judged = {v.problem_id: v for v in open_run(tmp_path / "killed").iter(Verdict)}
    assert theirs and {(judged[one].value, judged[one].code) for one in theirs} == {("undetermined", "interrupted")}
    for verdict in open_run(tmp_path / "v").iter(Verdict):
        assert verdict.problem_id in theirs or judged[verdict.problem_id].id == verdict.id


# --- evaluate and probe ---


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with a benchmark of sums, of which one reply cannot be graded because of a defect."""
    monkeypatch.chdir(tmp_path)
    Path("agentprop.toml").write_text('[models.scripted]\nreplies = "replies.jsonl"\n')
    rows = [{"question": f"What is {n} + 1?", "answer": str(n + 1)} for n in range(6)]
    Path("bench.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    yield tmp_path


def replies(odd: str, place: int = 9) -> None:
    said = [f"\\boxed{{{n + 1 + (k == 3)}}}" for n in range(6) for k in range(4)]
    said[place] = odd
    Path("replies.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said))


def defective(monkeypatch: pytest.MonkeyPatch, error: Exception, mark: str) -> None:
    """Let the grading of replies that hold a text fail."""
    grade = probers.grade_answer

    def failing(problem: Problem, text: str) -> Any:
        if mark in text:
            raise error
        return grade(problem, text)

    monkeypatch.setattr(probers, "grade_answer", failing)


@pytest.mark.parametrize("error", [IndexError("list index out of range"), MemoryError()], ids=["raise", "memory"])
def test_a_reply_that_cannot_be_graded_is_one_attempt_less(
    error: Exception, scripted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies("\\boxed{C(10)} odd")
    defective(monkeypatch, error, "odd")
    config = EvaluateConfig(model="scripted", k=4)
    summary = evaluate.run(config, "bench.jsonl", "run", quiet=True)
    run = open_run("run")
    assert (summary["problems"], summary["accepted"], summary["failed"]) == (6, 6, 0)
    assert summary["attempts"] == {"correct": 17, "internal": 1, "wrong": 6}
    ((item, reject),) = failed(run).items()
    assert item.endswith(" attempt 1") and "Traceback" in reject.message and "odd" in str(reject.record)
    attempts = {(a.problem_id, a.number): a.code for a in run.iter(Attempt)}
    assert sorted(attempts.values()) == ["correct"] * 17 + ["internal"] + ["wrong"] * 6
    again = evaluate.run(config, "bench.jsonl", "run", quiet=True)
    assert {**again, "spending": 0} == {**summary, "spending": 0} and len(failed(open_run("run"))) == 1


def test_a_probe_measures_by_the_attempts_that_can_be_graded(scripted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replies("\\boxed{C(10)} odd")
    evaluate.run(EvaluateConfig(model="scripted", k=4), "bench.jsonl", "source", quiet=True)
    defective(monkeypatch, IndexError("list index out of range"), "odd")
    config = ProbeConfig(prober=("scripted",), k=4)
    summary = probe.run(config, "source", "run", quiet=True)
    assert (summary["accepted"], summary["failed"], summary["attempts"]["internal"]) == (6, 0, 1)
    assert sorted((d.c, d.k) for d in open_run("run").iter(Difficulty)) == [(2, 3)] + [(3, 4)] * 5
    assert len(failed(open_run("run"))) == 1


def test_more_failures_than_may_end_the_run_with_what_was_finished(
    scripted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies("\\boxed{C(10)}")
    defective(monkeypatch, IndexError("list index out of range"), "boxed{3}")  # five of them
    config = EvaluateConfig(model="scripted", k=4)
    with pytest.raises(TooManyFailures, match=r"failed unexpectedly .*IndexError.* --max-failures 0.01") as caught:
        evaluate.run(config, "bench.jsonl", "run", quiet=True)
    assert caught.value.exit_code == 1 and "rejects" in (caught.value.hint or "")
    assert Path("run/summary.json").exists() and not Path("run/manifest.json").exists()
    kept = evaluate.run(config.model_copy(update={"max_failures": 0.5}), "bench.jsonl", "run", quiet=True)
    assert kept["attempts"]["internal"] == 4 and open_run("run").complete


HOSTILE = {
    "forges results": ATTACKS["forges results"],
    "fills its output": ATTACKS["fills its output"],
    "forks": ATTACKS["forks"],
    "never ends": "    while True: pass\n",
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_hostile_program_is_graded_alone(attack: str, scripted: Path) -> None:
    right = "```python\ndef twice(n):\n    return 2 * n\n```"
    hostile = f"```python\nif True:\n{HOSTILE[attack]}\ndef twice(n):\n    return 2 * n\n```"
    tests = [{"arguments": f"[{n}]", "expected": str(2 * n)} for n in range(4)]
    rows = [{"question": f"Double it ({n}).", "entry_point": "twice", "tests": tests} for n in range(4)]
    Path("bench.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = [hostile if n == 1 else right for n in range(4)]
    Path("replies.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said))
    summary = evaluate.run(EvaluateConfig(model="scripted", k=1), "bench.jsonl", "run", quiet=True)
    codes = [attempt.code for attempt in open_run("run").iter(Attempt)]
    assert [code for n, code in enumerate(codes) if n != 1] == ["correct"] * 3
    assert codes[1] in ("wrong", "undetermined", "too_slow") or (attack == "forks" and codes[1] == "correct")
    assert summary["problems"] == 4
