"""A chunk → rated candidates, in two short conversations with a teacher: propose, then rate what was proposed.

The rater sees passages and candidates, not the conversation they came from. A reply that cannot be read gets one
correction turn; what is good in the better of the two replies is used. A failure is told for what it is: the teacher's
malformed reply, a reply cut off by its limit, or a server that did not answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from agentprop.extraction.teaching.chunks import Chunk
from agentprop.extraction.teaching.package import executable_fault
from agentprop.extraction.teaching.proposals import Proposal, Proposals, read_proposals
from agentprop.extraction.teaching.ratings import Rating, Ratings, read_ratings
from agentprop.models.chat import ChatModel, Choice, Message, Request, Sampling
from agentprop.models.failures import ModelFailure
from agentprop.prompts import Prompts

PROMPTS = ("teacher", "passages", "rater", "candidates", "correction")
"""The prompt files of an extraction."""
CUT = "the reply was cut off by its token limit: write less"


class ReadReply(Protocol):
    """A reply, read."""

    @property
    def good(self) -> Any:
        """What can be used."""
        ...

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong."""
        ...


R = TypeVar("R", bound=ReadReply)


@dataclass(frozen=True)
class TeachingRefusal:
    """An item that ends here: a passage that brought nothing, or a candidate."""

    item: str
    """Label of the passage or candidate."""
    code: str
    """Reason code."""
    message: str
    """The reason in a sentence."""
    outcome: Literal["rejected", "failed"] = "rejected"
    """Judged and refused, or not finished for a technical reason."""
    record: str | None = None
    """The candidate, JSON."""


@dataclass(frozen=True)
class RatedProposal:
    """A proposed skill with its rating."""

    item: str
    """`<label of the chunk>/<number>`."""
    proposal: Proposal
    """What was proposed."""
    rating: Rating
    """What it is worth."""


@dataclass(frozen=True)
class ChunkOutcome:
    """What became of a chunk: every passage is cited by a candidate or refused, every candidate rated or refused."""

    proposed: int = 0
    """Candidates that were proposed."""
    candidates: tuple[RatedProposal, ...] = ()
    """Those that were rated."""
    refusals: tuple[TeachingRefusal, ...] = ()
    """Everything else."""


@dataclass(frozen=True)
class Teacher:
    """Who proposes and who rates."""

    proposer: ChatModel
    """Proposes skills."""
    rater: ChatModel
    """Rates them."""
    most: int
    """Skills asked for at most of one chunk."""
    sampling: Sampling
    """How tokens are drawn."""
    prompts: Prompts = field(default_factory=Prompts)
    """Prompts in use."""

    async def study(self, chunk: Chunk) -> ChunkOutcome:
        """The lesson of a chunk."""
        shown = len(chunk.passages)
        asked = self.prompts.filled("passages", most=self.most, passages=shown_passages(chunk))
        try:
            found = await self._converse(self.proposer, "teacher", asked, lambda text: _read(text, shown))
        except ModelFailure as failure:
            return _failed(chunk, f"model-{failure.kind.value}", failure.message)
        reading, last = found
        if not reading.good:
            return _barren(chunk, reading, last)
        try:
            ratings = await self._rated(chunk, reading.good)
        except ModelFailure as failure:
            ratings = Ratings({}, (failure.message,))
        return _lesson(chunk, reading, ratings)

    async def _rated(self, chunk: Chunk, proposals: Sequence[Proposal]) -> Ratings:
        cards = "\n\n".join(card(number, one) for number, one in enumerate(proposals, 1))
        asked = self.prompts.filled("candidates", passages=shown_passages(chunk), skills=cards)
        reading, _ = await self._converse(self.rater, "rater", asked, lambda text: read_ratings(text, len(proposals)))
        return reading

    async def _converse(self, model: ChatModel, system: str, asked: str, read: Callable[[str], R]) -> tuple[R, Choice]:
        """What was read in the better of at most two replies, and the last reply."""
        messages = (Message("system", self.prompts(system)), Message("user", asked))
        first = (await model.reply(Request(messages, self.sampling))).choices[0]
        reading = read(first.text)
        faults = ([CUT] if first.truncated else []) + list(reading.faults)
        if not faults:
            return reading, first
        told = self.prompts.filled("correction", faults="\n".join(f"- {fault}" for fault in faults))
        again = (*messages, Message("assistant", first.text or "(empty)"), Message("user", told))
        try:
            second = (await model.reply(Request(again, self.sampling))).choices[0]
        except ModelFailure:
            if not reading.good:
                raise
            return reading, first
        mended = read(second.text)
        return (reading, second) if len(reading.good) > len(mended.good) else (mended, second)


