"""Word lists, read once from words.toml."""

from __future__ import annotations

import tomllib
from importlib.resources import files

_LISTS = tomllib.loads(files("agentprop.extraction.mining").joinpath("words.toml").read_text(encoding="utf-8"))

THINGS = frozenset(_LISTS["things"].split())
"""Plural nouns of concrete things."""
EMPTY = frozenset(_LISTS["empty"].split())
"""Words that say nothing about a problem."""
PAST: dict[str, str] = _LISTS["past"]
"""Base form to irregular past."""
VERBS = frozenset([*PAST, *_LISTS["regular"].split()])
"""Base forms of verbs that can be inflected here."""
