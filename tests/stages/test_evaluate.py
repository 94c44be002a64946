"""evaluate: numbers by hand, stored records, missing attempts, benchmarks of every kind, a model in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from agentprop.config import EvaluateConfig
from agentprop.errors import BoundReached, ConfigError, InputError, RunError
from agentprop.records import Attempt, Certificate, Problem, Question, Reject
from agentprop.stages.evaluate import run as evaluate
from agentprop.storage.run import Run, StoredRun, open_run

ROWS = [
    {"question": "What is 1 + 1?", "answer": 2, "category": "sums", "level": "1"},
    {"question": "What is 3 - 1/2?", "answer": "5/2", "category": "differences", "level": "2"},
    {"question": "What is 2 + 4?", "answer": "6", "category": "sums", "level": "2"},
]
REPLIES = {
    "What is 1 + 1?": ["\\boxed{2}", "So the answer is 2.", "\\boxed{3}", "\\boxed{2}"],
    "What is 3 - 1/2?": ["\\boxed{2}", "\\boxed{2.5}", "\\boxed{\\frac{4}{2}}", "\\boxed{7}"],
    "What is 2 + 4?": ["\\boxed{7}", "\\boxed{8}", "no idea", "\\boxed{6}"],
}

KEPT = (Problem, Question, Attempt, Reject)
Evaluate = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a model that follows a script."""
    monkeypatch.chdir(tmp_path)
    Path("agentprop.toml").write_text('[models.scripted]\nreplies = "replies.jsonl"\n')
    return tmp_path


def script(replies: Sequence[object]) -> None:
    Path("replies.jsonl").write_text("".join(json.dumps(reply) + "\n" for reply in replies))


def benchmark(rows: Sequence[Mapping[str, Any]] = ROWS, name: str = "bench.jsonl") -> str:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return name


def scripted_replies(first: int = 0, last: int = 4) -> list[object]:
    return [reply for row in ROWS for reply in REPLIES[str(row["question"])][first:last]]


def run(source: str, out: str = "run", model: str = "scripted", **settings: Any) -> tuple[dict[str, Any], StoredRun]:
    config = EvaluateConfig(model=model, **{"k": 4, **settings})
    summary = evaluate.run(config, source, out, quiet=True)
    return summary, open_run(out)


def contents(made: tuple[dict[str, Any], StoredRun]) -> list[Any]:
    """All that an evaluation wrote and said, without what the clock says."""
    summary, stored = made
    records = [[one.model_dump(exclude={"duration_s"}) for one in stored.iter(kind)] for kind in KEPT]
    return [*records, {key: value for key, value in summary.items() if key != "spending"}]


# --- numbers ---


def test_the_summary_is_what_the_attempts_give() -> None:
    script(scripted_replies())
    summary, _ = run(benchmark())
    assert summary["mean"]["value"] == pytest.approx((3 + 1 + 1) / 12)
    assert {k: found["value"] for k, found in summary["pass_at"].items()} == pytest.approx(
        {"1": 5 / 12, "2": (1 + 1 / 2 + 1 / 2) / 3, "4": 1.0}
    )
    # 2 and 4/2 are one answer, and outvote 5/2; the four different answers of the third problem tie
    assert summary["majority"]["value"] == pytest.approx((1 + 0 + 1 / 4) / 3)
    assert summary["by"]["category"]["sums"]["mean"]["value"] == pytest.approx(4 / 8)
    assert list(summary["by"]["level"]) == ["1", "2"]
    assert summary["by"]["level"]["2"]["mean"]["problems"] == 2
    assert all(found["low"] < found["value"] < found["high"] for found in (summary["mean"], summary["majority"]))


def test_prompts_and_raw_replies_are_kept() -> None:
    script(scripted_replies())
    _, stored = run(benchmark())
    questions = {one.problem_id: one for one in stored.iter(Question)}
    problems = {one.id: one for one in stored.iter(Problem)}
    assert set(questions) == set(problems) and len(problems) == 3
    for question in questions.values():
        (message,) = json.loads(question.prompt)
        assert problems[question.problem_id].statement in message["content"] and "boxed" in message["content"]
    assert json.loads(next(iter(questions.values())).groups) == {"category": "sums", "level": "1"}
    attempts = sorted(stored.iter(Attempt), key=lambda a: (list(problems).index(a.problem_id), a.number))
    assert [attempt.response for attempt in attempts] == scripted_replies()


