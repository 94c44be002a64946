"""Jobs (prompt ids and how to draw) → sampled ids with their log-probs, many at once, one token of each per pass.

Continuous batching over the slots of one static cache. A slot keeps what it holds when its job is done: a prompt that
goes on from there, as the next turn of a conversation does, costs only its new tokens, and one that shares a prefix
with any slot copies it. All of a prompt but its last token is prefilled; that one is the first to be decoded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from agentprop.inference.fused_llama import FusedLlama
from agentprop.inference.kv_cache import SlotCache
from agentprop.inference.memory import CacheMemory, rounded
from agentprop.inference.sampling import draw, key_of, uniforms
from agentprop.inference.slot_attention import Pass, Piece, passing
from agentprop.inference.slots import Ids

Finish = Literal["stop", "length", "overflow"]
"""`overflow`: prompt and reply do not fit into the memory of the cache, even alone."""

PREFILL_TOKENS = 2048
"""Most tokens that are prefilled in one pass."""
LEAST_TOKENS = 8
"""Tokens of a pass, filled up: products of fewer rows are rounded in another way, and then replies could depend on what
else is sampled."""
CHUNK = 512
"""Most tokens of one slot among them."""


@dataclass(eq=False, slots=True)
class WantedReply:
    """One reply wanted, and what became of it."""

    prompt: Ids
    """The conversation so far, ids."""
    max_tokens: int
    """Most tokens to sample."""
    temperature: float = 1.0
    """0 is greedy."""
    top_p: float = 1.0
    """Nucleus."""
    seed: int = 0
    """Seed of the draw."""
    sample: int = 0
    """Tells jobs with equal prompts and seeds apart."""
    ends: Callable[[list[int]], bool] | None = None
    """Whether sampled ids end the reply, besides the ids that always do; asked after every token."""
    tokens: list[int] = field(default_factory=list)
    """Sampled ids, with the one that ended the reply."""
    logprobs: list[float] = field(default_factory=list)
    """The model's log-probs (nats) of them, at temperature 1."""
    finish: Finish | None = None
    """Why it ended; None while it has not."""
    cached: int = 0
    """Tokens of the prompt that needed no computing."""


