"""Jobs (prompt ids and sampling parameters) → sampled ids with their log-probs, many jobs at once.

Continuous batching over the slots of one static cache: each forward pass samples one token of every reply under way.
All of a prompt but its last token is prefilled; the last one is the first to be decoded. A slot keeps its content when
its job is done. So the next turn of a conversation computes only its new tokens, and a prompt that shares a prefix with
any slot copies it.

    prompt a b c d, two tokens wanted               ids of slot 0       known   computed
    pass 1   prefill a b c                          a b c d                 4       3
    pass 2   decode d, draw x                       a b c d x               5       4
    pass 3   decode x, draw y, done                 a b c d x y             6       5
    next turn: the prompt a b c d x y e f           a b c d x y e f         8       5     5 tokens need no computing
    pass 4   prefill y e                            a b c d x y e f         8       7
    pass 5   decode f, draw z                       a b c d x y e f z       9       8

Suffixes of arrays name their axes: S slots, L positions, T tokens of a pass, D decoded ones, V vocabulary.
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
from agentprop.inference.sampling import annealed_logprobs, draw, key_of, uniforms
from agentprop.inference.slot_attention import ForwardPass, PrefillChunk, use_slot_attention
from agentprop.inference.slots import Ids
from agentprop.models.annealing import Annealing

Finish = Literal["stop", "length", "overflow"]
"""Reason why a reply ended; `overflow` means that prompt and reply alone do not fit into the cache."""

PREFILL_TOKENS = 2048
"""Most tokens prefilled in one pass."""
LEAST_TOKENS = 8
"""Fewest tokens of a pass, which is padded to it: matrix products of fewer rows are rounded differently, and replies
would depend on how many others are under way."""
CHUNK_TOKENS = 512
"""Most tokens of one slot prefilled in one pass."""


@dataclass(eq=False, slots=True)
class WantedReply:
    """Reply to sample, and its result."""

    prompt: Ids
    """Token ids of the conversation so far."""
    max_tokens: int
    """Most tokens to sample."""
    temperature: float = 1.0
    """Sampling temperature; 0 is greedy."""
    top_p: float = 1.0
    """Nucleus (top-p)."""
    seed: int = 0
    """Seed of the draw."""
    sample: int = 0
    """Number that distinguishes jobs with equal prompts and seeds."""
    annealing: Annealing | None = None
    """Temperature that falls over the reply, in place of `temperature`."""
    anneals: Callable[[list[int]], bool] | None = None
    """Condition of annealing: sampled ids → True if the next token is annealed; None for every one."""
    ends: Callable[[list[int]], bool] | None = None
    """Extra stop condition: sampled ids → True if the reply ends here; called after every token."""
    tokens: list[int] = field(default_factory=list)
    """Sampled ids, including the one that ended the reply."""
    logprobs: list[float] = field(default_factory=list)
    """The model's log-probs (nats) of the sampled ids, at temperature 1, or as they were drawn with annealing."""
    finish: Finish | None = None
    """Reason why the reply ended; None while it is under way."""
    cached: int = 0
    """Tokens of the prompt that were in the cache."""