def test_columns_to_report_by_can_be_named() -> None:
    script(scripted_replies())
    rows = [{**row, "Origin": "here" if number else "there"} for number, row in enumerate(ROWS)]
    summary, _ = run(benchmark(rows), by=("origin",))
    assert set(summary["by"]) == {"origin"} and set(summary["by"]["origin"]) == {"here", "there"}


def test_a_reply_that_was_cut_off_is_a_failed_attempt() -> None:
    script([{"content": "\\boxed{2}", "finish_reason": "length"}, "\\boxed{2}"])
    summary, _ = run(benchmark(ROWS[:1]), k=2)
    assert summary["mean"]["value"] == 0.5 and summary["attempts"] == {"correct": 1, "truncated": 1}


# --- missing attempts ---


def test_more_attempts_are_added_to_those_that_were_made() -> None:
    script(scripted_replies(0, 2))
    assert run(benchmark(), k=2)[0]["mean"]["value"] == pytest.approx(3 / 6)
    script(scripted_replies(2, 4))
    added, stored = run(benchmark(), k=4)
    script(scripted_replies())
    at_once, _ = run(benchmark(), out="other", k=4)
    assert {name: added[name] for name in ("mean", "pass_at", "majority", "by", "attempts")} == {
        name: at_once[name] for name in ("mean", "pass_at", "majority", "by", "attempts")
    }
    assert len({attempt.id for attempt in stored.iter(Attempt)}) == 12


def test_a_bound_keeps_what_was_bought_and_the_same_command_goes_on() -> None:
    script(scripted_replies())
    with pytest.raises(BoundReached):
        run(benchmark(), max_tokens=120)
    assert Path("run/summary.json").exists() and not Path("run/manifest.json").exists()
    bought = sum(row["response"] is not None for row in open_run("run").iter_rows(Attempt, ["response"]))
    script(scripted_replies()[bought:])
    summary, stored = run(benchmark(), max_tokens=100_000)
    assert summary["mean"]["value"] == pytest.approx(5 / 12) and stored.complete
    assert len({attempt.id for attempt in stored.iter(Attempt)}) == 12


def test_another_benchmark_is_not_mixed_in() -> None:
    script(scripted_replies())
    run(benchmark())
    with pytest.raises(RunError, match=r"bench\.jsonl"):
        run(benchmark(ROWS[:2]))


# --- benchmarks ---


def test_fields_can_be_named_and_parquet_is_read() -> None:
    script(["\\boxed{4}", "\\boxed{5}"])
    polars.DataFrame({"ask": ["2 + 2?"], "key": [4], "question": ["no"]}).write_parquet("b.parquet")
    summary, stored = run("b.parquet", k=2, question_field="ask", answer_field="key")
    assert summary["mean"]["value"] == 0.5
    assert [problem.statement for problem in stored.iter(Problem)] == ["2 + 2?"]


def test_worked_solutions_end_in_the_answer() -> None:
    script(["\\boxed{18}", "\\boxed{\\frac12}"])
    rows = [
        {"question": "Eggs?", "answer": "She sells 9 eggs a day.\n#### 18"},
        {"problem": "Half?", "solution": "It is easy to see that this must be \\boxed{\\frac{1}{2}}, as claimed."},
    ]
    assert run(benchmark(rows), k=1)[0]["mean"]["value"] == 1.0


def test_rows_that_cannot_be_asked_are_told_and_repeated_ones_are_asked_once() -> None:
    script(scripted_replies())
    rows = [*ROWS, ROWS[0], {"question": "Why?"}, {"answer": "1"}, {"question": "f?", "test": "assert True"}]
    summary, stored = run(benchmark(rows))
    assert (summary["problems"], summary["repeated"], summary["unreadable"]) == (3, 1, 3)
    assert sorted(reject.code for reject in stored.iter(Reject)) == ["no-answer", "no-function", "no-question"]


def test_a_file_without_questions_is_refused() -> None:
    with pytest.raises(InputError, match=r"no record of bench\.jsonl holds a question \(its fields: text\)"):
        run(benchmark([{"text": "something else"}]))


