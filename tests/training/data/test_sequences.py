"""Trajectories become sequences by their stored ids: masks, breaks, and how far a rendering drifts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import tiny_model
from toy_trajectories import SAID, TOLD, sampled, texts, trajectory, turn

from agentprop.agent.chat_policy import chat_messages
from agentprop.errors import InputError
from agentprop.inference.chat_template import Ids, Renderer, load_tokenizer
from agentprop.training.data.sequences import Drift, SampledTurn, drift, join, rendered, sequences_of


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    directory = tiny_model(tmp_path_factory.mktemp("tokenizer"), texts=list(SAID) * 5)
    return Renderer(load_tokenizer(str(directory)))


def letters(renderer: Renderer, text: str) -> Ids:
    """The same text by other ids."""
    return (*(i for letter in text for i in renderer.encode(letter)), renderer.end_id)


def test_a_conversation_that_only_grew_is_one_sequence(renderer: Renderer) -> None:
    one = sampled(renderer)
    (sequence,) = sequences_of(one)
    last = one.turns[-1]
    assert tuple(sequence.ids) == (last.prompt_token_ids or ()) + (last.token_ids or ())
    assert sequence.trajectory_id == one.id


def test_the_mask_covers_what_was_sampled_and_the_token_that_ends_a_turn(renderer: Renderer) -> None:
    (sequence,) = sequences_of(sampled(renderer))
    assert renderer.tokenizer.decode(sequence.ids[sequence.mask]) == "".join(f"{text}<|im_end|>" for text in SAID)
    hidden = renderer.tokenizer.decode(sequence.ids[~sequence.mask])
    assert all(told in hidden for told in TOLD[:-1]) and not any(said in hidden for said in SAID)


def test_every_token_knows_its_turn_and_its_log_prob(renderer: Renderer) -> None:
    one = sampled(renderer)
    (sequence,) = sequences_of(one)
    assert np.array_equal(sequence.action >= 0, sequence.mask)
    for number, kept in enumerate(one.turns):
        assert tuple(sequence.ids[sequence.action == number]) == kept.token_ids
        assert sequence.logprobs is not None
        assert np.allclose(sequence.logprobs[sequence.action == number], kept.logprobs or ())
    assert not sequence.logprobs[~sequence.mask].any()


def test_ids_are_kept_as_sampled_even_where_text_encodes_otherwise(renderer: Renderer) -> None:
    replies = [letters(renderer, text) for text in SAID]
    (sequence,) = sequences_of(sampled(renderer, replies))
    assert tuple(sequence.ids[sequence.mask]) == sum(replies, ())
    assert not np.array_equal(sequence.ids, rendered(sampled(renderer, replies), renderer).ids)


@pytest.mark.parametrize("broken", [1, 2])
def test_where_the_prefix_breaks_a_new_sequence_begins_and_nothing_is_patched(renderer: Renderer, broken: int) -> None:
    one = sampled(renderer, break_at=broken)
    first, second = sequences_of(one)
    before, after = one.turns[broken - 1], one.turns[-1]
    assert tuple(first.ids) == (before.prompt_token_ids or ()) + (before.token_ids or ())
    assert tuple(second.ids) == (after.prompt_token_ids or ()) + (after.token_ids or ())
    assert sorted({*first.action, *second.action}) == [-1, 0, 1, 2]
    assert first.n_actions + second.n_actions == sum(len(t.token_ids or ()) for t in one.turns)
    assert first.trajectory_id == second.trajectory_id == one.id


def test_a_prompt_that_lost_its_last_token_breaks_too(renderer: Renderer) -> None:
    spoken_turns = [SampledTurn((1, 2), (3, 4)), SampledTurn((1, 2, 3, 9), (5,))]
    assert [tuple(s.ids) for s in join(spoken_turns, "t")] == [(1, 2, 3, 4), (1, 2, 3, 9, 5)]


def test_log_probs_are_unknown_if_they_are_for_one_turn(renderer: Renderer) -> None:
    (sequence,) = join([SampledTurn((1,), (2,), (-1.0,)), SampledTurn((1, 2, 3), (4, 5), (-1.0,))], "t")
    assert sequence.logprobs is None


def test_without_ids_there_is_no_sequence(renderer: Renderer) -> None:
    with pytest.raises(InputError, match="has no token ids"):
        sequences_of(texts())


def test_text_alone_is_rendered_with_the_mask_that_sampling_would_give(renderer: Renderer) -> None:
    plain, exact = rendered(texts(), renderer), sequences_of(sampled(renderer))[0]
    assert np.array_equal(plain.ids, exact.ids) and np.array_equal(plain.mask, exact.mask)
    assert np.array_equal(plain.action, exact.action) and plain.logprobs is None


def test_a_rendering_is_what_the_template_makes_of_the_whole_conversation(renderer: Renderer) -> None:
    one = texts()
    said = [(m["role"], m["content"]) for m in one.messages()]
    whole = renderer.prompt(chat_messages(said))
    ids = rendered(one, renderer).ids
    assert tuple(ids) == whole[: len(ids)]


def test_drift_counts_turns_whose_ids_are_not_those_that_were_sampled(renderer: Renderer) -> None:
    assert drift(sampled(renderer), renderer) == Drift(3, 0)
    odd = [letters(renderer, SAID[0]), renderer.reply_ids(SAID[1]), renderer.reply_ids(SAID[2])]
    assert drift(sampled(renderer, odd), renderer) == Drift(3, 1)
    assert drift(texts(), renderer) == Drift(3, 0)


def test_drift_of_text_is_told_against_what_a_server_would_render(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(str(tiny_model(tmp_path / "tokenizer")))
    tokenizer.chat_template = str(tokenizer.chat_template).replace(
        "{{ m.content }}", "{{ m.content if loop.last else m.content | replace('<action', '<past') }}"
    )
    found = drift(texts(), Renderer(tokenizer))
    assert found == Drift(3, 2) and found.rate == pytest.approx(2 / 3)
    assert (found + Drift(3, 0)).rate == pytest.approx(1 / 3)


def test_a_prompt_that_was_sent_counts_where_no_sample_is_known(renderer: Renderer) -> None:
    sent = renderer.prompt(chat_messages([("system", "another"), ("user", "prompt")]))
    one = trajectory([turn(0, prompt_token_ids=sent), turn(1), turn(2)], token_exact=False)
    assert drift(one, renderer).drifted == 1


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 5), max_size=3), st.lists(st.integers(0, 5), min_size=1, max_size=3), st.booleans()
        ),
        min_size=1,
        max_size=6,
    )
)
def test_no_sampled_token_is_lost_or_doubled(turns: list[tuple[list[int], list[int], bool]]) -> None:
    conversation: list[SampledTurn] = []
    so_far: list[int] = [7]
    for told, said, forget in turns:
        prompt = [8, *told] if forget else [*so_far, *told]
        conversation.append(SampledTurn(prompt, said))
        so_far = [*prompt, *said]
    found = join(conversation, "t")
    assert sum(s.n_actions for s in found) == sum(len(said) for _, said, _ in turns)
    for number, one in enumerate(conversation):
        (home,) = [s for s in found if number in s.action]
        end = int(np.flatnonzero(home.action == number)[-1]) + 1
        assert list(home.ids[:end]) == [*one.prompt, *one.sampled]
