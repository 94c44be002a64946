"""export: only what V accepted, all of it accounted for, and on the disk at once or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from stored_runs import PROBER, Export, altered, difficulty, store
from toy_skills import skill_text

from agentprop.config import ExportConfig, ProposeConfig
from agentprop.errors import AgentpropError, InputError, RunError
from agentprop.records import Problem, Trajectory, Verdict
from agentprop.stages.export import run as export
from agentprop.stages.propose import run as propose
from agentprop.storage.run import open_run
from agentprop.training.data.splits import pairs_of

FORMATS = ("trl-sft", "trl-grpo", "trl-unpaired", "verl", "openai-chat", "verifiers", "jsonl", "dataset")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def judged(tmp_path: Path, problems: list[Problem], *words: str) -> list[str]:
    """A run of problems on which the verdicts are these words; an empty one is none."""
    pairs = list(zip(problems, words, strict=False))
    verdicts = [Verdict.model_validate({"problem_id": p.id, "value": w, "code": "x"}) for p, w in pairs if w]
    return [str(store(tmp_path / "judged", "propose", [*(p for p, _ in pairs), *verdicts]))]


# --- what is exported ---


def test_only_problems_that_were_found_valid_come_out(
    exported: Export, problems: list[Problem], tmp_path: Path
) -> None:
    source = judged(tmp_path, problems, "valid", "invalid", "undetermined", "", "valid")
    summary = exported("jsonl", "out.jsonl", source=source)
    assert [row["id"] for row in lines(tmp_path / "out.jsonl")] == [problems[0].id, problems[4].id]
    assert summary["rows"] == {"train": 2}
    assert summary["left_out"] == {"invalid": 1, "undetermined": 1, "no verdict": 1}


def test_the_last_verdict_counts_and_a_problem_comes_out_once(
    exported: Export, problems: list[Problem], tmp_path: Path
) -> None:
    first = judged(tmp_path, problems, "valid", "invalid")
    again = [
        Verdict(problem_id=problems[0].id, value="invalid", code="x"),
        Verdict(problem_id=problems[1].id, value="valid", code="agrees"),
        problems[1],
    ]
    later = str(store(tmp_path / "later", "verify", again))
    summary = exported("jsonl", "out.jsonl", source=[later, *first])
    assert [row["id"] for row in lines(tmp_path / "out.jsonl")] == [problems[1].id]
    assert summary["left_out"] == {"invalid": 1, "there before": 1}


def test_trajectories_of_other_problems_are_not_imitated(exported: Export, grouped: str, tmp_path: Path) -> None:
    exported("trl-sft", "out.jsonl", source=[grouped])
    text = (tmp_path / "out.jsonl").read_text("utf-8")
    assert len(text.splitlines()) == 4 and "<wrong>" not in text and "<lost>" not in text


def test_a_good_trajectory_whose_problem_was_refused_is_neither_good_nor_bad(
    exported: Export, problems: list[Problem], runs: list[str], tmp_path: Path
) -> None:
    trajectories = {t.id: t for t in open_run(runs[0]).iter(Trajectory)}
    first, second = problems[:2]
    records = [
        first,
        *(trajectories[p.trajectory_id or ""] for p in (first, second)),
        *(Verdict(problem_id=p.id, value="valid", code="agrees") for p in (first, second)),
    ]
    source = [str(store(tmp_path / "run", "propose", records))]  # the second resembles a benchmark, say
    assert exported("trl-sft", "a.jsonl", source=source)["rows"] == {"train": 1}
    summary = exported("trl-unpaired", "b.jsonl", source=source)
    assert summary["rows"] == {"train": 1} and summary["left_out"] == {"neither good nor at fault": 1}


def test_a_problem_without_its_trajectory_has_no_lesson(
    exported: Export, problems: list[Problem], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"nothing to export \(1 no trajectory\)"):
        exported("trl-sft", "out.jsonl", source=judged(tmp_path, problems, "valid"))


# --- difficulty ---


@pytest.mark.parametrize("format_", ["jsonl", "trl-grpo", "verl", "trl-sft"])
def test_a_band_of_difficulty_takes_what_lies_in_it_ends_included(
    exported: Export, problems: list[Problem], tmp_path: Path, format_: str
) -> None:
    summary = exported(format_, "out.jsonl", difficulty="0.25..0.5")
    wanted = [p.id for number, p in enumerate(problems) if 4 <= number % 17 <= 8]
    assert summary["rows"] == {"train": len(wanted)}
    assert summary["left_out"] == {"outside the band of difficulty": len(problems) - len(wanted)}
    if format_ == "jsonl":
        rows = lines(tmp_path / "out.jsonl")
        assert [row["id"] for row in rows] == wanted
        assert {row["prober"] for row in rows} == {PROBER} and {row["attempts"] for row in rows} == {16}


def test_a_band_needs_measurements(exported: Export, runs: list[str]) -> None:
    with pytest.raises(InputError, match="no difficulty was measured"):
        exported("trl-grpo", "out.jsonl", source=runs[:2], difficulty="0..1")


def test_the_prober_that_is_asked_for_decides(exported: Export, problems: list[Problem], tmp_path: Path) -> None:
    source = judged(tmp_path, problems, "valid", "valid")
    weak = [difficulty(problems[0], 0, "weak"), difficulty(problems[1], 8, "weak")]
    strong = [difficulty(problems[0], 8, "strong")]
    source += [str(store(tmp_path / "w", "probe", weak)), str(store(tmp_path / "s", "probe", strong))]

    def of(out: str, **settings: Any) -> list[str]:
        exported("jsonl", out, source=source, difficulty="0.5..0.5", **settings)
        return [row["id"] for row in lines(tmp_path / out)]

    assert of("last.jsonl") == [problems[0].id, problems[1].id]
    assert of("weak.jsonl", measured_by="weak") == [problems[1].id]
    summary = exported("jsonl", "s.jsonl", source=source, difficulty="0.5..0.5", measured_by="strong")
    assert summary["left_out"] == {"difficulty not measured": 1}
    with pytest.raises(InputError, match="measured by gpt"):
        of("none.jsonl", measured_by="gpt")


# --- splits ---


@pytest.mark.parametrize("format_", ["jsonl", "trl-sft", "verl", "dataset", "verifiers", "trl-unpaired"])
def test_everything_is_in_one_split_or_left_out(exported: Export, problems: list[Problem], format_: str) -> None:
    summary = exported(format_, "out", held_out_share=0.1, held_out_level=4, validation_share=0.2)
    rows = summary["rows"]["problems"] if format_ == "dataset" else summary["rows"]
    came = len(problems) if format_ != "trl-unpaired" else sum(rows.values()) + sum(summary["left_out"].values())
    assert sum(rows.values()) + sum(summary["left_out"].values()) == came
    assert rows["train"] and rows["validation"]


def test_held_out_pairs_and_levels_stay_out_of_training(exported: Export, tmp_path: Path) -> None:
    exported("jsonl", "out", held_out_share=0.15, held_out_level=3)
    train = lines(tmp_path / "out" / "train.jsonl")
    assert {row["level"] for row in train} == {1, 2}
    known = {frozenset(pair) for row in train for pair in pairs_of(row["skills"])}
    skills = {name for row in train for name in row["skills"]}
    for path in (tmp_path / "out").glob("*.jsonl"):
        for row in lines(path) if path.stem not in ("train", "validation") else ():
            assert set(row["skills"]) <= skills
            new = [pair for pair in pairs_of(row["skills"]) if pair not in known]
            assert new if path.stem in ("compositional", "both") else row["level"] >= 3


def test_a_named_pair_is_held_out_and_told(exported: Export, problems: list[Problem], tmp_path: Path) -> None:
    whole = next(p for p in problems if len(p.skills) == 2)
    pair = whole.skills
    parts = [altered(whole, statement=f"{whole.statement} It is said of {name}.", skills=(name,)) for name in pair]
    source = judged(tmp_path, [whole, *parts], *["valid"] * 3)  # so that training knows both
    summary = exported("jsonl", "out", held_out=["+".join(pair)], source=source)
    receipt = json.loads((tmp_path / "out" / "export.json").read_text("utf-8"))
    assert receipt["held_out_pairs"] == ["+".join(sorted(pair))] and summary["held_out_pairs"] == 1
    held = lines(tmp_path / "out" / "compositional.jsonl")
    assert all(set(pair) <= set(row["skills"]) for row in held) and held
    assert "+".join(sorted(pair)) in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_a_pair_that_nothing_has_is_a_typing_mistake(exported: Export, problems: list[Problem]) -> None:
    first, second, *_ = next(problem.skills for problem in problems if len(problem.skills) > 1)
    with pytest.raises(InputError, match=f"has the skill {first}x") as caught:
        exported("jsonl", "out", held_out=[f"{first}x+{second}"])
    assert caught.value.hint == f"did you mean {first}?"


def test_a_trajectory_counts_with_every_skill_it_showed(
    exported: Export, runs: list[str], problems: list[Problem], tmp_path: Path
) -> None:
    kept = {p.id: set(p.skills) for p in problems}
    pruned = next(
        t
        for t in open_run(runs[0]).iter(Trajectory)
        if t.problem_id in kept and len(t.task.skill_names) > 1 and set(t.task.skill_names) - kept[t.problem_id]
    )
    gone = "+".join(pruned.task.skill_names[:2])
    exported("trl-sft", "out", held_out=[gone])
    assert pruned.turns[-1].message not in (tmp_path / "out" / "train.jsonl").read_text("utf-8")


def test_a_split_is_the_same_whatever_else_is_exported(exported: Export, tmp_path: Path) -> None:
    exported("jsonl", "all", validation_share=0.3)
    exported("jsonl", "some", validation_share=0.3, limit=15)
    all_, some = ({row["id"] for row in lines(tmp_path / name / "validation.jsonl")} for name in ("all", "some"))
    assert some and some < all_


# --- output places ---


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_command_writes_the_same_bytes(exported: Export, tmp_path: Path, format_: str) -> None:
    for name in ("one/x", "two/x"):
        exported(format_, name, validation_share=0.2)
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file())
    assert len(files) >= 3
    for path in files:
        if path.name != "README.md":  # the card names the directory to load from
            assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


@pytest.mark.parametrize("format_", ["jsonl", "trl-grpo", "trl-sft", "verl"])
def test_parquet_and_json_lines_say_the_same(exported: Export, tmp_path: Path, format_: str) -> None:
    exported(format_, "rows.jsonl")
    exported(format_, "rows.parquet")
    assert pq.read_table(tmp_path / "rows.parquet").to_pylist() == lines(tmp_path / "rows.jsonl")


def test_a_file_with_splits_becomes_one_for_each(exported: Export, tmp_path: Path) -> None:
    summary = exported("jsonl", "out.jsonl", validation_share=0.3)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.train.jsonl", "out.validation.jsonl"]
    assert len(lines(tmp_path / "out.train.jsonl")) == summary["rows"]["train"]


def test_what_is_there_stays_unless_it_is_to_be_replaced(exported: Export, tmp_path: Path) -> None:
    exported("jsonl", "out.jsonl", limit=3)
    exported("jsonl", "dir", limit=3)
    for out in ("out.jsonl", "dir"):
        with pytest.raises(RunError, match="exists already"):
            exported("jsonl", out, limit=5)
    assert len(lines(tmp_path / "out.jsonl")) == 3
    exported("jsonl", "out.jsonl", validation_share=0.3, fresh=True)
    assert not (tmp_path / "out.jsonl").exists()
    exported("jsonl", "out.jsonl", limit=5, fresh=True)
    exported("trl-grpo", "dir", limit=5, fresh=True)
    assert len(lines(tmp_path / "out.jsonl")) == 5
    assert len(lines(tmp_path / "dir" / "train.jsonl")) == 5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dir", "out.jsonl"]


def test_a_directory_that_holds_anything_else_is_never_replaced(exported: Export, tmp_path: Path) -> None:
    exported("jsonl", "dir", limit=3)
    (tmp_path / "dir" / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match=r"no export wrote \(notes\.txt\)"):
        exported("jsonl", "dir", fresh=True)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "data.csv").write_text("1")
    with pytest.raises(RunError, match=r"data\.csv"):
        exported("jsonl", "foreign", fresh=True)
    assert (tmp_path / "dir" / "notes.txt").read_text() == "mine"


def test_an_export_that_fails_leaves_nothing_behind(exported: Export, problems: list[Problem], tmp_path: Path) -> None:
    huge = altered(problems[0], statement="x")
    source = judged(tmp_path, [huge], "invalid")
    with pytest.raises(InputError):
        exported("trl-preference", "out", source=source)
    with pytest.raises(InputError, match=r"nothing to export \(1 invalid\)"):
        exported("jsonl", "other.jsonl", source=source)
    assert [p.name for p in tmp_path.iterdir()] == ["judged"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_cannot_be_written_is_told(exported: Export, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(RunError, match="permission denied"):
        exported("jsonl", "closed/out.jsonl")


@pytest.mark.parametrize(
    ("format_", "out", "complaint"),
    [
        ("dataset", "out.parquet", "is written as a directory"),
        ("jsonl", "out.csv", "cannot write a file such as"),
        ("verifiers", "-", "is written as a directory"),
    ],
)
def test_a_place_of_the_wrong_kind_is_refused(runs: list[str], format_: Any, out: str, complaint: str) -> None:
    with pytest.raises(AgentpropError, match=complaint):
        export.run(ExportConfig(format=format_), runs, out)


def test_lines_go_to_a_pipe(runs: list[str], problems: list[Problem], capsys: pytest.CaptureFixture[str]) -> None:
    summary = export.run(ExportConfig(format="trl-grpo", limit=2), runs, "-")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["solution"] for row in rows] == [p.answer for p in problems[:2]]
    assert summary["left_out"] == {"over the limit": 38}
    with pytest.raises(InputError, match="one pipe"):
        export.run(ExportConfig(format="trl-grpo", validation_share=0.5), runs, "-")


def test_pairs_need_several_tries_at_a_task(
    exported: Export, runs: list[str], problems: list[Problem], grouped: str, tmp_path: Path
) -> None:
    made = {one.id: one for one in open_run(runs[0]).iter(Trajectory)}
    shortest = min(problems, key=lambda problem: len(made[problem.trajectory_id or ""].turns))
    verdict = Verdict(problem_id=shortest.id, value="valid", code="agrees")
    alone = store(tmp_path / "alone", "propose", [shortest, made[shortest.trajectory_id or ""], verdict])
    with pytest.raises(InputError, match="without a partner") as caught:
        exported("trl-preference", "none", source=[str(alone)])
    assert "trl-unpaired" in (caught.value.hint or "")
    summary = exported("trl-preference", "out.jsonl", source=[grouped])
    assert summary["rows"] == {"train": 4} and summary["left_out"] == {"without a partner from the same task": 4}


HALF = skill_text(
    "half",
    """
    parameters:
      n: {kind: integer, min: 2, max: 99}
    output: {kind: integer}
    phrasings:
      - {ask: "Find half of the whole number <n>."}
      - {ask: "Which number is half of <n>?"}
    value: ["the half of the number <n>"]
    """,
)


def test_the_built_in_proposer_makes_pairs_if_it_tries_a_task_more_than_once(exported: Export, tmp_path: Path) -> None:
    """A skill that fails for most numbers: some candidates of a task find one that will do, and others give up."""
    (tmp_path / "toy-half" / "scripts").mkdir(parents=True)
    (tmp_path / "toy-half" / "SKILL.md").write_text(HALF)
    fails = "def solve(n):\n    if n % 9:\n        raise ValueError(n)\n    return n // 2\n"
    script = f"{fails}\n\ndef check(n):\n    return solve(n)\n"
    (tmp_path / "toy-half" / "scripts" / "skill.py").write_text(script)
    library = {"skills": (str(tmp_path / "toy-half"),), "bundled_skills": False}
    propose.run(ProposeConfig(n=3, tries=12, workers=1, **library), str(tmp_path / "run"), quiet=True)
    made = list(open_run(tmp_path / "run").iter(Trajectory))
    assert len({(one.system, one.prompt) for one in made}) == 1 and len({one.task_id for one in made}) == len(made)
    pairs = exported("trl-preference", "out.jsonl", source=[str(tmp_path / "run")])["rows"]["train"]
    good = sum(one.problem_id is not None for one in made)
    assert pairs == min(good, len(made) - good) > 0
    [row, *_] = lines(tmp_path / "out.jsonl")
    assert "submit" in row["chosen"][-1]["content"] and row["chosen"] != row["rejected"]


# --- what is told ---


def test_a_card_tells_what_it_is_who_made_it_and_what_was_left_out(exported: Export, tmp_path: Path) -> None:
    exported("dataset", "my data", difficulty="0.1..0.9", license="cc-by-4.0")
    text = (tmp_path / "my data" / "README.md").read_text("utf-8")
    front = yaml.safe_load(text.split("---")[1])
    assert front["license"] == "cc-by-4.0" and front["size_categories"] == ["n<1K"]
    assert [c["config_name"] for c in front["configs"]] == ["problems", "trajectories"]
    assert (tmp_path / "my data" / front["configs"][0]["data_files"][0]["path"]).is_file()
    told = (
        "load_dataset(",
        "| propose | rejected",
        "outside the band of difficulty",
        f"| prober | {PROBER} |",
        "| proposer | builtin |",
        "| verifier | builtin |",
        "`pass_rate`",
        "in 0.1..0.9",
        '"n": 40',
    )
    assert [phrase for phrase in told if phrase not in text] == []


def test_a_receipt_names_the_runs_by_their_content(exported: Export, runs: list[str], tmp_path: Path) -> None:
    exported("verl", "out")
    receipt = json.loads((tmp_path / "out" / "export.json").read_text("utf-8"))
    assert receipt["runs"] == {path: open_run(path).fingerprint for path in runs}
    assert receipt["settings"]["format"] == "verl" and receipt["rows"] == {"train": 40}
    assert receipt["files"] == ["README.md", "train.parquet"]


# --- the command ---


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--format", "alpaca"], "there is no export format"),
        ([], "format is not set"),
        (["--format", "jsonl", "--difficulty", "0.8..0.2"], "difficulty must be LO..HI"),
        (["--format", "jsonl", "--held-out", "a"], "held_out must hold pairs"),
    ],
)
def test_a_mistake_in_the_settings_is_a_sentence(
    runs: list[str],
    arguments: list[str],
    complaint: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from agentprop.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["agentprop", "export", runs[0], "--out", "x", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1 and complaint in capsys.readouterr().err


# --- solutions ---


def test_solutions_go_to_formats_to_imitate_and_what_has_none_is_counted(
    exported: Export, problems: list[Problem], tmp_path: Path
) -> None:
    solved = [p for p in problems if p.solution is not None and p.solution.text][:2]
    bare = solved[1].model_copy(update={"solution": None})
    summary = exported(
        "trl-sft", "out.jsonl", source=judged(tmp_path, [solved[0], bare], "valid", "valid"), with_solutions=True
    )
    assert (summary["rows"], summary["left_out"]) == ({"train": 1}, {"without a solution": 1})
    [row] = lines(tmp_path / "out.jsonl")
    asked, told = row["messages"]
    assert (asked["role"], told["role"]) == ("user", "assistant")
    assert asked["content"].startswith(solved[0].statement)
    assert solved[0].answer in told["content"]


@pytest.mark.parametrize("format_", ["trl-grpo", "verl", "verifiers", "jsonl", "dataset", "trl-preference"])
def test_a_solver_of_question_and_answer_never_gets_solutions(format_: str, exported: Export) -> None:
    with pytest.raises(InputError, match="no place for a solution"):
        exported(format_, "out", with_solutions=True)


def test_the_built_in_proposer_gives_pairs_of_drafts(
    exported: Export, runs: list[str], problems: list[Problem], tmp_path: Path
) -> None:
    summary = exported("trl-drafts", "drafts.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "drafts.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == summary["rows"]["train"] > 0
    outcomes = {turn.message: turn.outcome for one in open_run(runs[0]).iter(Trajectory) for turn in one.turns}
    for row in rows:
        failed, passed = row["rejected"], row["chosen"]
        assert [m["role"] for m in failed] == [m["role"] for m in passed] == ["assistant", "user", "assistant"]
        assert (outcomes[failed[2]["content"]], outcomes[passed[2]["content"]]) == ("conflict", "ok")
        assert "idea stands" not in passed[0]["content"] and passed[0]["content"].startswith("<action:think>")
        assert failed[1] == passed[1]
