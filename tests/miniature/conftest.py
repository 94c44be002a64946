"""The miniature's scripts import each other by bare names; the tests import them likewise."""

from __future__ import annotations

from pathlib import Path

import pytest
from miniature import MINIATURE, call


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(MINIATURE))


@pytest.fixture(scope="module")
def expert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run of the built-in proposer on the experiment's library, with distractors in half of the tasks."""
    from design import DISTRACTORS, NAMES
    from plan import propose, world

    out = tmp_path_factory.mktemp("miniature")
    call(str(MINIATURE / "library.py"), "--out", str(out / "library"))
    idle = {"distractors": [NAMES[skill] for skill in DISTRACTORS], "distractor_share": 0.5, "workers": 1}
    call(*propose("builtin", out / "expert", 0, 30, **world([out / "library"], 2), **idle))
    return out / "expert"
