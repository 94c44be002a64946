"""extract by a model, end to end, against a server in another process: counts, packages, costs, bounds, kills."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from places import ENVIRONMENT, SUPPORT
from toy_corpus import NOTES, PADDING, ROWS, config

from agentprop import skills
from agentprop.composition.validation import validate
from agentprop.errors import BoundReached, ConfigError
from agentprop.models.cache import ReplyCache
from agentprop.records import Reject, Skill
from agentprop.sandbox import Sandbox
from agentprop.stages.extract import run as extract
from agentprop.storage.reader import open_run


def skill_of(run: Path, document: str) -> Skill:
    (found,) = (s for s in open_run(run).iter(Skill) if any(span.document == document for span in s.lineage))
    return found


def test_what_goes_in_comes_out_accepted_rejected_or_failed(done: Path) -> None:
    summary = open_run(done).summary or {}
    rejects = list(open_run(done).iter(Reject))
    assert summary["in"] == summary["accepted"] + summary["rejected"] + summary["failed"]
    assert summary["rejected"] + summary["failed"] == len(rejects) == len({one.item for one in rejects})
    assert summary["documents"] == len(ROWS) + 2 and summary["passages"] == summary["chunks"] == 10
    assert summary["distinct skills"] == 6 and summary["accepted"] == 7 and summary["merged"] == 1
    assert summary["scripts"] == {"written": 2, "accepted": 1}
    assert summary["reasons"] == {
        "nothing-proposed": 1,
        "low-quality": 1,
        "malformed": 1,
        "duplicate-document": 1,
        "not-json": 1,
    }
    assert summary["failed"] == 1 and all(one.message for one in rejects)


def test_the_packages_are_valid_and_say_where_they_are_from(done: Path, corpus: Path) -> None:
    library = skills.load([done], bundled=False)
    records = {skill.name: skill for skill in open_run(done).iter(Skill)}
    assert library.keys() == records.keys() and not skills.clashes(library)
    texts = {f"rows.jsonl#{i}": f"text: {row}{PADDING}" for i, row in enumerate(ROWS)} | {"notes.md#0": NOTES}
    for name, package in library.items():
        record = records[name]
        assert package.id == record.id and record.origin == "teacher" and 0.6 <= (record.quality or 0) <= 1
        assert record.made_by.name.startswith("toy@http") and record.made_by.prompt_hash and record.made_by.sampling
        words = {"PLAIN", "TWIN", "GARBLED", "WRONG", "ORDER"}
        assert all(words & set(texts[span.document][span.start : span.end].split()) for span in record.lineage)
        assert record.lineage


def test_a_script_is_kept_where_solve_and_check_agree_and_only_there(done: Path) -> None:
    right, wrong = skill_of(done, "rows.jsonl#7"), skill_of(done, "rows.jsonl#6")
    assert right.script is not None and right.evidence == "independent"
    assert wrong.script is None and wrong.evidence == "none"
    assert "solve gives" in json.loads(wrong.quality_parts or "{}")["script"]
    assert not (done / "skills" / wrong.name / "scripts").exists()
    package = skills.load([done], bundled=False)[right.name]
    with Sandbox(preload=()) as sandbox:
        report = validate(package, sandbox)
    assert not report.faults and report.draws >= 40


def test_twins_are_one_skill_with_the_lineage_of_both(done: Path) -> None:
    assert [span.document for span in skill_of(done, "rows.jsonl#0").lineage] == ["rows.jsonl#0", "rows.jsonl#1"]


def test_scripts_can_be_required(tmp_path: Path, corpus: Path, server: tuple[str, Path]) -> None:
    summary = extract.run(config(corpus, server[0], require_scripts=True), str(tmp_path / "run"), quiet=True)
    assert summary["distinct skills"] == 1 and summary["reasons"]["no-script"] == 6
    reasons = {r.item: r.message for r in open_run(tmp_path / "run").iter(Reject) if r.code == "no-script"}
    assert sum("the teacher wrote none" in message for message in reasons.values()) == 5
    assert sum("solve gives" in message for message in reasons.values()) == 1


def test_two_scripts_with_one_wording_are_not_both_kept(tmp_path: Path, server: tuple[str, Path]) -> None:
    source = tmp_path / "rows.jsonl"
    rows = ["ORDER SHARED lightning over beetles", "ORDER SHARED quiet harbour walls"]
    source.write_text("\n".join(json.dumps({"text": row}) for row in rows))
    summary = extract.run(config(source, server[0]), str(tmp_path / "run"), quiet=True)
    assert summary["distinct skills"] == 2 and summary["scripts"] == {"written": 2, "accepted": 1}
    first, second = (json.loads(s.quality_parts or "{}")["script"] for s in open_run(tmp_path / "run").iter(Skill))
    assert (first, second) == ("solve and check agree", "another skill has one of its wordings")


def test_what_was_spent_is_in_the_summary_by_role(done: Path, server: tuple[str, Path]) -> None:
    spending = (open_run(done).summary or {})["spending"]
    assert {role.partition(" ")[0] for role in spending["by_role"]} == {"teacher", "rater"}
    assert spending["tokens"] == 150 * spending["requests"] and spending["cost"] is None
    assert spending["per_accepted"]["tokens"] == pytest.approx(spending["tokens"] / 6)


def test_a_finished_run_asks_nobody_and_brings_lost_packages_back(
    done: Path, corpus: Path, server: tuple[str, Path]
) -> None:
    asked = len(server[1].read_text().splitlines())
    victim = next((done / "skills").iterdir()) / "SKILL.md"
    before = victim.read_bytes()
    victim.unlink()
    extract.run(config(corpus, server[0]), str(done), quiet=True)
    assert victim.read_bytes() == before and len(server[1].read_text().splitlines()) == asked


def test_a_bound_on_tokens_stops_it_and_a_higher_one_resumes(
    tmp_path: Path, corpus: Path, server: tuple[str, Path], done: Path
) -> None:
    out = tmp_path / "run"
    with pytest.raises(BoundReached, match="--max-tokens 1000"):
        extract.run(config(corpus, server[0], max_tokens=1000), str(out), quiet=True)
    partial = open_run(out)
    assert not partial.complete and 900 <= (partial.summary or {})["spending"]["tokens"] <= 1200
    summary = extract.run(config(corpus, server[0], max_tokens=10**6), str(out), quiet=True)
    assert contents(out) == contents(done)
    assert summary["spending"]["requests"] == (open_run(done).summary or {})["spending"]["requests"]


def test_a_bound_on_money_without_a_price_is_refused(tmp_path: Path, corpus: Path, server: tuple[str, Path]) -> None:
    with pytest.raises(ConfigError, match="prices"):
        extract.run(config(corpus, server[0], max_cost=1.0), str(tmp_path / "run"), quiet=True)


def test_an_unknown_model_is_refused_before_anything_is_written(tmp_path: Path, corpus: Path) -> None:
    with pytest.raises(ConfigError, match="there is no model nobody"):
        extract.run(config(corpus, "nobody"), str(tmp_path / "run"), quiet=True)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("setting", [{"chunk_skills": 2}, {"min_quality": 0.1}, {"temperature": 0.5}])
def test_settings_that_change_the_result_are_refused_on_resuming(
    setting: dict[str, object], done: Path, corpus: Path, server: tuple[str, Path]
) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        extract.run(config(corpus, server[0], **setting), str(done), quiet=True)


def contents(run: Path) -> tuple[list[tuple[str, str]], list[str]]:
    stored = open_run(run)
    made = [(skill.id, json.dumps([span.model_dump() for span in skill.lineage])) for skill in stored.iter(Skill)]
    return made, sorted(reject.id for reject in stored.iter(Reject))


def replies(out: Path) -> int:
    with contextlib.closing(ReplyCache(out / "models" / "replies.sqlite")) as cache:
        return len(cache)


def bought(out: Path, count: int) -> bool:
    path = out / "models" / "replies.sqlite"
    return path.exists() and path.stat().st_size > 0 and replies(out) >= count


def journalled(out: Path, count: int) -> bool:
    path = out / ".agentprop" / "journal.jsonl"
    return path.exists() and len(path.read_text().splitlines()) >= count


@pytest.mark.parametrize(("reached", "count"), [(bought, 1), (bought, 9), (journalled, 8)])
def test_a_killed_run_resumes_to_the_same_content_and_pays_once(
    reached: Callable[[Path, int], bool], count: int, tmp_path: Path, corpus: Path, server: tuple[str, Path], done: Path
) -> None:
    out = tmp_path / "run"
    command = [sys.executable, str(SUPPORT / "teach_process.py"), str(corpus), server[0], str(out)]
    process = subprocess.Popen(command, env=ENVIRONMENT)
    while process.poll() is None and not reached(out, count):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    extract.run(config(corpus, server[0]), str(out), quiet=True)
    assert contents(out) == contents(done)
    assert replies(out) == replies(done)


def test_the_command_prints_the_run_and_streams_records(tmp_path: Path, corpus: Path, server: tuple[str, Path]) -> None:
    command = [sys.executable, "-m", "agentprop", "extract", str(corpus / "notes.md"), "--teacher", server[0], "--out"]
    ran = subprocess.run(
        [*command, "run", "--quiet"], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0 and ran.stdout == "run\n" and ran.stderr == ""
    check = [sys.executable, "-m", "agentprop", "skills", "validate", "run"]
    checked = subprocess.run(check, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0, checked.stdout
    shown = [sys.executable, "-m", "agentprop", "show", "run"]
    shown_run = subprocess.run(shown, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert shown_run.returncode == 0 and "distinct skills" in shown_run.stdout
