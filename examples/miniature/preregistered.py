"""`preregistered.toml` → the values of the experiment, which are nowhere else, and the hash that results carry."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "preregistered.toml"


@cache
def registered() -> dict[str, Any]:
    """Return the file's values."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def fingerprint() -> str:
    """Return the SHA-256 of the file, whatever its line ends."""
    return hashlib.sha256(FILE.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
