"""Starts a local server and waits to be ended: `python hold_server.py LOG BEHAVIOUR`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from agentprop.models.local import serving
from agentprop.models.settings import ModelSettings

FAKE = str(Path(__file__).with_name("fake_serve.py"))


def settings_of(behaviour: str, **others: object) -> ModelSettings:
    command = (sys.executable, FAKE, behaviour)
    return ModelSettings.model_validate({"model": "toy/model", "serve_command": command, **others})


if __name__ == "__main__":
    with serving(settings_of(sys.argv[2]), Path(sys.argv[1])):
        print("ready", flush=True)
        time.sleep(600)
