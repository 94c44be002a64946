"""Propose and verify as processes, with a model on loopback that misbehaves as configured."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from places import ENVIRONMENT
from propose_process import FEW

from agentprop.models.cache import ReplyCache
from agentprop.records import Problem, Reject, Trajectory
from agentprop.skills import bundled_directory
from agentprop.storage.run import StoredRun, open_run

SKILLS = [
    part for pattern in FEW for path in sorted(bundled_directory().glob(pattern)) for part in ("--skills", str(path))
]


class Workplace:
    """A directory with an agentprop.toml that names the model `m`, and the commands that use it."""

    def __init__(self, folder: Path, base_url: str, **settings: Any) -> None:
        self.folder, self.base_url = folder, base_url
        lines = {"base_url": base_url, "model": "m", "max_concurrency": 16, **settings}
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
        (folder / "agentprop.toml").write_text(f"[models.m]\n{text}", encoding="utf-8")

    def propose(self, out: str, n: int, *flags: str, workers: int = 1) -> list[str]:
        """The command that proposes `n` problems over a few skills."""
        return [
            sys.executable,
            "-m",
            "agentprop",
            "propose",
            "--proposer",
            "m",
            "--n",
            str(n),
            "--out",
            out,
            "--workers",
            str(workers),
            "--no-bundled-skills",
            *SKILLS,
            "--quiet",
            *flags,
        ]

    def verify(self, run: str, out: str, *flags: str) -> list[str]:
        """The command that has a run judged by three and audited by a fourth."""
        seats = [part for _ in range(3) for part in ("--verifier", "m")]
        return [
            sys.executable,
            "-m",
            "agentprop",
            "verify",
            run,
            "--out",
            out,
            *seats,
            "--auditor",
            "m",
            "--no-bundled-skills",
            *SKILLS,
            "--quiet",
            *flags,
        ]

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        """In a process group of its own."""
        return subprocess.Popen(
            command,
            env=ENVIRONMENT,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, command: Sequence[str], *, exit_code: int = 0) -> str:
        """Run a command to its end; returns its stderr."""
        process = self.start(command)
        _, errors = process.communicate()
        assert process.returncode == exit_code, errors
        return errors

    def killed(self, command: Sequence[str], kills: int, rng: random.Random, longest_s: float) -> int:
        """Start again and again, and kill at random moments after the work began; how many kills hit."""
        out = self.folder / command[command.index("--out") + 1]
        for hits in range(kills):
            process, before = self.start(command), self.asked()
            while process.poll() is None and self.asked() == before:
                _wait(process, 0.02)
            _wait(process, rng.uniform(0.0, longest_s))
            if process.poll() is not None:
                assert process.wait() == 0, process.communicate()[1]
                return hits
            process.kill()
            process.communicate()
            check_ids(open_run(out, warn=False))
        return kills

    def ledger(self) -> dict[str, dict[str, int]]:
        """Counts of the server: arrivals and answers by conversation, and faults."""
        with urllib.request.urlopen(f"{self.base_url}/ledger", timeout=30) as response:
            found: dict[str, dict[str, int]] = json.load(response)
        return found

    def asked(self) -> int:
        """Requests that came."""
        return sum(self.ledger()["arrivals"].values())

    def answered(self) -> int:
        """Requests that were answered as they should be."""
        return sum(self.ledger()["answered"].values())

    def stored(self, out: str) -> int:
        """Replies in the journal of a run."""
        cache = ReplyCache(self.folder / out / "models" / "replies.sqlite")
        try:
            return len(cache)
        finally:
            cache.close()


def _wait(process: subprocess.Popen[str], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def check_ids(run: StoredRun) -> None:
    """Check that no record is stored twice."""
    for kind in (Problem, Trajectory, Reject):
        found = [record.id for record in run.iter(kind)]
        assert len(set(found)) == len(found)


def content(run: StoredRun) -> list[tuple[str, str]]:
    """The problems, in order."""
    return [(kind.__name__, record.id) for kind in (Problem, Trajectory, Reject) for record in run.iter(kind)]


def check_proposals(run: StoredRun) -> dict[str, Any]:
    """in = accepted + rejected + failed, and every candidate is there once; the summary."""
    assert run.complete and run.summary is not None
    summary, rows = run.summary, run.rows
    assert summary["candidates"] == summary["accepted"] + summary["rejected"] + summary["failed"]
    assert (rows["problem"], rows.get("reject", 0)) == (summary["accepted"], summary["rejected"] + summary["failed"])
    indices = [int(p.index) for p in run.iter(Problem) if p.index is not None] + [int(r.item) for r in run.iter(Reject)]
    assert sorted(indices) == list(range(summary["candidates"]))
    assert sorted(t.task.index for t in run.iter(Trajectory)) == sorted(indices)
    return summary
