"""Examples in docstrings run and give what they show, in every module that needs neither torch nor a sandbox."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "agentprop").rglob("*.py"))
    if re.search(r"^\s*>>> ", text := path.read_text(encoding="utf-8"), re.MULTILINE)
    and not re.search(r"import torch|Sandbox\(\)", text)
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_give_what_they_show(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted > 0 and results.failed == 0


def test_dense_modules_have_examples_that_run() -> None:
    assert {"agentprop.composition.reader", "agentprop.composition.terms"} <= set(MODULES)