def _read(text: str, shown: int) -> Proposals:
    """The reply, with what is wrong with the executable parts told too: such a skill can be kept without them."""
    found = read_proposals(text, shown)
    broken = [(one.name, fault) for one in found.good if (fault := executable_fault(one)) is not None]
    return Proposals(found.good, (*found.faults, *(f"{name}: {fault}" for name, fault in broken)), found.none)


# --- what is shown ---


def shown_passages(chunk: Chunk) -> str:
    """The passages of a chunk, numbered from 1."""
    return "\n\n".join(
        f'<passage number="{number}">\n{passage.text}\n</passage>' for number, passage in enumerate(chunk.passages, 1)
    )


def card(number: int, proposal: Proposal) -> str:
    """A candidate as the rater sees it: ⟨ι, μ, δ, τ⟩ and the text; scripts are judged by running them."""
    lines = [f"{tag}: {getattr(proposal, tag)}" for tag in ("name", "description", "domain", "category")]
    lines += [f"{tag}: {getattr(proposal, tag)}" for tag in ("intent", "method", "effect", "tool")]
    lines += [f"recognition:\n{proposal.recognition}", f"workflow:\n{proposal.workflow}"]
    body = "\n".join(lines)
    return f'<candidate skill="{number}">\n{body}\n</candidate>'


def prompts_hash(prompts: Prompts) -> str:
    """The hash of every prompt of an extraction."""
    return prompts.hash(*PROMPTS)


# --- what it comes to ---


def _failed(chunk: Chunk, code: str, message: str) -> ChunkOutcome:
    return ChunkOutcome(refusals=tuple(TeachingRefusal(p.label, code, message, "failed") for p in chunk.passages))


def _barren(chunk: Chunk, reading: Proposals, last: Choice) -> ChunkOutcome:
    """No skill: because there is none, or because the reply could not be read."""
    if last.truncated:
        return _failed(chunk, "truncated", "the reply was cut off by its token limit")
    if reading.faults:
        return _failed(chunk, "malformed", "; ".join(reading.faults)[:1000])
    return ChunkOutcome(
        refusals=tuple(TeachingRefusal(p.label, "nothing-proposed", reading.none) for p in chunk.passages)
    )


def _lesson(chunk: Chunk, reading: Proposals, ratings: Ratings) -> ChunkOutcome:
    candidates, refusals = [], list(_uncited(chunk, reading.good))
    for number, proposal in enumerate(reading.good, 1):
        item, rating = f"{chunk.label}/{number}", ratings.good.get(number)
        if rating is not None:
            candidates.append(RatedProposal(item, proposal, rating))
        else:
            reason = "; ".join(ratings.faults)[:1000] or "the rater left it out"
            refusals.append(TeachingRefusal(item, "unrated", reason, "failed", json.dumps(asdict(proposal))))
    return ChunkOutcome(len(reading.good), tuple(candidates), tuple(refusals))


def _uncited(chunk: Chunk, proposals: Sequence[Proposal]) -> list[TeachingRefusal]:
    cited = {label for proposal in proposals for label in sources(chunk, proposal)}
    return [
        TeachingRefusal(passage.label, "nothing-proposed", "no skill was proposed from this passage")
        for passage in chunk.passages
        if passage.label not in cited
    ]


def sources(chunk: Chunk, proposal: Proposal) -> Mapping[str, int]:
    """Label → position of the passages that a proposal comes from."""
    numbers = proposal.passages or range(1, len(chunk.passages) + 1)
    return {chunk.passages[number - 1].label: number - 1 for number in numbers}
