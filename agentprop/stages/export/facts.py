"""Joined runs and the rows written → the facts for a card: funnel, makers, difficulty, settings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentprop.config import STAGES
from agentprop.export.card import Contributor, SourceRun
from agentprop.records import Attempt, Difficulty, MadeBy, Reject, is_of_attempt
from agentprop.report.contamination import FILE as CONTAMINATION
from agentprop.report.text import shareable
from agentprop.stages.common.accepted import JoinedRuns, PassRate
from agentprop.storage.parts import parse_json
from agentprop.storage.reader import StoredRun

MOST_REASONS = 20
"""Most reasons named for each stage; the rest are counted together."""
BARS = 10
"""Equal parts of [0, 1] in which problems are counted by their pass rates, besides never and always."""
SPLITS = {
    "train": "for training",
    "validation": "bundles of skills that training does not have, of the same kinds: for tuning",
    "compositional": "pairs of skills that training never has together, though it has each of them",
    "exploratory": "more skills in one problem than any problem of training has",
    "both": "held-out pairs, and more skills than any problem of training has",
}
"""Split → its description."""


@dataclass
class RowStatistics:
    """Counts of the rows written."""

    proposers: Counter[MadeBy] = field(default_factory=Counter)
    """Rows by proposer."""
    rates: Counter[int] = field(default_factory=Counter)
    """Problems by pass rate: −1 never solved, 0 … BARS − 1 in between, BARS always."""
    pairs: set[str] = field(default_factory=set)
    """Held-out pairs that occur."""

    def add(self, made_by: MadeBy, rate: PassRate | None, held_out: Iterable[frozenset[str]]) -> None:
        """Count one row."""
        self.proposers[made_by] += 1
        self.pairs |= {"+".join(sorted(pair)) for pair in held_out}
        if rate is not None and rate.k:
            self.rates[-1 if rate.c == 0 else rate.c * BARS // rate.k] += 1

    def difficulty(self) -> dict[str, int]:
        """The histogram as text."""
        return {_bar(number): count for number, count in sorted(self.rates.items())}


def stages(joined: JoinedRuns) -> list[SourceRun]:
    """Describe the runs."""
    return [_stage(stored) for stored in joined.runs]


def makers(joined: JoinedRuns, statistics: RowStatistics) -> list[Contributor]:
    """List the proposers of the rows, and the verifiers, auditors and probers of these runs."""
    tried: Counter[tuple[str, str, MadeBy]] = Counter()
    for stored in joined.runs:
        for row in stored.iter_rows(Attempt, ["role", "verifier", "made_by"]):
            if row["role"] != "prober":
                tried[row["role"], row["verifier"], MadeBy.model_validate(row["made_by"])] += 1
        for row in stored.iter_rows(Difficulty, ["prober", "made_by"]):
            tried["prober", row["prober"], MadeBy.model_validate(row["made_by"])] += 1
    proposed = [(("proposer", made_by.name, made_by), count) for made_by, count in statistics.proposers.most_common()]
    return [
        Contributor(role, name, made_by.revision, made_by.sampling, count)
        for (role, name, made_by), count in [*proposed, *tried.most_common()]
    ]


def contamination(joined: JoinedRuns) -> str | None:
    """Sentence on decontamination, if a run was decontaminated."""
    texts = [(stored.name, stored.file(CONTAMINATION)) for stored in joined.runs]
    found = [parse_json(text, f"{name}/{CONTAMINATION}") for name, text in texts if text is not None]
    names = sorted({str(one.get("name")) for report in found for one in report.get("benchmarks", [])})
    if not names:
        return None
    hits = sum(len(report.get("hits", [])) for report in found)
    return f"Compared with {', '.join(f'`{name}`' for name in names)}: {hits:,} problems were left out for it."


def _stage(stored: StoredRun) -> SourceRun:
    manifest = stored.manifest
    return SourceRun(
        stored.stage, manifest.agentprop if manifest else None, stored.fingerprint, _funnel(stored), _settings(stored)
    )


def _funnel(stored: StoredRun) -> dict[str, int]:
    reasons: Counter[tuple[str, str]] = Counter()
    for row in stored.iter_rows(Reject, ["stage", "item", "outcome", "code"]):
        if not is_of_attempt(row["stage"], row["item"]):
            reasons[row["outcome"], row["code"]] += 1
    refused = Counter(outcome for outcome, _ in reasons.elements())
    summary = stored.summary or {}
    accepted = summary.get("accepted", summary.get("valid"))
    totals = {"in": accepted + refused.total(), "accepted": accepted} if isinstance(accepted, int) else {}
    named = {f"{outcome}: {code}": count for (outcome, code), count in reasons.most_common(MOST_REASONS)}
    rest = reasons.total() - sum(named.values())
    return {
        **totals,
        **{name: refused[name] for name in ("rejected", "failed")},
        **named,
        **({"other reasons": rest} if rest else {}),
    }


def _settings(stored: StoredRun) -> Mapping[str, Any]:
    """Settings that differ from their defaults, without secrets."""
    known = STAGES.get(stored.stage)
    usual = (
        {
            name: json.loads(json.dumps(info.get_default(), default=str))
            for name, info in known.model_fields.items()
            if not info.is_required()
        }
        if known
        else {}
    )
    kept = {key: value for key, value in stored.config.items() if usual.get(key, ...) != value and key != "workers"}
    shared: Mapping[str, Any] = shareable(kept)
    return shared


def _bar(number: int) -> str:
    if number < 0:
        return "0 (never right)"
    if number == BARS:
        return "1 (always right)"
    return f"{number / BARS:.1f} – {(number + 1) / BARS:.1f}"
