"""A conversation grows by appending, on the templates of real models, and sampled ids are never encoded again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_model import TEMPLATE, tiny_model
from transformers import PreTrainedTokenizerBase

from agentprop.errors import InputError
from agentprop.inference.chat_template import PromptCache, Renderer, load_tokenizer
from agentprop.models.chat import Message

ASKED = (Message("system", "s"), Message("user", "Propose."))
TOLD = (Message("user", "[check] 4"),)
ENDS = {
    "qwen2_5": "<|im_end|>",
    "qwen3": "<|im_end|>",
    "qwen3_instruct_2507": "<|im_end|>",
    "qwen3_6": "<|im_end|>",
    "llama3": "<|eot_id|>",
    "phi3": "<|end|>",
    "gemma3": "<end_of_turn>",
    "cohere": "<|END_OF_TURN_TOKEN|>",
    "glm4moe": "<|user|>",
    "gptoss": "<|end|>",
}
"""Templates of real models, and the token by which each ends a turn."""
PLAIN = ("qwen2_5", "qwen3_instruct_2507", "llama3", "phi3", "gemma3", "cohere")
"""Templates that never rewrite earlier turns."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tokenizer"), texts=["<action:think>noted</action:think>"] * 9)


@pytest.fixture
def renderer(directory: Path) -> Renderer:
    return Renderer(load_tokenizer(str(directory)))


def of_template(directory: Path, name: str) -> Renderer:
    trl = pytest.importorskip("trl")
    tokenizer: PreTrainedTokenizerBase = load_tokenizer(str(directory))
    tokenizer.add_special_tokens({"extra_special_tokens": [ENDS[name]]})
    tokenizer.bos_token = "<|endoftext|>"
    tokenizer.chat_template = (Path(trl.__file__).parent / "chat_templates" / f"{name}.jinja").read_text("utf-8")
    return Renderer(tokenizer)


def test_the_next_prompt_is_the_last_one_with_what_was_sampled_and_a_bridge(renderer: Renderer) -> None:
    prompt, sampled = renderer.prompt(ASKED), renderer.reply_ids("<action:think>plan</action:think>")
    grown = prompt + sampled + renderer.bridge(sampled, TOLD)
    assert grown == renderer.prompt([*ASKED, Message("assistant", "<action:think>plan</action:think>"), *TOLD])


def test_ids_that_no_text_encodes_to_stay_as_they_were_sampled(renderer: Renderer) -> None:
    sampled = (*(i for letter in "noted" for i in renderer.encode(letter)), renderer.end_id)
    assert sampled != renderer.reply_ids("noted") and renderer.decode(sampled) == "noted"
    cache, prompt = PromptCache(renderer), renderer.prompt(ASKED)
    cache.remember(ASKED, prompt, sampled, "noted")
    conversation = [*ASKED, Message("assistant", "noted"), *TOLD]
    assert cache.prompt(conversation)[: len(prompt + sampled)] == prompt + sampled
    assert cache.prompt(conversation, sample=1) == renderer.prompt(conversation)


def test_a_remembered_turn_is_found_below_turns_that_were_said_elsewhere(renderer: Renderer) -> None:
    cache, prompt = PromptCache(renderer), renderer.prompt(ASKED)
    sampled = (*renderer.encode("n"), *renderer.encode("oted"), renderer.end_id)
    cache.remember(ASKED, prompt, sampled, "noted")
    later = [*ASKED, Message("assistant", "noted"), *TOLD, Message("assistant", "more"), *TOLD]
    ids = cache.prompt(later)
    assert ids[: len(prompt + sampled)] == prompt + sampled
    assert renderer.decode(ids) == renderer.decode(renderer.prompt(later))


def test_a_memory_forgets_the_least_recent_and_keeps_its_bound(renderer: Renderer) -> None:
    cache = PromptCache(renderer, capacity=60)
    for number in range(5):
        asked = [Message("user", f"task {number}")]
        prompt = renderer.prompt(asked)
        cache.remember(asked, prompt, (*renderer.encode("n"), renderer.end_id), f"said {number}")
    exact = [
        cache.prompt([Message("user", f"task {n}"), Message("assistant", f"said {n}"), *TOLD])
        != renderer.prompt([Message("user", f"task {n}"), Message("assistant", f"said {n}"), *TOLD])
        for n in range(5)
    ]
    assert exact[-1] and not exact[0]


