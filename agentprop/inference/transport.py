"""Bodies of chat completions → responses of a model in this process: a transport like the connection to a server.

So the cache of replies, the budget and the accounts of a stage work for it as for any other model.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from agentprop.errors import InputError
from agentprop.inference.chat import InProcessChat
from agentprop.inference.weights import check_finite
from agentprop.models.chat import Choice, Exchange, Message, Reply, Request, Sampling
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.settings import InProcessSettings

KNOWN = frozenset(
    {
        "model",
        "messages",
        "temperature",
        "top_p",
        "max_tokens",
        "max_completion_tokens",
        "seed",
        "stop",
        "n",
        "logprobs",
        "return_token_ids",
        "sample",
    }
)
"""Supported fields of a body; a request with others is refused, since ignoring them would change the reply."""


class InProcessTransport:
    """Transport to one model, which is loaded on the first request."""

    def __init__(self, settings: InProcessSettings) -> None:
        self._settings = settings
        self._model: InProcessChat | None = None
        self._reading = asyncio.Lock()

    async def post(self, body: Mapping[str, object]) -> Exchange:
        """Exchange one chat completion. Raises ModelFailure, or InputError if the model cannot be loaded."""
        request = request_of(body)
        async with self._reading:
            if self._model is None:
                self._model = await asyncio.to_thread(load, self._settings)
        return Exchange(json.dumps(completion(await self._model.reply(request), body), ensure_ascii=False).encode())

    async def aclose(self) -> None:
        """End the model's thread."""
        if self._model is not None:
            await self._model.aclose()


def load(settings: InProcessSettings) -> InProcessChat:
    """Load a directory or hub id as a chat model: in bfloat16 on a GPU, in float32 on a CPU.

    Raises InputError if there is no complete model.
    """
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    cuda = torch.cuda.is_available()
    try:
        tokenizer = AutoTokenizer.from_pretrained(settings.model, revision=settings.revision or "main")
        read: Any = AutoModelForCausalLM.from_pretrained(
            settings.model,
            revision=settings.revision or "main",
            use_safetensors=True,
            output_loading_info=True,
            dtype=torch.bfloat16 if cuda else torch.float32,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise InputError(
            f"the model {settings.model} cannot be read: {reason}",
            hint="name a directory with config.json, tokenizer and .safetensors, or MODEL@BASE_URL of a server",
        ) from error
    model, found = read
    if found["missing_keys"]:
        missing = min(found["missing_keys"])
        raise InputError(f"the weights of {settings.model} lack {missing}", hint="copy the whole directory again")
    check_finite(model, settings.model)
    return InProcessChat(
        model.to("cuda" if cuda else "cpu").eval(),
        tokenizer,
        name=settings.model,
        context_length=settings.context_length,
        slots=max(settings.max_concurrency, 64),
    )


def request_of(body: Mapping[str, Any]) -> Request:
    """Parse the request in a body. Raises ModelFailure if it asks for more than text."""
    unknown = sorted(set(body) - KNOWN)
    if unknown or any(set(message) - {"role", "content"} for message in body["messages"]):
        names = ", ".join(unknown) or "tool calls"
        raise ModelFailure(FailureKind.REJECTED, f"a model that runs in process knows nothing of {names}")
    stop = body.get("stop") or ()
    sampling = Sampling(
        temperature=body.get("temperature"),
        top_p=body.get("top_p"),
        seed=body.get("seed"),
        max_tokens=body.get("max_tokens") or body.get("max_completion_tokens"),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
    )
    messages = tuple(Message(message["role"], message["content"] or "") for message in body["messages"])
    return Request(messages, sampling, n=body.get("n", 1), sample=body.get("sample", 0))


def completion(reply: Reply, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reply as a server would send it, with ids and log-probs if they were asked for."""
    exact = {"prompt_token_ids": reply.prompt_token_ids} if body.get("return_token_ids") else {}
    return {
        "object": "chat.completion",
        "model": reply.model,
        **exact,
        "choices": [_choice(number, choice, body) for number, choice in enumerate(reply.choices)],
        "usage": _usage(reply),
    }


def _choice(number: int, choice: Choice, body: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "index": number,
        "message": {"role": "assistant", "content": choice.text},
        "finish_reason": choice.finish_reason,
    }
    if body.get("return_token_ids"):
        out["token_ids"] = choice.token_ids
    if body.get("logprobs"):
        out["logprobs"] = {"content": [{"logprob": value} for value in choice.logprobs or ()]}
    return out


def _usage(reply: Reply) -> dict[str, Any]:
    assert reply.usage is not None  # a model in process always counts
    counts = asdict(reply.usage)
    cached = {"prompt_tokens_details": {"cached_tokens": counts.pop("cached_tokens")}}
    return {"prompt_tokens": counts["prompt_tokens"], "completion_tokens": counts["completion_tokens"], **cached}
