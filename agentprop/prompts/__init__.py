"""One Markdown file per prompt → its text, and a hash of all of them for the records."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files


@lru_cache
def prompt(name: str) -> str:
    """The text of `<name>.md`."""
    return files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()


@lru_cache
def prompt_hash(*names: str) -> str:
    """16 hex digits that change when one of the prompts does."""
    return hashlib.sha256("\0".join(prompt(name) for name in names).encode()).hexdigest()[:16]
