"""The stage end to end: everything accounted for, valid packages, the same content however often it was killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import ROOT, SUPPORT

from agentprop import skills
from agentprop.config import ExtractConfig
from agentprop.errors import AgentpropError, InputError
from agentprop.records import Reject, Skill
from agentprop.stages.extract import mining
from agentprop.stages.extract import run as extract
from agentprop.stages.extract.merge import merge
from agentprop.storage.reader import open_run

EXAMPLES = str(ROOT / "examples" / "corpora")
CORPORA = ROOT.parent / "shared" / "corpora"


def config(*sources: str, **settings: object) -> ExtractConfig:
    return ExtractConfig.model_validate({"sources": sources, "workers": 1, **settings})


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("extract") / "run"
    extract.run(config(EXAMPLES), str(out), quiet=True)
    return out


def content(out: Path) -> tuple[list[str], list[str]]:
    run = open_run(out)
    return [skill.id for skill in run.iter(Skill)], sorted(reject.id for reject in run.iter(Reject))


def test_every_document_is_in_a_lineage_or_among_the_rejects(done: Path) -> None:
    run = open_run(done)
    summary = run.summary or {}
    in_skills = [span.document for skill in run.iter(Skill) for span in skill.lineage]
    rejected = [reject.item for reject in run.iter(Reject)]
    assert len(in_skills) == summary["accepted"] and len(rejected) == summary["rejected"]
    assert len(in_skills) + len(rejected) == summary["documents"] == len({*in_skills, *rejected})
    assert summary["failed"] == 0 and all(reject.message for reject in run.iter(Reject))


def test_parts_give_the_skills_of_an_undivided_extraction(
    done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("common.partitions", "extract.merge"):
        monkeypatch.setattr(f"agentprop.stages.{module}.BLOCK", 7)
    for number in (1, 0, 2):
        extract.run(config(EXAMPLES, partitions=3, partition=number), str(tmp_path / "run"), quiet=True)
    summary = merge(str(tmp_path / "run"), quiet=True)
    assert content(tmp_path / "run") == content(done)
    assert summary == (open_run(done).summary or {})
    assert merge(str(tmp_path / "run"), quiet=True) == summary


def test_most_examples_become_skills_that_can_be_loaded(done: Path) -> None:
    summary = open_run(done).summary or {}
    assert summary["accepted"] >= 50
    library = skills.load([done], bundled=False)
    assert len(library) == summary["distinct skills"]
    assert not skills.clashes(library)
    by_record = {skill.name: skill for skill in open_run(done).iter(Skill)}
    for name, package in library.items():
        assert package.id == by_record[name].id
        assert package.spec.evidence == by_record[name].evidence == "self-consistent"
        assert 0.5 <= (by_record[name].quality or 0) <= 1 and json.loads(by_record[name].quality_parts or "{}")


def test_a_finished_run_is_not_done_again_but_lost_packages_come_back(done: Path) -> None:
    before = content(done)
    victim = next((done / "skills").iterdir())
    (victim / "SKILL.md").unlink()
    extract.run(config(EXAMPLES), str(done), quiet=True)
    assert content(done) == before and (victim / "SKILL.md").exists()


def test_changed_settings_or_sources_are_refused(done: Path, tmp_path: Path) -> None:
    with pytest.raises(AgentpropError, match="min_quality"):
        extract.run(config(EXAMPLES, min_quality=0.9), str(done), quiet=True)
    source = tmp_path / "one.jsonl"
    source.write_text(json.dumps({"question": "What is 2 + 3?", "answer": "5"}))
    extract.run(config(str(source)), str(tmp_path / "run"), quiet=True)
    source.write_text(json.dumps({"question": "What is 2 + 4?", "answer": "6"}))
    with pytest.raises(AgentpropError):
        extract.run(config(str(source)), str(tmp_path / "run"), quiet=True)


def test_a_higher_threshold_rejects_with_the_parts_of_the_quality(tmp_path: Path) -> None:
    source = str(ROOT / "examples" / "corpora" / "market_day.csv")
    summary = extract.run(config(source, min_quality=1.0), str(tmp_path / "run"), quiet=True)
    assert summary["distinct skills"] == 0
    messages = [r.message for r in open_run(tmp_path / "run").iter(Reject) if r.code == "low-quality"]
    assert messages and all("freedom" in message and "coverage" in message for message in messages)


def test_documents_that_repeat_are_counted_once(tmp_path: Path) -> None:
    row = json.dumps(
        {
            "question": "Ida has 45 pens and loses 12 of them. How many pens does she have left?",
            "answer": "45-12=<<45-12=33>>33\n#### 33",
        }
    )
    other = row.replace("45", "47").replace("33", "35")
    source = tmp_path / "twice.jsonl"
    source.write_text(f"{row}\n{row}\n{other}\n")
    summary = extract.run(config(str(source)), str(tmp_path / "run"), quiet=True)
    assert summary["reasons"] == {"duplicate-document": 1}
    (skill,) = open_run(tmp_path / "run").iter(Skill)
    assert [span.document for span in skill.lineage] == ["twice.jsonl#0", "twice.jsonl#2"]
    assert skill.skill_md.count("scene:") == 1


STAMPS = {
    "question": "Lea has 45 stamps and loses 12 of them. How many stamps does she have left?",
    "solution": "45 - 12 = 33",
    "answer": "33",
}


def test_what_was_read_and_what_was_not_is_in_summary_and_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "good.jsonl").write_text(json.dumps(STAMPS))
    (tmp_path / "corpus" / "cut.parquet").write_bytes(b"PAR1")
    (tmp_path / "corpus" / "README.md").write_text("Problem: none")
    summary = extract.run(config(str(tmp_path / "corpus")), str(tmp_path / "run"))
    sources = summary["sources"]
    assert sources["files"] == 2 and sources["files left out"] == {"about the corpus": 1}
    assert "truncated or damaged" in sources["unreadable files"]["cut.parquet"]
    assert sources["layouts"][0]["taken"]["solution"] == "solution, 1 of 1"
    assert summary["accepted"] == 1 and summary["reasons"] == {"unreadable-file": 1}
    log = (tmp_path / "run" / "log.txt").read_text()
    assert "cut.parquet was not read" in log and "good.jsonl (JSON lines): question = question, 1 of 1" in log
    assert "good.jsonl (JSON lines): question = question, 1 of 1" in capsys.readouterr().err


def test_questions_that_need_more_than_their_text_are_refused_for_that(tmp_path: Path) -> None:
    rows = [
        STAMPS,
        {**STAMPS, "question": "In the figure, " + STAMPS["question"]},
        {**STAMPS, "question": "![stamps](a.png) " + STAMPS["question"]},
    ]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    summary = extract.run(config(str(tmp_path / "corpus.jsonl")), str(tmp_path / "run"), quiet=True)
    assert summary["reasons"] == {"needs-figure": 1, "needs-image": 1} and summary["accepted"] == 1


def test_a_missing_source_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        extract.run(config(str(tmp_path / "nowhere.jsonl")), str(tmp_path / "run"), quiet=True)
    assert not (tmp_path / "run").exists()


def start(out: Path) -> subprocess.Popen[bytes]:
    driver = str(SUPPORT / "extract_in_process.py")
    return subprocess.Popen([sys.executable, driver, EXAMPLES, str(out)], env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_a_killed_extraction_resumes_to_the_same_content(done: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    for segments in (1, 4, 9):
        process = start(out)
        journal = out / ".agentprop" / "journal.jsonl"
        while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") >= segments):
            time.sleep(0.01)
        process.kill()
        process.wait()
        assert not (out / "manifest.json").exists() or segments == 9
    assert start(out).wait() == 0
    assert content(out) == content(done)
    assert sorted(p.name for p in (out / "skills").iterdir()) == sorted(p.name for p in (done / "skills").iterdir())
    assert not (out / mining.WORKING).exists()


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.is_dir(), reason="public corpora are not here")
def test_two_fifths_of_a_public_corpus_are_lifted_with_the_original_answer(tmp_path: Path) -> None:
    source = str(CORPORA / "gsm8k_train.jsonl")
    summary = extract.run(config(source, limit=400, workers=2), str(tmp_path / "run"), quiet=True)
    assert summary["original reproduced"] >= 160


def test_a_likely_wrong_answer_is_reported_with_what_was_found(tmp_path: Path) -> None:
    rows = [
        ("If $3x+5=26$, what is the value of $x$?", "7"),
        ("What is the greatest common factor of $84$ and $132$?", "6"),
        ("What is the sum of all solutions of $x^2-9x+14=0$?", "9"),
    ]
    source, out = tmp_path / "algebra.jsonl", tmp_path / "run"
    source.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in rows))
    summary = extract.run(config(str(source), audit_gold=True), str(out), quiet=True)
    (line,) = map(json.loads, (out / "gold_audit.jsonl").read_text().splitlines())
    assert summary["likely wrong answers"] == 1 and summary["accepted"] == 2
    assert (line["document"], line["gold"], line["found"]) == ("algebra.jsonl#1", "6", "12")
