"""Two conversations about a chunk, with scripted models: what is proposed, mended, rated and refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import toy_teacher

from agentprop.extraction.corpus.texts import Text
from agentprop.extraction.teaching.chunks import Chunk, chunked
from agentprop.extraction.teaching.lesson import ChunkOutcome, Teacher
from agentprop.models.chat import Sampling
from agentprop.models.client import Model, channel_of
from agentprop.models.costs import Meter
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.scripted import Script, Scripted, ScriptedReply
from agentprop.models.settings import ModelSettings
from agentprop.prompts import prompt
from agentprop.records import content_id


def model(script: Script) -> Model:
    settings = ModelSettings(model="toy", replies="in memory")
    return Model(channel_of(settings, Scripted(script)), Meter())


def chunk(*texts: str) -> Chunk:
    made = [Text(id=f"rows.jsonl#{i}", text=text, sha=content_id(text)) for i, text in enumerate(texts)]
    (one,) = chunked(made, 6000)
    assert isinstance(one, Chunk)
    return one


def study(texts: Sequence[str], proposer: Script, rater: Script = toy_teacher.answer) -> ChunkOutcome:
    return asyncio.run(Teacher(model(proposer), model(rater), 4, Sampling()).study(chunk(*texts)))


def codes(lesson: ChunkOutcome) -> dict[str, tuple[str, str]]:
    return {one.item: (one.outcome, one.code) for one in lesson.refusals}


def test_candidates_cite_their_passages_and_the_others_are_refused() -> None:
    lesson = study(["PLAIN pigeons in holes", "NOTHING", "PLAIN graphs with bridges"], toy_teacher.answer)
    assert [one.proposal.passages for one in lesson.candidates] == [(1,), (3,)]
    assert [one.item for one in lesson.candidates] == ["rows.jsonl#0:0-22/1", "rows.jsonl#0:0-22/2"]
    assert {one.rating.quality for one in lesson.candidates} == {0.75}
    assert codes(lesson) == {"rows.jsonl#1:0-7": ("rejected", "nothing-proposed")}


def test_the_teacher_sees_the_passages_and_the_rater_not_the_conversation() -> None:
    asked: list[Mapping[str, Any]] = []

    def answer(body: Mapping[str, Any]) -> str:
        asked.append(body)
        return toy_teacher.answer(body)

    study([r"PLAIN \frac{1}{2} with {braces} <skill>"], answer, answer)
    teacher, rater = ([message["content"] for message in body["messages"]] for body in asked)
    assert teacher[0] == prompt("teacher") and r"\frac{1}{2} with {braces}" in teacher[1] and "at most 4" in teacher[1]
    assert rater[0] == prompt("rater") and '<candidate skill="1">' in rater[1] and len(rater) == 2


def test_a_malformed_reply_gets_one_correction_turn() -> None:
    bodies: list[Mapping[str, Any]] = []

    def answer(body: Mapping[str, Any]) -> str:
        bodies.append(body)
        return toy_teacher.answer(body)

    lesson = study(["GARBLED invariants of moves"], answer)
    assert len(lesson.candidates) == 1 and len(bodies) == 2
    told = [message["content"] for message in bodies[1]["messages"]]
    assert told[2] == toy_teacher.answer(bodies[0]) and "a <skill> is never closed" in told[3]


def test_a_reply_that_stays_malformed_fails_every_passage() -> None:
    lesson = study(["HOPELESS", "PLAIN"], lambda _: "I would rather chat.")
    assert codes(lesson) == {"rows.jsonl#0:0-8": ("failed", "malformed"), "rows.jsonl#1:0-5": ("failed", "malformed")}
    assert "there is no <skill>" in lesson.refusals[0].message


def test_what_was_good_in_the_first_reply_survives_a_worse_correction() -> None:
    replies = [toy_teacher.skill("kept", "1") + "<skill>", "Sorry!"]
    lesson = study(["PLAIN"], replies)
    assert [one.proposal.name for one in lesson.candidates] == ["kept"]


def test_a_broken_executable_part_is_told_and_the_skill_kept_without_it() -> None:
    bodies: list[Mapping[str, Any]] = []
    broken = toy_teacher.skill("x", extra=toy_teacher.executable().replace("reduced modulo $<m>$", "reduced"))

    def answer(body: Mapping[str, Any]) -> str:
        bodies.append(body)
        return broken

    lesson = study(["PLAIN"], answer)
    assert len(lesson.candidates) == 1 and "lacks <m>" in bodies[1]["messages"][3]["content"]


def test_a_truncated_reply_counts_for_what_is_whole_in_it_and_else_as_truncated() -> None:
    cut: ScriptedReply = {"content": "<skill><name>long", "finish_reason": "length"}
    assert codes(study(["PLAIN"], [cut, cut])) == {"rows.jsonl#0:0-5": ("failed", "truncated")}
    half: ScriptedReply = {"content": toy_teacher.skill("whole", "1") + "<skill>", "finish_reason": "length"}
    assert [one.proposal.name for one in study(["PLAIN"], [half, cut]).candidates] == ["whole"]


def test_a_candidate_without_a_readable_rating_fails_and_the_others_are_kept() -> None:
    lesson = study(["PLAIN one thing", "PLAIN other thing"], toy_teacher.answer, lambda _: toy_teacher.rating(2, 4))
    assert [one.proposal.passages for one in lesson.candidates] == [(2,)]
    (refusal,) = lesson.refusals
    assert (refusal.item, refusal.outcome, refusal.code) == ("rows.jsonl#0:0-15/1", "failed", "unrated")
    assert refusal.record is not None and "skill 1 has no rating" in refusal.message


def test_a_request_that_is_refused_fails_its_own_chunk_only() -> None:
    def refuse(_: Mapping[str, Any]) -> str:
        raise ModelFailure(FailureKind.CONTEXT_OVERFLOW, "the conversation is too long")

    assert codes(study(["PLAIN words"], refuse)) == {"rows.jsonl#0:0-11": ("failed", "model-context_overflow")}
    lesson = study(["PLAIN words"], toy_teacher.answer, refuse)
    assert codes(lesson) == {"rows.jsonl#0:0-11/1": ("failed", "unrated")} and "too long" in lesson.refusals[0].message


def test_no_skill_is_an_answer() -> None:
    lesson = study(["NOTHING"], toy_teacher.answer)
    assert lesson.refusals[0].message == "nothing in here repeats" and lesson.refusals[0].outcome == "rejected"
