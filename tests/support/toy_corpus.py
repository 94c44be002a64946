"""The corpus of the toy teacher."""

from __future__ import annotations

from pathlib import Path

from agentprop.config import ExtractConfig

ROWS = [
    "TWIN alpha",
    "TWIN beta",
    "WEAK marks for addition",
    "NOTHING",
    "GARBLED invariants along colourings",
    "HOPELESS",
    "WRONG divisors summed with weights",
    "ORDER residues under squaring",
    "TWIN alpha",
]
PADDING = ". " + "0" * 180
"""Makes each record long enough for a chunk of its own."""
NOTES = """# Notes

PLAIN pigeons find holes in drawers.

Between them prose, which exercises no skill at all, goes on for a while until the chunk that holds it is full.

PLAIN bridges separate connected networks, as every engineer of railways knows by heart and repeats every morning.
"""


def config(source: Path, model: str, **settings: object) -> ExtractConfig:
    """Settings under which every record is a chunk."""
    given = {"sources": (str(source),), "teacher": model, "workers": 1, "chunk_characters": 240, **settings}
    return ExtractConfig.model_validate(given)
