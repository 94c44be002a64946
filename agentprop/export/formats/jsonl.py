"""For people and benchmarks: problems with all that is known of them."""

from agentprop.export.formats.base import DATASETS, Format
from agentprop.export.rows import ProblemRow

FORMAT = Format(ProblemRow, "jsonl", DATASETS, ("problems",))
