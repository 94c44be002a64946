"""This interpreter and the modules to preload → the directories that a child may read."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path


def readable_paths(preload: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the directories to show inside, and those of them to append to `sys.path`."""
    prefixes = [sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix)]
    too_much = ("/", os.path.expanduser("~"))
    homes = _distinct(prefix for prefix in prefixes if not _below(prefix, ["/usr"]) and prefix not in too_much)
    elsewhere = _distinct(home for home in map(_package_home, preload) if home and not _below(home, ["/usr", *homes]))
    return homes + elsewhere, elsewhere


def _package_home(name: str) -> str | None:
    """Return the directory that a top-level package is imported from, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None or not os.path.isabs(spec.origin):
        return None
    parent = Path(spec.origin).parent
    return str(parent.parent if spec.submodule_search_locations else parent)


def _below(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)


def _distinct(paths: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(paths))
