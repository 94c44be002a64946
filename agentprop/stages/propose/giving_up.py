"""A run that does not succeed → why it stops, in the words of whoever refused its candidates, and what to change."""

from __future__ import annotations

from dataclasses import dataclass

from agentprop.agent.message_notes import MessageFault
from agentprop.errors import AgentpropError, BoundReached, NothingAnswered
from agentprop.stages.propose.ledger import Ledger

FRUITLESS = 288
"""Candidates without a problem after which the built-in proposer gives up: its chances do not change."""
RECENT = 200
"""Candidates in a row without success that say something about the share of success."""
NO_SUCCESS = 3.0
"""After w failures in a row the share of success is at most 3/w, with 95 % confidence (the rule of three)."""


@dataclass(frozen=True)
class Advice:
    """What a kind of fault means for the run."""

    told: str
    """The kind, for `{count} …`."""
    hint: str
    """What to change."""


AGAIN = "the same command goes on"
ADVICE = {
    "malformed": Advice(
        "of {messages} messages could not be read",
        "use a model that follows instructions better, or set `tools = true` for it in agentprop.toml if its server "
        "can call tools",
    ),
    "refused": Advice(
        "submissions were refused",
        "use a stronger model, narrow the task with --category, or lower max_skills",
    ),
    "exec": Advice("programs failed", "use a model that writes better Python, or narrow the task with --category"),
    "truncated": Advice(
        "conversations ended in a reply without an end", "raise reply_tokens, or switch off long thinking"
    ),
    "context_overflow": Advice(
        "conversations outgrew the context", "lower max_turns or reply_tokens, or use a model with a longer context"
    ),
    "infrastructure": Advice(
        "conversations ended because the server refused a request",
        "`agentprop check-models` shows what the server takes",
    ),
    "template_repeats": Advice(
        "problems repeat accepted ones but for their numbers",
        "raise the temperature, add skills or categories, or raise max_template_repeats",
    ),
    "duplicate": Advice("problems were accepted before", "raise the temperature, or add skills or categories"),
}
OTHER = Advice("candidates do not count", "`agentprop show RUN` lists the reasons")


def hopeless(ledger: Ledger, limit: int) -> bool:
    """True if nothing was accepted for too long, or the target is out of reach within the limit on candidates.

    A pilot of a language model goes to its end.
    """
    if ledger.own_proposer:
        return not ledger.accepted and FRUITLESS <= ledger.next < limit
    if ledger.config.pilot is not None:
        return False
    ended, accepted = ledger.ended
    if not accepted and ended >= ledger.config.give_up_after:
        return True
    recent, owed = ledger.in_vain, ledger.config.n - ledger.accepted
    return recent >= max(RECENT, ledger.config.give_up_after) and NO_SUCCESS / recent * (limit - ledger.next) < owed


def given_up(ledger: Ledger) -> AgentpropError:
    """The error that ends the run: how far it came, the commonest fault in its own words, what to change."""
    accepted, n, ended = ledger.accepted, ledger.config.n, ledger.in_vain
    if ledger.own_proposer:
        return BoundReached(
            f"stopped at candidate {ledger.next}, none of which became a problem ({_reasons(ledger)}), with {accepted} "
            f"of {n} problems accepted",
            hint=repetition(ledger) or "add skills, or widen --domain and --category",
        )
    head = f"stopped with {accepted} of {n} problems accepted, because the last {ended} candidates brought none"
    faults = ledger.notes.commonest(1)
    if not faults:
        return BoundReached(head, hint=f"{OTHER.hint}; {AGAIN}")
    kind, fault = faults[0]
    advice = ADVICE.get(kind.partition(":")[0], OTHER)
    message = f"{head}: {fault.count} {advice.told.format(messages=ledger.notes.messages)}: {said(fault)}"
    if kind == "infrastructure" and not ledger.notes.messages:
        return NothingAnswered(message, hint=advice.hint)
    return BoundReached(message, hint=f"{advice.hint}; {AGAIN}")


def repetition(ledger: Ledger) -> str:
    """Hint for a run of the built-in proposer most of whose refused candidates repeat accepted problems, or nothing."""
    same, numbers = (ledger.counts[f"rejected: {code}"] for code in ("duplicate", "template_repeats"))
    if not ledger.own_proposer or 2 * (same + numbers) < ledger.counts["rejected"] + ledger.counts["failed"]:
        return ""
    if same >= numbers:
        once = f" ({ledger.once:,} of these skills have one problem each)" if ledger.once else ""
        return f"{same:,} candidates repeat accepted problems{once}: ask for fewer with --n, or add skills"
    return f"{numbers:,} candidates differ from accepted problems in numbers alone: add skills, or max_template_repeats"


def _reasons(ledger: Ledger) -> str:
    """What most candidates ended for."""
    found = [(name.split(": ", 1)[1], number) for name, number in ledger.counts.most_common() if ": " in name]
    return ", ".join(f"{number} × {name}" for name, number in found[:3])


def said(fault: MessageFault) -> str:
    """The words about a fault's first case, on one line."""
    words = " ".join(fault.words.split())
    return words if len(words) <= 300 else f"{words[:300]}…"
