"""A model in this process → a `ChatModel` that answers like a server, with exact token ids and log-probs.

    model = InProcessChat(module, tokenizer, name="policy")   # shares the module with the trainer
    reply = await model.reply(Request(messages, Sampling(temperature=1.0, max_tokens=256), n=8, sample=0))
    model.refresh()                                           # after its weights have changed

A reply depends only on the seed, the sample's number and the ids of the prompt, up to float rounding: equal requests
get equal replies, whatever else is being sampled. Forward passes run in a thread of their own.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from agentprop.inference.chat_template import PromptCache, Renderer
from agentprop.inference.engine import Generator, WantedReply
from agentprop.models.chat import Choice, Reply, Request, Usage
from agentprop.models.failures import FailureKind, ModelFailure

CONTEXT = 4096
"""Context length of a model whose config does not give one, in tokens."""
TAIL = 32
"""Number of last sampled tokens that are searched for a stop text."""
HEAD = 32
"""Number of first sampled tokens that are searched for the text from which on a reply is annealed."""
DEFAULT_TEMPERATURE = 1.0


@dataclass(eq=False, slots=True)
class _PendingReply:
    """A reply under way, and the future of the coroutine that waits for it."""

    job: WantedReply
    done: asyncio.Future[None] = field(compare=False)


class InProcessChat:
    """Chat model over a causal language model and its tokenizer. Use it from one event loop at a time."""

    def __init__(
        self,
        model: nn.Module,
        tokenizer: PreTrainedTokenizerBase,
        *,
        name: str,
        context_length: int | None = None,
        slots: int = 128,
        cache_bytes: int = 4 << 30,
    ) -> None:
        config: Any = model.config
        self.identity = name
        self.step = 0
        """Step of training that the weights are from, by which annealing slows."""
        self.renderer = Renderer(tokenizer)
        self.stop_ids = self.renderer.stop_ids | _ids(getattr(model, "generation_config", None))
        self.prompt_cache = PromptCache(self.renderer)
        positions = getattr(config.get_text_config(), "max_position_embeddings", None)
        self.context_length: int = context_length or positions or CONTEXT
        self.generator = Generator(
            model, self.stop_ids, max_length=self.context_length, slots=slots, cache_bytes=cache_bytes
        )
        self._pending: queue.SimpleQueue[_PendingReply | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def reply(self, request: Request) -> Reply:
        """Answer with `request.n` choices.

        Raises ModelFailure if the conversation is too long, or the request has tools or a schema.
        """
        if request.tools or request.schema is not None:
            raise ModelFailure(
                FailureKind.REJECTED, f"{self.identity} runs in process, which knows no tools and no schemas"
            )
        started = time.perf_counter()
        prompt = np.array(self.prompt_cache.prompt(request.messages, request.sample), np.int64)
        if len(prompt) >= self.context_length:
            raise ModelFailure(
                FailureKind.CONTEXT_OVERFLOW, f"the conversation has {len(prompt)} tokens of {self.context_length}"
            )
        jobs = [self._job(request, prompt, request.sample + i) for i in range(request.n)]
        await self._run_jobs(jobs)
        choices = tuple(self._choice(request, job) for job in jobs)
        for job, choice in zip(jobs, choices, strict=True):
            self.prompt_cache.remember(request.messages, prompt.tolist(), job.tokens, choice.text, job.sample)
        usage = Usage(len(prompt), sum(len(job.tokens) for job in jobs), cached_tokens=min(job.cached for job in jobs))
        return Reply(choices, self.identity, usage, tuple(prompt.tolist()), duration_s=time.perf_counter() - started)

    def refresh(self, state: Mapping[str, Tensor] | None = None, *, name: str | None = None) -> None:
        """Discard everything computed with the old weights, after loading `state` if it is given.

        Raises RuntimeError while replies are under way.
        """
        if self.generator.busy:
            raise RuntimeError("weights cannot change while replies are under way")
        if state is not None:
            self.generator.model.load_state_dict(state)
        self.generator.forget()
        self.identity = name or self.identity

    async def aclose(self) -> None:
        """End the thread; a later request starts a new one."""
        if self._thread is not None:
            self._pending.put(None)
            thread, self._thread = self._thread, None
            await asyncio.to_thread(thread.join)

    # --- jobs ---

    def _job(self, request: Request, prompt: np.ndarray[Any, Any], sample: int) -> WantedReply:
        sampling = request.sampling
        left = self.context_length - len(prompt)
        return WantedReply(
            prompt=prompt,
            max_tokens=min(sampling.max_tokens or left, left),
            temperature=DEFAULT_TEMPERATURE if sampling.temperature is None else sampling.temperature,
            top_p=1.0 if sampling.top_p is None else sampling.top_p,
            seed=sampling.seed or 0,
            sample=sample,
            annealing=None if sampling.annealing is None else sampling.annealing.at(self.step),
            anneals=self._anneals(sampling.annealing.after)
            if sampling.annealing and sampling.annealing.after
            else None,
            ends=self._ends(sampling.stop) if sampling.stop else None,
        )

    def _ends(self, stop: Sequence[str]) -> Callable[[list[int]], bool]:
        return lambda tokens: any(text in self.renderer.decode(tokens[-TAIL:]) for text in stop)

    def _anneals(self, after: str) -> Callable[[list[int]], bool]:
        return lambda tokens: after in self.renderer.decode(tokens[:HEAD])

    def _choice(self, request: Request, job: WantedReply) -> Choice:
        if job.finish == "overflow":
            said = f"a conversation of {len(job.prompt)} tokens does not fit into the memory of the cache"
            raise ModelFailure(FailureKind.CONTEXT_OVERFLOW, said)
        ended = bool(job.tokens) and job.tokens[-1] in self.stop_ids
        text = self.renderer.decode(job.tokens[:-1] if ended else job.tokens)
        cuts = [at for stop in request.sampling.stop if (at := text.find(stop)) >= 0]
        return Choice(
            text[: min(cuts, default=len(text))],
            finish_reason=job.finish,
            token_ids=tuple(job.tokens),
            logprobs=tuple(job.logprobs),
        )

    # --- the thread ---

    async def _run_jobs(self, jobs: Sequence[WantedReply]) -> None:
        loop = asyncio.get_running_loop()
        entries = [_PendingReply(job, loop.create_future()) for job in jobs]
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._serve, name="agentprop-sampling", daemon=True)
            self._thread.start()
        for entry in entries:
            self._pending.put(entry)
        await asyncio.gather(*(entry.done for entry in entries))

    def _serve(self) -> None:
        """Sample one token of every reply under way, then take in new ones, and so on until None arrives."""
        waiting: dict[int, _PendingReply] = {}
        while True:
            for entry in self._gather(block=not self.generator.busy):
                if entry is None:
                    return
                waiting[id(entry.job)] = entry
                self.generator.add(entry.job)
            try:
                done = [waiting.pop(id(job)) for job in self.generator.step()]
            except Exception as error:  # raised in the coroutines that wait for the replies
                self.generator.abandon()
                _wake(list(waiting.values()), error)
                waiting.clear()
                continue
            _wake(done, None)

    def _gather(self, *, block: bool) -> list[_PendingReply | None]:
        entries: list[_PendingReply | None] = []
        while True:
            try:
                entries.append(self._pending.get(block=block and not entries))
            except queue.Empty:
                return entries


def _wake(entries: Sequence[_PendingReply], error: BaseException | None) -> None:
    """Resolve the futures of these replies, with one call per event loop."""
    for loop in {entry.done.get_loop() for entry in entries}:
        mine = [entry.done for entry in entries if entry.done.get_loop() is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, mine, error)


def _resolve(futures: Sequence[asyncio.Future[None]], error: BaseException | None) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None) if error is None else future.set_exception(error)


def _ids(generation_config: Any) -> frozenset[int]:
    """Return the end-of-sequence ids in a model's generation config."""
    found = getattr(generation_config, "eos_token_id", None)
    return frozenset([] if found is None else [found] if isinstance(found, int) else found)
