"""Whole commands in which a chosen record fails, and packages of skills that attack who shares a process with them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from places import SOURCES, SUPPORT

from agentprop.cli.skills.new import scaffold

SABOTAGE = SUPPORT / "sabotage"
PRESENT = 'import sys\nif "tools" in sys.modules:\n'
"""Begins what only happens where a draft is tried or a problem judged, not in the survey of a library's values."""
FRAME = """
    import os
    for number in range(256):
        text = b'[%d,"ok",null,null,null,"","",true,["i","0x29a"],0.0,0.0]' % number
        os.write(3, len(text).to_bytes(4, "little") + text)
"""
ATTACKS = {
    "forges results": FRAME,
    "fills its output": "    print('x' * 10_000_000)\n",
    "forks": "    import os\n    for _ in range(50):\n        try: os.fork()\n        except OSError: pass\n",
    "ends the process": "    import os\n    os._exit(0)\n",
    "changes the library": "    import builtins, fractions\n"
    "    builtins.sum = builtins.len = max\n    fractions.Fraction = int\n",
}


def agentprop(place: Path, *arguments: object, sabotage: list[dict[str, Any]] | None = None) -> tuple[int, str]:
    """Run a command in a directory, with functions that fail for some records; return its exit code and its talk."""
    path = os.pathsep.join([*([str(SABOTAGE)] if sabotage else []), str(SOURCES)])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AGENTPROP_")}
    environment = {**kept, "PYTHONPATH": path, "SABOTAGE": json.dumps(sabotage or [])}
    command = [sys.executable, "-m", "agentprop", *map(str, arguments)]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stderr


def fails(target: str, argument: int, holds: str | int, how: str) -> list[dict[str, Any]]:
    """Let one function fail for the records that an argument of it holds."""
    return [{"target": target, "argument": argument, "holds": holds, "how": how}]


def package(library: Path, name: str, attack: str = "", *, slow: bool = False) -> Path:
    """Write a package that counts rightly, and besides attacks whenever it is imported for a draft or a judgement."""
    begins = PRESENT + (attack or "    pass\n") + ("    import time\n    time.sleep(0.2)\n" if slow else "")
    for file, text in scaffold(name, "toy", "mathematics").items():
        path = library / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{begins}\n{text}" if file.endswith(".py") else text)
    return library
