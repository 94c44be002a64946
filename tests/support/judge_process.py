"""The server of judges as a process of its own, and panels of its models."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from agentprop.config import VerifyConfig

SCRIPT = Path(__file__).with_name("judge_server.py")


class JudgeProcess:
    """Judges as a process of their own."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, str(SCRIPT), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}/v1"

    def model(self, name: str) -> str:
        return f"{name}@{self.url}"

    def panel(self, *names: str, **settings: Any) -> VerifyConfig:
        settings.setdefault("blind", False)
        if settings.get("auditor"):
            settings["auditor"] = self.model(settings["auditor"])
        return VerifyConfig(verifier=tuple(n if n == "builtin" else self.model(n) for n in names), **settings)

    def asked(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/ledger", timeout=30) as response:
            found: dict[str, int] = json.load(response)
        return found

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
