"""Size of the report and what it is made of, as a person chooses it."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentprop.config.parts import CorpusSettings


@dataclass(frozen=True)
class ReportOptions:
    """Size of the page."""

    problems: int = 20_000
    """Most accepted problems that are listed; of more, a sample."""
    trajectories: int = 300
    """Most problems and refused candidates that are shown step by step."""
    seed: int = 0
    """Seed of the samples."""
    title: str | None = None
    """Heading; null means the names of the runs."""
    max_failures: float = 0.01
    """Share of the records that may fail to be shown."""
    compare: tuple[str, ...] = ()
    """Runs that are set against the others."""
    layout: CorpusSettings = field(default_factory=CorpusSettings)
    """How files that are no runs are read."""
    quiet: bool = True
    """Do not tell what is taken for what in them."""