class Generator:
    """Sampler for one model, whose weights may change between jobs (`forget`).

    `model` is any transformers causal language model with full or sliding-window causal attention. `stop_ids` end a
    reply. `max_length` bounds prompt and reply together, `slots` the replies under way at once, and `cache_bytes` the
    memory of keys and values, which is allocated as needed.
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
        self.fused, self._weights = FusedLlama.of(model), _weight_versions(model)
        self.memory = CacheMemory(self.cache, slots=slots, length=max_length, size_bytes=cache_bytes)
        self.slots = self.memory.slots
        self.stop_ids = np.array(sorted(stop_ids), np.int64)
        self._unused_mask = torch.zeros(
            (1, 1, 1, 1), device=self.cache.device
        )  # given to the model so that it makes none
        self.pending: deque[WantedReply] = deque()
        self.clock = 0
        self._done: list[WantedReply] = []

    @property
    def busy(self) -> bool:
        """A job is queued or under way."""
        return bool(self.pending or self._done or self.slots.active_S.any())

    def add(self, job: WantedReply) -> None:
        """Queue a job; one that can never fit is finished at the next step."""
        if job.max_tokens < 1 or len(job.prompt) >= self.max_length:
            self._finish(job, "length")
        elif not self.memory.slots_that_fit(len(job.prompt) + 1):
            self._finish(job, "overflow")
        else:
            self.pending.append(job)

    def step(self) -> list[WantedReply]:
        """Start queued jobs, sample one token of every reply under way, and return the jobs that are done."""
        self._stop_training()
        # A trainer changes weights in place; looked at only between replies, because it walks over all parameters.
        if not self.slots.active_S.any() and _weight_versions(self.model) != self._weights:
            self._begin_anew()
        self.clock += 1
        with torch.inference_mode():
            self._start_pending()
            self._advance()
        done, self._done = self._done, []
        return done

    def run(self, jobs: Iterable[WantedReply]) -> None:
        """Sample until all jobs are done."""
        for job in jobs:
            self.add(job)
        while self.busy:
            self.step()

    def abandon(self) -> None:
        """Drop every job that is queued or under way."""
        self.pending.clear()
        self._done.clear()
        for slot in np.flatnonzero(self.slots.active_S).tolist():
            self._release(slot)

    def forget(self) -> None:
        """Discard the content of the cache, but keep its memory.

        Weights that were changed in place are noticed without it. Raises RuntimeError while replies are under way.
        """
        if self.busy:
            raise RuntimeError("weights cannot change while replies are under way")
        self._begin_anew()

    def _stop_training(self) -> None:
        """Leave the mode that a trainer sets for its updates, in which gradient checkpointing keeps no cache."""
        if self.model.training:
            self.model.eval()

    def _begin_anew(self) -> None:
        self._stop_training()
        self.slots.forget()
        self.fused, self._weights, self.clock = FusedLlama.of(self.model), _weight_versions(self.model), 0

    # --- starting ---

    def _start_pending(self) -> None:
        """Assign slots to queued jobs, in order, until one does not fit; skip jobs that gain by waiting a little."""
        passed = deque[WantedReply]()
        while self.pending:
            prompt = _ids_so_far(self.pending[0])
            shared_S = self.slots.shared(prompt)
            if self.slots.worth_waiting(shared_S):  # another slot is about to hold a long prefix: copy it then
                passed.append(self.pending.popleft())
            elif self._place(self.pending[0], prompt, shared_S):
                self.pending.popleft()
            else:
                break
        self.pending = passed + self.pending

    def _place(self, job: WantedReply, prompt: Ids, shared_S: Ids) -> bool:
        """Put a job in a slot; return False if none is free."""
        slots, place, start = self.slots, self.memory.place(prompt, shared_S), len(job.prompt)
        if place is None:
            return False
        slots.take(place, job, prompt, start, min(start + job.max_tokens, self.max_length))
        # A job that lost its slot comes back with its tokens as prompt: restore their log-probs.
        slots.logprobs_SL[place.slot, start : len(prompt)] = job.logprobs
        slots.key_S[place.slot] = key_of(job.seed, job.sample, job.prompt)
        slots.temperature_S[place.slot], slots.top_p_S[place.slot] = job.temperature, job.top_p
        slots.annealed_S[place.slot] = job.annealing is not None
        job.cached = place.cached
        return True

    # --- a pass ---

    def _advance(self) -> None:
        """Run one forward pass: the next token of every reply under way, and some tokens of new prompts."""
        self.memory.compact()
        self._make_room()
        slots = self.slots
        # Prompt tokens still to be prefilled; 0 means that the slot decodes its last token in this pass.
        left_S = np.where(slots.active_S, slots.known_S - 1 - slots.computed_S, -1)
        decoded_D, chunks = np.flatnonzero(left_S == 0), self._next_chunks(left_S)
        if not len(decoded_D) and not chunks:
            return
        logits_DV = self._forward(decoded_D, chunks)
        for chunk in chunks:
            slots.computed_S[chunk.slot] += chunk.count
        if len(decoded_D):
            uniforms_D = self._tensor(uniforms(slots.key_S[decoded_D], slots.known_S[decoded_D]))
            annealed_D = slots.annealed_S[decoded_D]
            temperature_D = self._tensor(self._temperatures(decoded_D, annealed_D))
            top_p_D = self._tensor(slots.top_p_S[decoded_D])
            tokens_D, logprobs_D = draw(logits_DV, uniforms_D, temperature_D, top_p_D)
            if annealed_D.any():
                drawn_D = annealed_logprobs(logits_DV, tokens_D, temperature_D.masked_fill(temperature_D == 0, 1.0))
                logprobs_D = torch.where(self._tensor(annealed_D), drawn_D, logprobs_D)
            self._record(decoded_D, tokens_D.cpu().numpy(), logprobs_D.cpu().numpy())

    def _temperatures(self, decoded_D: Ids, annealed_D: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Return the temperature of each token that is drawn; one that is annealed goes by its place in the reply."""
        slots = self.slots
        found_D: npt.NDArray[np.float32] = slots.temperature_S[decoded_D]  # a copy
        for place in np.flatnonzero(annealed_D).tolist():
            slot = decoded_D[place]
            job: WantedReply = slots.owner_S[slot]
            assert job.annealing is not None
            if job.anneals is None or job.anneals(self._sampled(slot)[0]):
                found_D[place] = job.annealing.temperature(int(slots.known_S[slot] - slots.start_S[slot]))
        return found_D

    def _next_chunks(self, left_S: Ids) -> tuple[PrefillChunk, ...]:
        """Choose the prompt tokens to prefill in this pass; a prompt is cut at the same places whatever else runs."""
        size, chunks = 0, list[PrefillChunk]()
        for slot in np.flatnonzero(left_S > 0).tolist():
            count = min(int(left_S[slot]), CHUNK_TOKENS)
            if chunks and size + count > PREFILL_TOKENS:
                break
            size += count
            chunks.append(PrefillChunk(slot, int(self.slots.computed_S[slot]), count))
        return tuple(chunks)

    def _forward(self, decoded_D: Ids, chunks: tuple[PrefillChunk, ...]) -> Tensor:
        """Run the model on one row of tokens; return logits [D, vocabulary] of the decoded ones."""
        slots, span = self.slots, int(decoded_D[-1]) + 1 if len(decoded_D) else 0
        reach_S = slots.computed_S[:span]
        at = [(decoded_D, reach_S[decoded_D])]
        at += [(np.full(p.count, p.slot), np.arange(p.start, p.start + p.count)) for p in chunks]
        slots_T, positions_T = (np.concatenate(parts) for parts in zip(*at, strict=True))
        current = ForwardPass(
            slots_T=self._tensor(slots_T),
            positions_T=self._tensor(positions_T),
            span=span,
            reach_S=self._tensor(reach_S),
            decoded=len(decoded_D),
            chunks=chunks,
            length=min(rounded(int(reach_S.max(initial=0)) + 1), slots.length),
        )
        self.cache.open(int(slots_T.max()) + 1, max(current.length, rounded(int(positions_T.max()) + 1)))
        self.cache.places = (current.slots_T, current.positions_T)
        # Padding tokens come last and are not stored; see LEAST_TOKENS.
        filled = np.zeros((2, max(len(slots_T), LEAST_TOKENS)), np.int64)
        filled[:, : len(slots_T)] = slots.ids_SL[slots_T, positions_T], positions_T
        kept, (ids_T, positions_T) = max(current.decoded, LEAST_TOKENS), self._tensor(filled)
        if self.fused is not None:
            return self.fused(ids_T, positions_T, current, self.cache, kept)[: current.decoded]
        with use_slot_attention(self.model, current):
            out = self.model(
                input_ids=ids_T[None],
                position_ids=positions_T[None],
                attention_mask=self._unused_mask,
                past_key_values=self.cache,
                use_cache=True,
                logits_to_keep=torch.arange(kept, device=ids_T.device),
            )
        logits: Tensor = out.logits[0, : current.decoded]
        return logits

    def _record(self, decoded_D: Ids, tokens_D: Ids, logprobs_D: npt.NDArray[np.float32]) -> None:
        """Store the sampled tokens, and finish the replies that have ended."""
        slots, at_D = self.slots, self.slots.known_S[decoded_D]
        slots.ids_SL[decoded_D, at_D] = tokens_D
        slots.logprobs_SL[decoded_D, at_D] = logprobs_D
        slots.computed_S[decoded_D] += 1
        slots.known_S[decoded_D] += 1
        stopped_D = np.isin(tokens_D, self.stop_ids)
        full_D = at_D + 1 >= slots.limit_S[decoded_D]
        # The only loop over slots in Python, so it runs only if some job has a stop condition.
        for slot in decoded_D[~stopped_D].tolist() if self._has_stop_conditions else ():
            ends = self.slots.owner_S[slot].ends
            if ends is not None and ends(self._sampled(slot)[0]):
                stopped_D |= decoded_D == slot
        ended_D = stopped_D | full_D
        for slot, stopped in zip(decoded_D[ended_D].tolist(), stopped_D[ended_D].tolist(), strict=True):
            self._finish(self._release(slot), "stop" if stopped else "length")

    @property
    def _has_stop_conditions(self) -> bool:
        """Some job under way has an extra stop condition."""
        return any(job.ends is not None for job in self.slots.owner_S[self.slots.active_S])

    def _sampled(self, slot: int) -> tuple[list[int], list[float]]:
        part = slice(self.slots.start_S[slot], self.slots.known_S[slot])
        return self.slots.ids_SL[slot, part].tolist(), self.slots.logprobs_SL[slot, part].tolist()

    def _release(self, slot: int) -> WantedReply:
        """Take a job off its slot, with the tokens sampled so far."""
        job: WantedReply = self.slots.owner_S[slot]
        job.tokens, job.logprobs = self._sampled(slot)
        self.slots.owner_S[slot] = None
        self.slots.active_S[slot], self.slots.used_S[slot] = False, self.clock
        return job

    def _finish(self, job: WantedReply, why: Finish) -> None:
        job.finish = why
        self._done.append(job)

    def _make_room(self) -> None:
        """Make room for one more token of every reply; if memory is short, put the last replies back in the queue."""
        slots = self.slots
        # From the end: those slots can be given up without moving others.
        while (span := slots.span) and not self.memory.fit(int(slots.known_S[:span].max()) + 1):
            last = self._release(span - 1)
            if self.memory.slots_that_fit(len(last.prompt) + len(last.tokens) + 1):
                self.pending.appendleft(last)
            else:
                self._finish(last, "overflow")

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.cache.device)


def _weight_versions(model: nn.Module) -> list[tuple[int, int]]:
    """Return the address and version counter of every weight, which change when weights do."""
    return [(parameter.data_ptr(), parameter._version) for parameter in model.parameters()]


def _ids_so_far(job: WantedReply) -> Ids:
    """Return the prompt and the tokens sampled before the job lost its slot, if it did."""
    return np.append(job.prompt, np.array(job.tokens, np.int64)) if job.tokens else job.prompt
