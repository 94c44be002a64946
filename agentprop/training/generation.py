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

from agentprop.training.cache import Places, SlotCache
from agentprop.training.sampling import draw, key_of, uniforms
from agentprop.training.slots import Ids, Slots

Finish = Literal["stop", "length", "overflow"]
"""`overflow`: prompt and reply do not fit into the memory of the cache, even alone."""

STEP = 64
"""Positions that are read are a multiple of it."""
PREFILL_TOKENS = 4096
"""Most tokens, padding included, of one pass that prefills."""
CHUNK = 512
"""Most tokens of one row in it."""
SPAN_WASTE = 0.25
"""Share of idle rows among those decoded from which on slots are exchanged."""


@dataclass(eq=False, slots=True)
class Job:
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
        self, model: nn.Module, stop_ids: Collection[int], *, max_length: int, slots: int = 128,
        cache_bytes: int = 4 << 30,
    ) -> None:  # fmt: skip
        self.model, self.max_length, self.max_slots, self.cache_bytes = model, max_length, slots, cache_bytes
        self.cache = SlotCache.of(model.eval())
        self.slots = Slots()
        self.windows = _windows(model)
        self.stop_ids = np.array(sorted(stop_ids), np.int64)
        self.pending: deque[Job] = deque()
        self.jobs: list[Job | None] = []
        self.clock = 0

    @property
    def busy(self) -> bool:
        """Whether anything is queued or under way."""
        return bool(self.pending) or bool(self.slots.active_S.any())

    def add(self, job: Job) -> None:
        """Queue a job."""
        self.pending.append(job)

    def step(self) -> list[Job]:
        """Start what is queued and sample one token of every reply under way; the jobs that are done come back."""
        if self.model.training:
            self.model.eval()
        self.clock += 1
        with torch.inference_mode():
            return self._start_pending() + self._decode()

    def run(self, jobs: Iterable[Job]) -> None:
        """Work until all jobs are done."""
        self.pending.extend(jobs)
        while self.busy:
            self.step()

    def forget(self) -> None:
        """The weights have changed: nothing cached counts. Raises RuntimeError while replies are under way."""
        if self.busy:
            raise RuntimeError("weights cannot change while replies are under way")
        self.slots.forget()

    # --- starting ---

    def _start_pending(self) -> list[Job]:
        """Place and prefill jobs in waves: one that shares a prefix with another of its wave waits for the next."""
        refused = [job for job in self.pending if not self._acceptable(job)]
        self.pending = deque(job for job in self.pending if job.finish is None)
        while wave := self._place_wave():
            self._prefill(wave)
        return refused

    def _acceptable(self, job: Job) -> bool:
        """Whether it can be worked on at all; if not, it is finished."""
        if job.max_tokens < 1 or len(job.prompt) >= self.max_length:
            job.finish = "length"
        elif not self._allowed(1, len(job.prompt) + 1):
            job.finish = "overflow"
        return job.finish is None

    def _place_wave(self) -> list[int]:
        wave: list[int] = []
        waiting: deque[Job] = deque()
        for job in self.pending:
            slot = self._place(job, wave)
            if slot is None:
                waiting.append(job)
            else:
                wave.append(slot)
        self.pending = waiting
        return wave

    def _place(self, job: Job, wave: list[int]) -> int | None:
        """Give a job a slot, or None for now."""
        prompt = np.concatenate([job.prompt, np.array(job.tokens, np.int64)]) if job.tokens else job.prompt
        slots = self.slots
        if not self._room(len(prompt) + 1):
            return None
        place = slots.place(prompt, wave)
        if place is None:
            return None
        slot, size = place.slot, len(prompt)
        if place.source != slot:
            self.cache.copy(place.source, slot, place.have)
        slots.ids_SL[slot, :size] = prompt
        slots.logprobs_SL[slot, len(job.prompt) : size] = job.logprobs
        slots.known_S[slot], slots.computed_S[slot], slots.start_S[slot] = size, place.have, len(job.prompt)
        slots.limit_S[slot] = min(len(job.prompt) + job.max_tokens, self.max_length)
        slots.key_S[slot] = key_of(job.seed, job.sample, job.prompt)
        slots.temperature_S[slot], slots.top_p_S[slot] = job.temperature, job.top_p
        slots.active_S[slot], slots.used_S[slot] = True, self.clock
        self.jobs[slot], job.cached = job, place.have
        return slot

    def _prefill(self, wave: list[int]) -> None:
        """Compute all but the last known token of the slots of a wave."""
        slots = self.slots
        left = {slot: int(slots.known_S[slot] - 1 - slots.computed_S[slot]) for slot in wave}
        queue = sorted((slot for slot in wave if left[slot]), key=left.__getitem__, reverse=True)
        while queue:
            width = min(left[queue[0]], CHUNK)
            batch = queue[: max(1, PREFILL_TOKENS // width)]
            self._pass_chunk(np.array(batch), np.minimum([left[slot] for slot in batch], width))
            for slot in batch:
                left[slot] -= min(left[slot], width)
            queue = sorted((slot for slot in queue if left[slot]), key=left.__getitem__, reverse=True)

    def _pass_chunk(self, rows_M: Ids, counts_M: Ids) -> None:
        """Compute the next so many positions of each slot; short rows are padded with tokens that are not kept."""
        slots = self.slots
        width = int(counts_M.max())
        offsets_Q = np.arange(width)
        kept_MQ = offsets_Q < counts_M[:, None]
        positions_MQ = slots.computed_S[rows_M, None] + np.minimum(offsets_Q, counts_M[:, None] - 1)
        tokens_MQ = slots.ids_SL[rows_M[:, None], positions_MQ]
        places = Places(
            slots_N=self._tensor(np.broadcast_to(rows_M[:, None], kept_MQ.shape)[kept_MQ]),
            positions_N=self._tensor(positions_MQ[kept_MQ]),
            kept_N=self._tensor(np.flatnonzero(kept_MQ)),
            read_M=self._tensor(rows_M),
            length=min(_rounded(int(positions_MQ.max()) + 1), slots.length),
        )
        self._forward(tokens_MQ, positions_MQ, places)
        slots.computed_S[rows_M] += counts_M

    # --- decoding ---

    def _decode(self) -> list[Job]:
        slots = self.slots
        self._compact()
        self._make_room()
        span = slots.span
        if not span:
            return []
        rows_B = np.arange(span)
        positions_B = slots.computed_S[:span]
        length = min(_rounded(int(positions_B.max()) + 1), slots.length)
        places = Places(self._tensor(rows_B), self._tensor(positions_B), None, span, length)
        logits_BV = self._forward(slots.ids_SL[rows_B, positions_B][:, None], positions_B[:, None], places)
        uniforms_B = uniforms(slots.key_S[:span], slots.known_S[:span])
        tokens_B, logprobs_B = draw(
            logits_BV, self._tensor(uniforms_B), self._tensor(slots.temperature_S[:span]),
            self._tensor(slots.top_p_S[:span]),
        )  # fmt: skip
        return self._note(np.flatnonzero(slots.active_S), tokens_B.cpu().numpy(), logprobs_B.cpu().numpy())

    def _note(self, active_A: Ids, tokens_B: Ids, logprobs_B: npt.NDArray[np.float32]) -> list[Job]:
        """Store what was sampled in the slots at work; jobs that have ended come back."""
        slots = self.slots
        tokens_A, at_A = tokens_B[active_A], slots.known_S[active_A]
        slots.ids_SL[active_A, at_A] = tokens_A
        slots.logprobs_SL[active_A, at_A] = logprobs_B[active_A]
        slots.computed_S[active_A] += 1
        slots.known_S[active_A] += 1
        stopped_A = np.isin(tokens_A, self.stop_ids)
        ended_A = stopped_A | (slots.known_S[active_A] >= slots.limit_S[active_A])
        done = [self._close(int(slot), "stop" if stop else "length")
                for slot, stop in zip(active_A[ended_A], stopped_A[ended_A], strict=True)]  # fmt: skip
        asking = [slot for slot in active_A[~ended_A] if self._asks(int(slot))]
        return done + [self._close(int(slot), "stop") for slot in asking]

    def _asks(self, slot: int) -> bool:
        """Whether the job's own condition ends it."""
        job = self.jobs[slot]
        return job is not None and job.ends is not None and job.ends(self._sampled(slot)[0])

    def _sampled(self, slot: int) -> tuple[list[int], list[float]]:
        part = slice(self.slots.start_S[slot], self.slots.known_S[slot])
        return self.slots.ids_SL[slot, part].tolist(), self.slots.logprobs_SL[slot, part].tolist()

    def _close(self, slot: int, finish: Finish | None) -> Job:
        """Take a job off its slot, with what it has."""
        job = self.jobs[slot]
        assert job is not None  # only slots at work are closed
        job.tokens, job.logprobs = self._sampled(slot)
        job.finish = finish
        self.jobs[slot] = None
        self.slots.active_S[slot], self.slots.used_S[slot] = False, self.clock
        return job

    # --- room ---

    def _allowed(self, count: int, length: int) -> bool:
        return count * _rounded(length) * self.cache.bytes_per_token <= self.cache_bytes

    def _room(self, length: int) -> bool:
        """Have a slot that is idle and so long, if memory allows."""
        slots = self.slots
        needed = max(_rounded(length), slots.length)
        count = slots.count
        if slots.active_S.all():
            count = min(max(2 * count, 8), self.max_slots)
        while count > slots.count and not self._allowed(count, needed):
            count -= 1
        if count == slots.count and slots.active_S.all():
            return False
        return self._resize(count, needed)

    def _resize(self, count: int, length: int) -> bool:
        """Grow to so many slots of such a length, giving up idle slots at the end where memory asks for it."""
        slots = self.slots
        if (count, length) == (slots.count, slots.length):
            return True
        roomy = min(2 * slots.length, _rounded(self.max_length))
        if roomy > length > slots.length and self._allowed(count, roomy):
            length = roomy
        while count > slots.span and not self._allowed(count, length):
            count -= 1
        if not self._allowed(count, length) or (count <= slots.count and slots.active_S[:count].all()):
            return False
        self.cache.resize(count, length)
        slots.resize(count, length)
        self.jobs = [*self.jobs, *[None] * count][:count]
        return True

    def _make_room(self) -> None:
        """Have room for one more token of every reply; where memory forbids it, the last ones go back to the queue."""
        slots = self.slots
        while span := slots.span:
            needed = _rounded(int(slots.computed_S[:span].max()) + 2)
            if needed <= slots.length:
                return
            count = slots.count
            roomy = max(needed, min(2 * slots.length, _rounded(self.max_length)))
            for length in (roomy, needed):
                while count > span and not self._allowed(count, length):
                    count -= 1
                if self._allowed(count, length):
                    self.cache.resize(count, length)
                    slots.resize(count, length)
                    self.jobs = self.jobs[:count]
                    return
            job = self._close(span - 1, None)
            self.pending.appendleft(job)

    def _compact(self) -> None:
        """Exchange slots until hardly any of those decoded is idle."""
        slots = self.slots
        span, working = slots.span, int(slots.active_S.sum())
        if not working or span - working <= SPAN_WASTE * span:
            return
        holes = np.flatnonzero(~slots.active_S[:working])
        high = np.flatnonzero(slots.active_S[working:]) + working
        for a, b in zip(holes.tolist(), high.tolist(), strict=True):
            self.cache.swap(a, b, int(max(slots.computed_S[a], slots.computed_S[b])))
            slots.swap(a, b)
            self.jobs[a], self.jobs[b] = self.jobs[b], self.jobs[a]

    # --- the model ---

    def _forward(self, tokens_MQ: Ids, positions_MQ: Ids, places: Places) -> Tensor:
        """Pass tokens; logits [M, vocabulary] of the last column."""
        self.cache.places = places
        positions = self._tensor(positions_MQ)
        out = self.model(
            input_ids=self._tensor(tokens_MQ), attention_mask=self._masks(positions, places.length),
            position_ids=positions, past_key_values=self.cache, use_cache=True, logits_to_keep=1,
        )  # fmt: skip
        logits: Tensor = out.logits[:, -1]
        return logits

    def _masks(self, positions_MQ: Tensor, length: int) -> Tensor | dict[str, Tensor]:
        """Additive masks [M, 1, Q, length], by kind of layer where the model has several."""
        read_L = torch.arange(length, device=positions_MQ.device)
        distance_MQL = positions_MQ[..., None] - read_L
        masks = {
            kind: _additive((distance_MQL >= 0) & (distance_MQL < window) if window else distance_MQL >= 0,
                            self.cache.dtype)
            for kind, window in self.windows.items()
        }  # fmt: skip
        return masks if len(masks) > 1 else next(iter(masks.values()))

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.cache.device)


def _additive(visible_MQL: Tensor, dtype: torch.dtype) -> Tensor:
    mask = torch.zeros(visible_MQL.shape, dtype=dtype, device=visible_MQL.device)
    return mask.masked_fill_(~visible_MQL, torch.finfo(dtype).min)[:, None]


def _windows(model: nn.Module) -> dict[str, int | None]:
    """Kind of layer → how many positions it sees, None for all of them."""
    config: Any = model.config
    config = config.get_text_config()
    window = getattr(config, "sliding_window", None)
    kinds = set(getattr(config, "layer_types", None) or ["sliding_attention" if window else "full_attention"])
    return {kind: window if kind == "sliding_attention" else None for kind in sorted(kinds)}


def _rounded(length: int) -> int:
    return -(-length // STEP) * STEP
