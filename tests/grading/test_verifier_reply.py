"""Replies of verifiers are read or corrected, and no text makes reading fail."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_problems import opinion

from agentprop.grading.reports import FLAGS
from agentprop.grading.verifier_reply import MAX_ANSWER, MAX_RATIONALE, Opinion, ReplyFault, read

CASES = tomllib.loads((Path(__file__).parent / "verifier_replies.toml").read_text(encoding="utf-8"))["case"]
PIECES = [f"<{slash}{tag}>" for tag in ("verdict", "flags", "answer", "rationale") for slash in ("", "/")]
PIECES += ["valid", "invalid", "none", *FLAGS, " ", "\n", "<", ">", "5", "\ud800", "\x00"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_a_reply_is_read_or_corrected(case: dict[str, Any]) -> None:
    found = read(case["reply"])
    if "fault" in case:
        assert isinstance(found, ReplyFault) and case["fault"] in found.message
    else:
        assert isinstance(found, Opinion), found
        assert (found.valid, found.answer) == (case["vote"], case.get("answer"))
        assert found.flags == tuple(case.get("flags", ()))


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)))
def test_reading_never_raises_and_an_opinion_is_whole(text: str) -> None:
    found = read(text)
    if isinstance(found, ReplyFault):
        assert found.message
    else:
        assert found.rationale and set(found.flags) <= set(FLAGS)
        assert found.answer or not found.valid


@given(
    st.booleans(),
    st.lists(st.sampled_from(FLAGS), unique=True),
    st.text(min_size=1).filter(lambda text: text.strip() and "</answer>" not in text and "<answer>" not in text),
)
def test_what_is_written_is_read_back(valid: bool, flags: list[str], answer: str) -> None:
    found = read(opinion("valid" if valid else "invalid", answer, ", ".join(flags) or "none"))
    assert found == Opinion(valid, answer.strip(), "it is so", tuple(flag for flag in FLAGS if flag in flags))


def test_lengths_are_bounded() -> None:
    assert isinstance(read(opinion(answer="1" * (MAX_ANSWER + 1))), ReplyFault)
    found = read(opinion(rationale="r" * (MAX_RATIONALE + 1)))
    assert isinstance(found, Opinion) and len(found.rationale) == MAX_RATIONALE


def test_a_reply_of_a_million_tags_is_read_in_one_pass() -> None:
    assert isinstance(read("<answer>" * 500_000 + "</verdict>" * 500_000), ReplyFault)
