"""Prompts: those that come with agentprop, and directories that replace them."""

from __future__ import annotations

from pathlib import Path
from string import Formatter

import pytest

from agentprop.errors import ConfigError
from agentprop.prompts import FIELDS, SLOT, Prompts, has_examples, names, prompt, prompt_hash, shipped


def written(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name.replace('__', '.')}.md").write_text(text, encoding="utf-8")
    return folder


def test_every_template_has_exactly_its_fields() -> None:
    for name, fields in FIELDS.items():
        text = shipped(name).replace(SLOT, "")
        assert {field for _, field, _, _ in Formatter().parse(text) if field is not None} == fields, name


def test_a_directory_replaces_the_prompts_it_names_and_no_others(tmp_path: Path) -> None:
    used = Prompts.of(written(tmp_path, prober="Answer at once."))
    assert used("prober") == "Answer at once."
    assert used("verifier") == prompt("verifier")
    assert used.hash("prober") != prompt_hash("prober") and used.hash("verifier") == prompt_hash("verifier")


def test_examples_fill_their_slot_and_without_them_it_vanishes(tmp_path: Path) -> None:
    assert has_examples("verifier_blind") and SLOT not in prompt("verifier_blind")
    used = Prompts.of(written(tmp_path, verifier_blind__examples=r"For example: \frac{1}{2} is a half."))
    assert used("verifier_blind") == prompt("verifier_blind") + "\n\n" + r"For example: \frac{1}{2} is a half."
    assert used.hash("verifier_blind") != prompt_hash("verifier_blind")


def test_examples_of_a_template_may_hold_braces(tmp_path: Path) -> None:
    used = Prompts.of(written(tmp_path, guide__examples="{x}"))
    told = used.filled("guide", turns=1, submissions="1st", malformed="1st", seconds="5")
    assert told.endswith("{x}") and "has 1 messages" in told


def test_copies_that_nobody_changed_replace_nothing(tmp_path: Path) -> None:
    used = Prompts.of(written(tmp_path, **{name: shipped(name) for name in names()}))
    assert used == Prompts() and used.inputs == {"prompts": ""}


def test_a_run_knows_its_prompts_by_their_contents(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (Prompts.of(written(tmp_path / one, prober="Be brief.")) for one in "ab")
    assert first.inputs == second.inputs != Prompts().inputs


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("probers", "Answer.", "probers.md replaces no prompt"),
        ("comparer__examples", "One.", "comparer.examples.md replaces no prompt"),
        ("prober", "  \n", "prober.md is empty"),
        ("task", "{domain} {category}", "task.md lacks the field {skills}"),
        ("task", "{domain} {category} {skills} {colour}", "task.md has the unknown field {colour}"),
        ("task", "{domain} {category} {skills} }", "a brace that is meant as such is doubled"),
    ],
)
def test_a_file_that_cannot_replace_its_prompt_is_refused(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Prompts.of(written(tmp_path, **{name: text}))
    assert told in refused.value.message


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no directory of prompts"):
        Prompts.of(tmp_path / "none")