class Generator:
    """Samples from one model, whose weights may change between jobs (`forget`).

    `model` is any transformers causal language model whose layers attend to all that was before, or to a window of it.
    `stop_ids` end a reply. `max_length` bounds prompt and reply together, `slots` the replies under way at once,
    `cache_bytes` the memory of keys and values, which is taken as it is needed.
    """

    def __init__(
        self,
        model: nn.Module,
        stop_ids: Collection[int],
        *,
        max_length: int,
        slots: int = 128,
        cache_bytes: int = 4 << 30,
    ) -> None:
        self.model, self.max_length = model, max_length
        self.cache = SlotCache.of(model.eval())
        self.lean, self._weights = FusedLlama.of(model), _stamp(model)
        self.room = CacheMemory(self.cache, slots=slots, length=max_length, size_bytes=cache_bytes)
        self.slots = self.room.slots
        self.stop_ids = np.array(sorted(stop_ids), np.int64)
        self._unused_mask = torch.zeros((1, 1, 1, 1), device=self.cache.device)  # so that the model makes none
        self.pending: deque[WantedReply] = deque()
        self.clock = 0
        self._done: list[WantedReply] = []

    @property
    def busy(self) -> bool:
        """Whether anything is queued or under way."""
        return bool(self.pending or self._done or self.slots.active_S.any())

    def add(self, job: WantedReply) -> None:
        """Queue a job; one that can never be worked on is finished at the next step."""
        if job.max_tokens < 1 or len(job.prompt) >= self.max_length:
            self._finish(job, "length")
        elif not self.room.most(len(job.prompt) + 1):
            self._finish(job, "overflow")
        else:
            self.pending.append(job)

    def step(self) -> list[WantedReply]:
        """Start what is queued and sample one token of every reply under way; the jobs that are done come back."""
        if self.model.training:
            self.model.eval()
        if not self.slots.active_S.any() and _stamp(self.model) != self._weights:
            self._begin_anew()
        self.clock += 1
        with torch.inference_mode():
            self._start_pending()
            self._advance()
        done, self._done = self._done, []
        return done

    def run(self, jobs: Iterable[WantedReply]) -> None:
        """Work until all jobs are done."""
        for job in jobs:
            self.add(job)
        while self.busy:
            self.step()

    def abandon(self) -> None:
        """Give up everything that is queued or under way."""
        self.pending.clear()
        self._done.clear()
        for slot in np.flatnonzero(self.slots.active_S).tolist():
            self._release(slot)

    def forget(self) -> None:
        """Begin as if nothing had ever been sampled, in the memory that is there.

        Weights that were changed in place are noticed without it. Raises RuntimeError while replies are under way.
        """
        if self.busy:
            raise RuntimeError("weights cannot change while replies are under way")
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.slots.forget()
        self.lean, self._weights, self.clock = FusedLlama.of(self.model), _stamp(self.model), 0

    # --- starting ---

    def _start_pending(self) -> None:
        """Give queued jobs their slots, in order, until one finds no room; who had better wait is passed over."""
        passed = deque[WantedReply]()
        while self.pending:
            prompt = _so_far(self.pending[0])
            shared_S = self.slots.shared(prompt)
            if self.slots.soon(shared_S):
                passed.append(self.pending.popleft())
            elif self._place(self.pending[0], prompt, shared_S):
                self.pending.popleft()
            else:
                break
        self.pending = passed + self.pending

    def _place(self, job: WantedReply, prompt: Ids, shared_S: Ids) -> bool:
        """Give a job a slot, if there is room for one."""
        slots, place, start = self.slots, self.room.place(prompt, shared_S), len(job.prompt)
        if place is None:
            return False
        slots.take(place, job, prompt, start, min(start + job.max_tokens, self.max_length))
        slots.logprobs_SL[place.slot, start : len(prompt)] = job.logprobs
        slots.key_S[place.slot] = key_of(job.seed, job.sample, job.prompt)
        slots.temperature_S[place.slot], slots.top_p_S[place.slot] = job.temperature, job.top_p
        job.cached = place.have
        return True

    # --- a pass ---

    def _advance(self) -> None:
        """One pass: the next token of every reply under way, and some of what is still to be prefilled."""
        self.room.compact()
        self._make_room()
        slots = self.slots
        left_S = np.where(slots.active_S, slots.known_S - 1 - slots.computed_S, -1)
        decoded_D, pieces = np.flatnonzero(left_S == 0), self._pieces(left_S)
        if not len(decoded_D) and not pieces:
            return
        logits_DV = self._forward(decoded_D, pieces)
        for piece in pieces:
            slots.computed_S[piece.slot] += piece.count
        if len(decoded_D):
            uniforms_D = self._tensor(uniforms(slots.key_S[decoded_D], slots.known_S[decoded_D]))
            temperature_D = self._tensor(slots.temperature_S[decoded_D])
            top_p_D = self._tensor(slots.top_p_S[decoded_D])
            tokens_D, logprobs_D = draw(logits_DV, uniforms_D, temperature_D, top_p_D)
            self._note(decoded_D, tokens_D.cpu().numpy(), logprobs_D.cpu().numpy())

    def _pieces(self, left_S: Ids) -> tuple[Piece, ...]:
        """What of the prompts is computed in this pass; where a prompt is cut does not depend on the others."""
        size, pieces = 0, list[Piece]()
        for slot in np.flatnonzero(left_S > 0).tolist():
            count = min(int(left_S[slot]), CHUNK)
            if pieces and size + count > PREFILL_TOKENS:
                break
            size += count
            pieces.append(Piece(slot, int(self.slots.computed_S[slot]), count))
        return tuple(pieces)

    def _forward(self, decoded_D: Ids, pieces: tuple[Piece, ...]) -> Tensor:
        """Logits [D, vocabulary] of the tokens that are decoded."""
        slots, span = self.slots, int(decoded_D[-1]) + 1 if len(decoded_D) else 0
        reach_S = slots.computed_S[:span]
        at = [(decoded_D, reach_S[decoded_D])]
        at += [(np.full(p.count, p.slot), np.arange(p.start, p.start + p.count)) for p in pieces]
        slots_T, positions_T = (np.concatenate(parts) for parts in zip(*at, strict=True))
        now = Pass(
            slots_T=self._tensor(slots_T),
            positions_T=self._tensor(positions_T),
            span=span,
            reach_S=self._tensor(reach_S),
            decoded=len(decoded_D),
            pieces=pieces,
            length=min(rounded(int(reach_S.max(initial=0)) + 1), slots.length),
        )
        self.cache.places = (now.slots_T, now.positions_T)
        filled = np.zeros((2, max(len(slots_T), LEAST_TOKENS)), np.int64)
        filled[:, : len(slots_T)] = slots.ids_SL[slots_T, positions_T], positions_T
        kept, (ids_T, positions_T) = max(now.decoded, LEAST_TOKENS), self._tensor(filled)
        if self.lean is not None:
            return self.lean(ids_T, positions_T, now, self.cache, kept)[: now.decoded]
        with passing(self.model, now):
            out = self.model(
                input_ids=ids_T[None],
                position_ids=positions_T[None],
                attention_mask=self._unused_mask,
                past_key_values=self.cache,
                use_cache=True,
                logits_to_keep=torch.arange(kept, device=ids_T.device),
            )
        logits: Tensor = out.logits[0, : now.decoded]
        return logits

    def _note(self, decoded_D: Ids, tokens_D: Ids, logprobs_D: npt.NDArray[np.float32]) -> None:
        """Store what was sampled, and finish what has ended."""
        slots, at_D = self.slots, self.slots.known_S[decoded_D]
        slots.ids_SL[decoded_D, at_D] = tokens_D
        slots.logprobs_SL[decoded_D, at_D] = logprobs_D
        slots.computed_S[decoded_D] += 1
        slots.known_S[decoded_D] += 1
        stopped_D = np.isin(tokens_D, self.stop_ids)
        full_D = at_D + 1 >= slots.limit_S[decoded_D]
        for slot in decoded_D[~stopped_D].tolist() if self._asking else ():
            ends = self.slots.owner_S[slot].ends
            if ends is not None and ends(self._sampled(slot)[0]):
                stopped_D |= decoded_D == slot
        ended_D = stopped_D | full_D
        for slot, stopped in zip(decoded_D[ended_D].tolist(), stopped_D[ended_D].tolist(), strict=True):
            self._finish(self._release(slot), "stop" if stopped else "length")

    @property
    def _asking(self) -> bool:
        """Whether any job at work has a condition of its own."""
        return any(job.ends is not None for job in self.slots.owner_S[self.slots.active_S])

    def _sampled(self, slot: int) -> tuple[list[int], list[float]]:
        part = slice(self.slots.start_S[slot], self.slots.known_S[slot])
        return self.slots.ids_SL[slot, part].tolist(), self.slots.logprobs_SL[slot, part].tolist()

    def _release(self, slot: int) -> WantedReply:
        """Take a job off its slot, with what it has."""
        job: WantedReply = self.slots.owner_S[slot]
        job.tokens, job.logprobs = self._sampled(slot)
        self.slots.owner_S[slot] = None
        self.slots.active_S[slot], self.slots.used_S[slot] = False, self.clock
        return job

    def _finish(self, job: WantedReply, why: Finish) -> None:
        job.finish = why
        self._done.append(job)

    def _make_room(self) -> None:
        """Have room for one more token of every reply; where memory forbids it, the last ones go back to the queue."""
        slots = self.slots
        while (span := slots.span) and not self.room.fit(int(slots.known_S[:span].max()) + 1):
            last = self._release(span - 1)
            if self.room.most(len(last.prompt) + len(last.tokens) + 1):
                self.pending.appendleft(last)
            else:
                self._finish(last, "overflow")

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.cache.device)


def _stamp(model: nn.Module) -> list[tuple[int, int]]:
    """What changes with the weights: where each lies, and how often it was written to."""
    return [(parameter.data_ptr(), parameter._version) for parameter in model.parameters()]


def _so_far(job: WantedReply) -> Ids:
    """The prompt, and what was sampled before the job lost its slot."""
    return np.append(job.prompt, np.array(job.tokens, np.int64)) if job.tokens else job.prompt
