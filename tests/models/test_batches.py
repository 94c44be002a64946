"""Requests through a batch API: gathered, sent, waited for, and found again after a kill."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from batching import ask, ledger
from places import ENVIRONMENT, SUPPORT
from servers import running

from agentprop.models.chat import Reply
from agentprop.models.failures import FailureKind, ModelFailure


def test_requests_go_together_and_cost_half(tmp_path: Path) -> None:
    with running("batch_server.py") as base_url:
        found, meter = asyncio.run(ask(base_url, tmp_path, [f"request {i}" for i in range(50)]))
        assert [reply.text for reply in found if isinstance(reply, Reply)] == [f"reply {i}" for i in range(50)]
        assert ledger(base_url)["batches"] == 1
    assert meter.total().cost == 50 * (10 * 1.0 + 5 * 2.0)


def test_failed_and_missing_lines_are_asked_again_or_given_up_with_their_reason(tmp_path: Path) -> None:
    texts = ["request 1", "request 2, fault: busy", "request 3, fault: missing", "request 4, fault: refused"]
    with running("batch_server.py") as base_url:
        found, meter = asyncio.run(ask(base_url, tmp_path, texts))
        assert sum(ledger(base_url)["answered"].values()) == 3
    refused = found.pop()
    assert [reply.text for reply in found if isinstance(reply, Reply)] == ["reply 1", "reply 2", "reply 3"]
    assert isinstance(refused, ModelFailure) and refused.kind is FailureKind.REFUSED
    assert "the input was flagged" in refused.message
    assert (meter.failures["rate_limit"], meter.failures["given_up"], meter.total().requests) == (1, 1, 3)


def test_a_batch_whose_creation_was_not_confirmed_is_found_and_not_sent_again(tmp_path: Path) -> None:
    with running("batch_server.py") as base_url:
        found, _ = asyncio.run(ask(base_url, tmp_path, ["request 1", "request 2, fault: crash"]))
        assert [reply.text for reply in found if isinstance(reply, Reply)] == ["reply 1", "reply 2"]
        assert ledger(base_url)["batches"] == 1


RUN = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from batching import ask
found, _ = asyncio.run(ask(sys.argv[1], Path(sys.argv[2]), [f"request {i}" for i in range(20)]))
print(len(found))
"""


def test_a_run_that_is_killed_finds_its_batch_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    with running("batch_server.py", "1000000") as base_url:
        command = [sys.executable, "-c", RUN, base_url, str(tmp_path), str(SUPPORT)]
        with subprocess.Popen(command, env=ENVIRONMENT) as process:
            deadline = time.monotonic() + 60
            while not ledger(base_url)["batches"] and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            process.kill()
        assert ledger(base_url)["batches"] == 1
        urllib.request.urlopen(f"{base_url}/end", timeout=30).close()
        found, meter = asyncio.run(ask(base_url, tmp_path, [f"request {i}" for i in range(20)]))
        again, after = asyncio.run(ask(base_url, tmp_path, [f"request {i}" for i in range(20)]))
        assert ledger(base_url)["batches"] == 1
        assert set(ledger(base_url)["answered"].values()) == {1}
    assert len(found) == len(again) == meter.total().requests == after.total().requests == after.hits == 20


@pytest.mark.parametrize("cut", [1, 7, 30])
def test_a_ledger_whose_last_line_was_cut_off_is_read_up_to_there(tmp_path: Path, cut: int) -> None:
    from agentprop.models.batches import BatchLedger

    path = tmp_path / "batches.jsonl"
    first = BatchLedger(path, "m")
    first.note("a", keys=["k1", "k2"])
    first.note("a", id="batch-1")
    first.note("b", keys=["k3"])
    path.write_bytes(path.read_bytes()[:-cut])
    BatchLedger(path, "m").note("c", keys=["k4"])
    found = BatchLedger(path, "m")
    assert {name: batch.id for name, batch in found.batches.items()} == {"a": "batch-1", "c": None}
    assert BatchLedger(path, "other").batches == {}


def test_a_stage_asks_in_batches_where_the_model_says_so(tmp_path: Path) -> None:
    rows = [{"question": f"What is {i} plus {42 - i}?", "answer": "42"} for i in range(6)]
    rows += [{"question": "What is 1 plus 1? fault: refused", "answer": "2"}]
    (tmp_path / "q.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    with running("batch_server.py") as base_url:
        (tmp_path / "agentprop.toml").write_text(
            f'[models.toy]\nbase_url = "{base_url}"\nbatch = "openai"\nbatch_poll_s = 0.05\n'
            "price_in = 1.0\nprice_out = 1.0\n"
        )
        command = [sys.executable, "-m", "agentprop", "evaluate", "q.jsonl", "--model", "toy", "--k", "2"]
        command += ["--out", "run"]
        done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        assert ledger(base_url)["batches"] <= 3
        assert set(ledger(base_url)["answered"].values()) == {1}
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["spending"]["cost"] == pytest.approx(6 * 20 / 2 / 1e6)
    assert "the input was flagged" in next(iter(summary["spending"]["servers_said"]))