def test_a_run_with_problems_is_a_benchmark() -> None:
    problems = [
        Problem(
            statement=f"What is {n} + 1?",
            answer=str(n + 1),
            answer_type="integer",
            domain="mathematics",
            category="sums",
            skills=("one", "two")[: n + 1],
            skill_ids=(),
            certificate=Certificate(form="none"),
        )
        for n in range(2)
    ]
    with Run.open("proposed", "propose", {}) as made:
        for problem in problems:
            made.add(problem)
        made.commit({})
        made.finish({})
    script([f"\\boxed{{{problem.answer}}}" for problem in problems])
    summary, _ = run("proposed", k=1)
    assert summary["mean"]["value"] == 1.0 and summary["problems"] == 2
    assert set(summary["by"]) == {"category", "domain", "level"} and set(summary["by"]["level"]) == {"1", "2"}


def test_attempts_at_temperature_zero_are_one() -> None:
    with pytest.raises(ConfigError, match="temperature 0"):
        run(benchmark(), temperature=0.0)


def test_options_are_shown_and_named_by_letter_or_text() -> None:
    rows = [
        {"question": "How much is 2 + 9?", "choices": ["10", "11", "12"], "answer": 1},
        {"question": "How much is 2 + 8?", "choices": ["10", "11", "12"], "answer": 0},
    ]
    script(["\\boxed{B}", "\\boxed{11}", "\\boxed{C}", "\\boxed{A}", "\\boxed{11}", "\\boxed{(A)}"])
    summary, stored = run(benchmark(rows), k=3)
    assert summary["mean"]["value"] == pytest.approx(4 / 6)
    first = next(iter(stored.iter(Problem)))
    assert first.statement.endswith("?\n\n(A) 10\n(B) 11\n(C) 12") and first.answer == "(B) 11"
    assert first.answer_type == "choice"


def test_the_test_split_of_a_directory_is_asked_in_whatever_layout() -> None:
    Path("set").mkdir()
    chat = [{"role": "user", "content": "What is 1 + 1?"}, {"role": "assistant", "content": "It is \\boxed{2}."}]
    Path("set/test.jsonl").write_text(json.dumps({"messages": chat}))
    Path("set/train.jsonl").write_text(json.dumps({"question": "What is 5 + 5?", "answer": "10"}))
    script(["\\boxed{2}"])
    summary, stored = run("set", k=1)
    assert [problem.statement for problem in stored.iter(Problem)] == ["What is 1 + 1?"]
    assert summary["mean"]["value"] == 1.0 and summary["sources"]["files left out"] == {"split train": 1}


def test_rows_that_no_text_can_ask_are_rejects() -> None:
    rows = [
        ROWS[0],
        {"question": "What is shown?", "answer": "4", "image": {"path": "a.png"}},
        {"question": "Print the sum.", "input_output": {"inputs": ["1 2"], "outputs": []}},
    ]
    script(["\\boxed{2}"])
    _, stored = run(benchmark(rows), k=1)
    assert sorted(reject.code for reject in stored.iter(Reject)) == ["bad-tests", "needs-image"]


# --- programs ---

RIGHT = "```python\ndef twice(n):\n    return 2 * n\n```"
WRONG = "```python\ndef twice(n):\n    return n ** 2\n```"
CHEAT = "```python\nimport sys\n\ndef twice(n):\n    sys.exit(0)\n```"
KINDS: dict[str, dict[str, Any]] = {
    "data": {"entry_point": "twice", "tests": [{"arguments": "[3]", "expected": "6"}]},
    "exported": {"answer": json.dumps({"entry_point": "twice", "tests": [{"arguments": "[3]", "expected": "6"}]})},
    "check": {"entry_point": "twice", "test": "def check(candidate):\n    assert candidate(3) == 6\n"},
    "assertions": {"test_list": ["assert twice(3) == 6", "assert twice(0) == 0"], "code": "def twice(n): return n+n"},
}


def test_programs_are_judged_by_their_tests_in_the_sandbox_however_these_are_written() -> None:
    script([RIGHT, WRONG, CHEAT, "I cannot."] * len(KINDS))
    rows = [{"question": f"Double a number ({kind}).", **fields} for kind, fields in KINDS.items()]
    summary, stored = run(benchmark(rows))
    problems = {problem.id: problem for problem in stored.iter(Problem)}
    judged = {id_: [a.code for a in stored.iter(Attempt) if a.problem_id == id_] for id_ in problems}
    assert list(judged.values()) == [["correct", "wrong", "wrong", "wrong"]] * len(KINDS)
    assert summary["mean"]["value"] == 0.25 and summary["majority"] is None
    for problem in problems.values():
        assert (problem.answer_type, problem.entry_point) == ("program", "twice") and "`twice`" in problem.statement


