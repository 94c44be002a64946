"""Variants of a proposer: their file, what they earn, and a real comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentprop.api.tuning import rate_of, read_arms, tune_proposer
from agentprop.errors import ConfigError, InputError
from agentprop.storage.run import open_run

ARMS = """
categories = ["number-theory"]
workers = 1

[arms.two]
max_skills = 2

[arms.any]
"""


def written(path: Path, text: str) -> str:
    path.write_text(text, "utf-8")
    return str(path)


def test_variants_share_settings_and_differ_in_their_own(tmp_path: Path) -> None:
    assert read_arms(written(tmp_path / "arms.toml", ARMS)) == {
        "two": {"categories": ["number-theory"], "workers": 1, "max_skills": 2},
        "any": {"categories": ["number-theory"], "workers": 1},
    }


@pytest.mark.parametrize("text", ["", "[arms.one]\n", "arms = 3\n", "not toml", "[arms]\na = 1\nb = 2\n"])
def test_a_file_without_two_variants_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_arms(written(tmp_path / "arms.toml", text))


def test_a_wrong_setting_is_named_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"arms\.two: propose has no setting max_skils") as caught:
        tune_proposer(written(tmp_path / "a.toml", ARMS.replace("max_skills", "max_skils")), str(tmp_path / "out"))
    assert caught.value.hint == "did you mean max_skills?"
    assert not (tmp_path / "out").exists()


def test_tokens_count_if_there_are_any() -> None:
    assert rate_of({"templates": 3, "candidates": 12}) == 0.25
    assert rate_of({"templates": 3, "candidates": 12, "spending": {"tokens": 6000}}) == 0.5


@pytest.mark.slow
def test_two_variants_are_compared_and_the_winner_measured_again(tmp_path: Path) -> None:
    found = tune_proposer(written(tmp_path / "a.toml", ARMS), str(tmp_path / "out"), first=6, quiet=True)
    assert [(t["arm"], t["round"], t["candidates"]) for t in found["trials"][:2]] == [("two", 1, 6), ("any", 1, 6)]
    assert found["trials"][2] == {"arm": found["winner"], "round": 2, "candidates": 12, "rate": found["rate"]}
    stored = open_run(tmp_path / "out" / found["winner"] / "round-2")
    assert stored.summary is not None and stored.summary["candidates"] == 12
    assert tune_proposer(str(tmp_path / "a.toml"), str(tmp_path / "out"), first=6, quiet=True) == found