@pytest.mark.parametrize("missing", [0, 1])
def test_a_bridge_begins_where_the_model_left_off(renderer: Renderer, missing: int) -> None:
    whole = renderer.reply_ids("noted")
    sampled = whole[: len(whole) - missing]
    assert (sampled + renderer.bridge(sampled, TOLD))[: len(whole)] == whole
    assert (sampled + renderer.bridge(sampled, TOLD)).count(renderer.end_id) == 2


@pytest.mark.parametrize("name", PLAIN)
def test_bridges_rebuild_what_real_templates_render(directory: Path, name: str) -> None:
    renderer = of_template(directory, name)
    ids, said = renderer.prompt(ASKED[1:]), list(ASKED[1:])
    for text in ("first try", "second try"):
        sampled = renderer.reply_ids(text)
        ids += sampled + renderer.bridge(sampled, TOLD)
        said += [Message("assistant", text), *TOLD]
    assert ids == renderer.prompt(said)


@pytest.mark.parametrize("name", ENDS)
def test_the_end_of_a_turn_is_read_off_the_template(directory: Path, name: str) -> None:
    renderer = of_template(directory, name)
    assert renderer.tokenizer.decode([renderer.end_id]) == ENDS[name]
    assert renderer.end_id in renderer.stop_ids
    sampled = renderer.reply_ids("hello")
    assert (sampled + renderer.bridge(sampled, TOLD)).count(renderer.end_id) in (1, 2)
    assert sampled[-1] == renderer.end_id != renderer.bridge(sampled, TOLD)[0]


@pytest.mark.parametrize(
    ("name", "lead"),
    [
        ("qwen3", "<think>\n\n</think>\n\n"),
        ("qwen3_6", "\n</think>\n\n"),
        ("glm4moe", "\n<think></think>\n"),
        ("gptoss", "<|channel|>final<|message|>"),
        ("qwen3_instruct_2507", ""),
    ],
)
def test_a_rendered_reply_begins_as_its_template_begins_one(directory: Path, name: str, lead: str) -> None:
    renderer = of_template(directory, name)
    assert renderer.reply_ids("hello")[:-1] == renderer.encode(f"{lead}hello")


def test_a_template_that_drops_reasoning_does_not_break_a_prefix(directory: Path) -> None:
    renderer = of_template(directory, "qwen3")
    prompt, sampled = renderer.prompt(ASKED), renderer.reply_ids("hello")
    grown = prompt + sampled + renderer.bridge(sampled, TOLD)
    rendered = renderer.prompt([*ASKED, Message("assistant", "<think>\nhm\n</think>\n\nhello"), *TOLD])
    assert "<think>" in renderer.tokenizer.decode(grown)
    assert "<think>" not in renderer.tokenizer.decode(rendered)


def test_without_a_chat_template_there_is_nothing_to_render_with(directory: Path) -> None:
    tokenizer = load_tokenizer(str(directory))
    tokenizer.chat_template = None
    with pytest.raises(InputError, match="has no chat template"):
        Renderer(tokenizer)


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{{ raise_exception('no system role') }}", "refuses the conversation: no system role"),
        ("{% for m in messages %}{{ m.role }}{% endfor %}", "drops what an assistant says"),
        ("{{ messages[0].content.text.here }}", "refuses the conversation"),
    ],
)
def test_a_template_that_cannot_say_it_is_named(renderer: Renderer, template: str, complaint: str) -> None:
    renderer.tokenizer.chat_template = template
    with pytest.raises(InputError, match=complaint):
        renderer.bridge(renderer.encode("x"), TOLD)


def test_a_missing_tokenizer_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=str(tmp_path)):
        load_tokenizer(str(tmp_path))


def test_the_toy_template_is_the_usual_one(renderer: Renderer) -> None:
    assert renderer.tokenizer.chat_template == TEMPLATE
    assert renderer.stop_ids == {renderer.end_id} == {renderer.tokenizer.eos_token_id}
