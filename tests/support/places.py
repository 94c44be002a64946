"""Paths of the checkout, the examples and the programs beside this file."""

from __future__ import annotations

import os
from pathlib import Path

import agentprop

SUPPORT = Path(__file__).resolve().parent
ROOT = SUPPORT.parents[1]
EXAMPLES = ROOT / "examples"
SOURCES = Path(agentprop.__file__).resolve().parents[1]
"""PYTHONPATH with which another process runs the package under test."""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SOURCES)}
