"""For people and benchmarks: problems with all their facts."""

from agentprop.export.formats.base import DATASETS, Format
from agentprop.export.rows import ProblemRow

FORMAT = Format(ProblemRow, "jsonl", DATASETS, ("problems",))
