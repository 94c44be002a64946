"""Trajectories and skills → sequences to imitate, by their ids if this tokenizer decodes them to the same text."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_model import tiny_model

from agentprop.inference.chat_template import Renderer, load_tokenizer
from agentprop.models.chat import Message
from agentprop.records import Skill, Stage, StopReason, Task, Trajectory, Turn
from agentprop.training.data.imitation import TrajectoryReader, ids_match_text, skill_sequence
from agentprop.training.data.sequences import Drift

SAID = ("<action:think>plan</action:think>", "<action:exec>1+1</action:exec>")
ANSWERED = ("go on", "2")


def trajectory(renderer: Renderer | None, *, split: bool = False) -> Trajectory:
    """Two turns, with the ids that a renderer's tokenizer gives them; `split`: the second prompt does not go on."""
    turns = []
    messages = [Message("system", "S"), Message("user", "P")]
    prompt = renderer.prompt(messages) if renderer else ()
    for index, (said, answered) in enumerate(zip(SAID, ANSWERED, strict=True)):
        ids = renderer.reply_ids(said) if renderer else ()
        turns.append(
            Turn(
                index=index,
                stage=Stage.DRAFT,
                action="think",
                message=said,
                observation=answered,
                prompt_token_ids=tuple(prompt) or None,
                token_ids=tuple(ids) or None,
            )
        )
        if renderer:
            prompt = (*prompt, *ids, *renderer.bridge(ids, [Message("user", answered)]))
            prompt = (5, *prompt) if split else prompt
    task = Task(seed=0, index=0, domain="mathematics", category="c", skill_ids=("a",))
    return Trajectory(
        task_id=task.id,
        task=task,
        system="S",
        prompt="P",
        turns=tuple(turns),
        stop=StopReason.SUBMITTED,
        token_exact=renderer is not None,
    )


def shown(reading: TrajectoryReader, one: Trajectory) -> list[tuple[str, str]]:
    """Of each sequence: its whole text, and the text of what is imitated."""
    tokenizer = reading.renderer.tokenizer
    return [
        (str(tokenizer.decode(s.ids.tolist())), str(tokenizer.decode(s.ids[s.mask].tolist())))
        for s in reading.trajectory(one) or ()
    ]


@pytest.mark.parametrize("exact", [True, False], ids=["stored ids", "no ids"])
def test_every_word_of_the_policy_and_none_of_the_environment_is_imitated(renderer: Renderer, exact: bool) -> None:
    reading = TrajectoryReader(renderer, 1000)
    ((whole, imitated),) = shown(reading, trajectory(renderer if exact else None))
    assert imitated == "".join(f"{said}<|im_end|>" for said in SAID)
    assert whole.startswith("<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nP<|im_end|>")
    assert "<|im_start|>user\ngo on<|im_end|>" in whole
    assert reading.counts == {"exact" if exact else "rendered": 1}
    assert reading.drift == (Drift() if exact else Drift(turns=2, drifted=0))


def test_a_conversation_that_was_begun_anew_is_two_sequences(renderer: Renderer) -> None:
    found = shown(TrajectoryReader(renderer, 1000), trajectory(renderer, split=True))
    assert [imitated for _, imitated in found] == [f"{said}<|im_end|>" for said in SAID]


def test_ids_of_another_tokenizer_are_not_believed(renderer: Renderer, tmp_path: Path) -> None:
    """The same numbers mean other words there, or nothing at all."""
    words = ["<action:think>plan</action:think> <action:exec>1+1</action:exec>"] * 9
    other = Renderer(load_tokenizer(str(tiny_model(tmp_path, texts=words, vocabulary=300))))
    theirs = trajectory(other)
    assert ids_match_text(theirs, other) and not ids_match_text(theirs, renderer)
    reading = TrajectoryReader(renderer, 1000)
    ((_, imitated),) = shown(reading, theirs)
    assert imitated == "".join(f"{said}<|im_end|>" for said in SAID) and reading.counts == {"rendered": 1}


def test_what_is_longer_than_allowed_is_left_out_and_counted(renderer: Renderer) -> None:
    reading = TrajectoryReader(renderer, 50)
    assert reading.trajectory(trajectory(renderer)) is None
    assert reading.counts == {"too_long": 1}


@pytest.mark.parametrize("split", [False, True], ids=["one sequence", "two sequences"])
def test_only_turns_of_the_chosen_stages_are_imitated(renderer: Renderer, split: bool) -> None:
    one = trajectory(renderer, split=split)
    stages = [turn.stage for turn in one.turns]
    assert len(stages) == 2
    later = one.turns[1].model_copy(update={"stage": Stage.CHECK})
    one = one.model_copy(update={"turns": (one.turns[0], later)})
    reading = TrajectoryReader(renderer, 1000, frozenset({"draft"}))
    ((_, imitated),) = shown(reading, one)
    assert imitated == f"{SAID[0]}<|im_end|>"
    none = TrajectoryReader(renderer, 1000, frozenset({"refine"}))
    assert none.trajectory(one) is None and none.counts == {"without_stage": 1}


def test_a_skill_is_learnt_after_its_passage(renderer: Renderer) -> None:
    skill = Skill(name="n", description="d", domain="mathematics", category="c", skill_md="---\nname: n\n---\nBody {x}")
    sequence = skill_sequence(skill, "The {corpus} says", renderer)
    assert renderer.tokenizer.decode(sequence.ids[sequence.mask].tolist()) == f"{skill.skill_md}<|im_end|>"
    assert "The {corpus} says" in renderer.tokenizer.decode(sequence.ids[~sequence.mask].tolist())
    assert sequence.trajectory_id == skill.id
