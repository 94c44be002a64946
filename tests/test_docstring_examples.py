"""Examples in docstrings run and give what they show, in every module that needs neither torch nor a sandbox."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "agentprop").rglob("*.py"))
    if ">>> " in (text := path.read_text(encoding="utf-8")) and "import torch" not in text and "Sandbox()" not in text
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_give_what_they_show(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted > 0 and results.failed == 0


def test_dense_modules_have_examples_that_run() -> None:
    assert {"agentprop.composition.reader", "agentprop.composition.terms"} <= set(MODULES)
