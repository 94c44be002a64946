"""Stages whose models are asked in batches, against a server that plays the API: accounts, failed lines, and kills."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from batching import ledger
from places import ENVIRONMENT
from probe_problems import problem, store
from servers import running
from toy_corpus import PADDING

from agentprop.config import ExtractConfig, ProbeConfig, VerifyConfig
from agentprop.records import Attempt, Reject, Skill
from agentprop.stages.common.panel import PanelModels, voters_of
from agentprop.stages.extract import run as extract
from agentprop.stages.probe import run as probe
from agentprop.stages.verify import run as verify
from agentprop.storage.reader import open_run

FAULTS = ("none", "busy", "missing", "expired", "refused")
"""What becomes of the lines of a problem or passage: all but the last are asked again and answered."""

TOPICS = (
    "pigeons find holes in drawers",
    "bridges separate connected networks",
    "mirrors double angular displacement",
    "glaciers carve hanging valleys",
    "queues drain by exponential clocks",
)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server, in a directory with problems, passages, and models that ask it in batches."""
    monkeypatch.chdir(tmp_path)
    with running("batch_server.py") as base_url:
        write_inputs(tmp_path, base_url, FAULTS)
        yield base_url


def write_inputs(folder: Path, base_url: str, faults: tuple[str, ...]) -> None:
    table = f'base_url = "{base_url}"\nbatch = "openai"\nbatch_poll_s = 0.05\nprice_in = 1.0\nprice_out = 1.0\n'
    (folder / "agentprop.toml").write_text(f"[models.roles]\n{table}[models.teacher]\n{table}")
    numbered = list(enumerate(faults, 1))
    asked = "What is the value of ${k} + {k}^2$? fault: {fault}"
    made = [problem(k, answer=str(k + k * k), statement=asked.format(k=k, fault=fault)) for k, fault in numbered]
    store(folder / "problems", made)
    rows = [f"PLAIN {TOPICS[k - 1]} fault: {fault} {PADDING}" for k, fault in numbered]
    (folder / "notes.jsonl").write_text("".join(json.dumps({"text": row}) + "\n" for row in rows))


def run_verify(out: str) -> dict[str, Any]:
    return verify.run(VerifyConfig(verifier=("roles", "roles")), "problems", out, quiet=True)


def run_probe(out: str) -> dict[str, Any]:
    return probe.run(ProbeConfig(prober=("roles",), k=4), "problems", out, quiet=True)


def run_extract(out: str) -> dict[str, Any]:
    config = ExtractConfig(sources=("notes.jsonl",), teacher="teacher", workers=1, chunk_characters=300)
    return extract.run(config, out, quiet=True)


def check_paid_once(summary: dict[str, Any], base_url: str) -> None:
    """Every request was answered once, and what was paid is what was answered: half of one per million tokens."""
    answered = ledger(base_url)["answered"]
    spent = summary["spending"]
    assert set(answered.values()) == {1} and spent["requests"] == len(answered)
    assert spent["cost"] == pytest.approx(spent["tokens"] / 2 / 1e6)


def check_asked_together(summary: dict[str, Any], base_url: str) -> None:
    """There were fewer batches than requests, those included that failed; how they meet is a matter of time."""
    told = ledger(base_url)
    assert told["batches"] < len(told["answered"]) + sum(summary["spending"]["failures"].values())


def test_verify_asks_in_batches_and_a_refused_line_is_no_vote(server: str) -> None:
    summary = run_verify("out")
    assert summary["reasons"] == {"valid: agrees": 4, "undetermined: request_refused": 1}
    attempts = list(open_run("out").iter(Attempt))
    refused = [one for one in attempts if one.vote is None]
    assert len(attempts) == 10 and len(refused) == 2
    assert all("the input was flagged" in (one.rationale or "") for one in refused)
    check_paid_once(summary, server)
    # a refused request is asked once with a schema and once without
    assert summary["spending"]["failures"] == {"rate_limit": 2, "server": 4, "refused": 4, "given_up": 4}
    check_asked_together(summary, server)


def test_probe_asks_for_all_attempts_of_all_problems_in_one_batch(server: str) -> None:
    summary = run_probe("out")
    assert (summary["accepted"], summary["failed"], summary["reasons"]) == (4, 1, {"unmeasured": 1})
    assert summary["attempts"]["correct"] == summary["attempts"]["wrong"] == 8
    check_paid_once(summary, server)
    assert "the input was flagged" in next(iter(summary["spending"]["servers_said"]))
    check_asked_together(summary, server)


def test_extract_asks_teacher_and_rater_in_batches_and_says_which_passage_was_refused(server: str) -> None:
    summary = run_extract("out")
    run = open_run("out")
    assert len(list(run.iter(Skill))) == summary["distinct skills"] == 4
    (reject,) = run.iter(Reject)
    assert reject.item.startswith("notes.jsonl#4") and "the input was flagged" in reject.message
    assert summary["in"] == summary["accepted"] + summary["rejected"] + summary["failed"] == 5
    check_paid_once(summary, server)
    assert {role.split()[0] for role in summary["spending"]["by_role"]} == {"teacher", "rater"}


def test_a_panel_waits_for_batches_only_if_its_stage_can(server: str) -> None:
    config = VerifyConfig(verifier=("roles",))
    with ExitStack() as stack:
        direct, batched = (PanelModels(config, voters_of(config), None, stack, batched=b) for b in (False, True))
        assert (direct.concurrency, batched.concurrency) == (2 * 64, 2 * 10_000)
        assert not direct.judge(voters_of(config)[0]).model.channel.batched


COMMANDS: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "verify": ("verify problems --verifier roles --verifier roles --out out", run_verify),
    "probe": ("probe problems --prober roles --k 4 --out out", run_probe),
    "extract": (
        "extract notes.jsonl --teacher teacher --workers 1 --set chunk_characters=300 --out out",
        run_extract,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("stage", COMMANDS)
def test_a_stage_that_is_killed_while_it_waits_finds_its_batch_and_pays_for_nothing_twice(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words, again = COMMANDS[stage]
    with running("batch_server.py", "1000000") as base_url:
        write_inputs(tmp_path, base_url, ("none",) * 5)
        with subprocess.Popen([sys.executable, "-m", "agentprop", *words.split()], env=ENVIRONMENT) as process:
            deadline = time.monotonic() + 300
            while not ledger(base_url)["batches"] and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            process.kill()
        assert ledger(base_url)["batches"] == 1
        urllib.request.urlopen(f"{base_url}/end", timeout=30).close()
        paid = len(ledger(base_url)["answered"])
        summary = again("out")
        assert paid > 0
        check_paid_once(summary, base_url)
    assert not summary["spending"]["failures"]