def test_workers_grade_as_the_threads_of_this_process_do() -> None:
    """Same records but for durations, references and programs included."""
    rows = [*ROWS, *({"question": f"Double a number ({kind}).", **fields} for kind, fields in KINDS.items())]
    rows.append(
        {**rows[-1], "question": "Double it.", "code": "def twice(n): return n", "test_list": ["assert twice(3) == 6"]}
    )
    source, found = benchmark(rows), []
    for workers in (None, 2):
        script([*scripted_replies(), *[RIGHT, WRONG, CHEAT, "I cannot."] * len(KINDS)])
        found.append(contents(run(source, f"run-{workers}", workers=workers)))
    assert found[0] == found[1]
    assert [reject["code"] for reject in found[0][3]] == ["reference-fails"]


# --- a model in this process ---


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with random weights that speaks bytes."""
    path = tmp_path_factory.mktemp("checkpoint")
    letters = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    plain = Tokenizer(models.BPE(vocab=letters, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    plain.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token="<|end|>")
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}<|end|>{% endfor %}"
    torch.manual_seed(0)
    Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=16,
            max_position_embeddings=1024,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
            initializer_range=0.2,
        )
    ).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def test_a_directory_is_evaluated_in_process_and_the_same_seed_gives_the_same_replies(checkpoint: Path) -> None:
    settings = {"model": str(checkpoint), "reply_tokens": 12, "temperature": 1.0}
    first, stored = run(benchmark(), out="a", **settings)
    again, repeated = run(benchmark(), out="b", **settings)
    other, changed = run(benchmark(), out="c", seed=1, **settings)
    replies = [attempt.response for attempt in stored.iter(Attempt)]
    assert len(set(replies)) == len(replies) == 12
    assert [attempt.response for attempt in repeated.iter(Attempt)] == replies
    assert first["mean"] == again["mean"] and other["problems"] == 3
    assert {attempt.response for attempt in changed.iter(Attempt)} != set(replies)
    assert first["spending"]["requests"] == 3


def test_attempts_added_in_process_are_those_that_were_missing(checkpoint: Path) -> None:
    settings = {"model": str(checkpoint), "reply_tokens": 12, "temperature": 1.0}
    run(benchmark(), out="a", k=2, **settings)
    added = run(benchmark(), out="a", k=4, **settings)[1]
    at_once = run(benchmark(), out="b", k=4, **settings)[1]
    assert {a.response for a in added.iter(Attempt)} == {a.response for a in at_once.iter(Attempt)}


def test_a_directory_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        run(benchmark(), model=str(tmp_path / "empty"))


# --- the command ---


def test_the_command_names_its_directory_and_shows_a_line_for_each_number() -> None:
    script(scripted_replies())
    command = [sys.executable, "-m", "agentprop", "evaluate", benchmark(), "--model", "scripted", "--k", "4"]
    plain = {key: value for key, value in os.environ.items() if not key.startswith("AGENTPROP_")}
    done = subprocess.run(command, env=plain, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "runs/evaluate/bench-scripted"
    assert "41.7%" in done.stderr and "sums" in done.stderr
    summary = json.loads(Path("runs/evaluate/bench-scripted/summary.json").read_text())
    assert summary["mean"]["value"] == pytest.approx(5 / 12)


# --- before and after ---


def test_what_was_gained_and_lost_is_told_of_the_same_problems() -> None:
    script(["\\boxed{2}" if row is ROWS[0] else "I do not know" for row in ROWS for _ in range(2)])
    run(benchmark(), out="before", k=2)
    script(scripted_replies())
    summary, _ = run(benchmark(), before="before")
    told = summary["before"]
    assert (told["problems"], told["kept"], told["gained"], told["lost"], told["never"]) == (3, 1, 1, 0, 1)
    assert told["p"] == 1.0 and list(told["pass_at"]) == ["1", "2"]
    assert told["pass_at"]["2"][0] == pytest.approx(1 / 3)


def test_only_an_evaluation_of_the_same_problems_can_be_compared_with() -> None:
    script(["\\boxed{2}"])
    run(benchmark(ROWS[:1]), out="before", k=1)
    script(["\\boxed{2}"])
    with pytest.raises(InputError, match="none of these problems"):
        run(benchmark(ROWS[1:2], "other.jsonl"), k=1, before="before")
