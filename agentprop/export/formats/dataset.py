"""For people and benchmarks: problems and trajectories, Parquet."""

from agentprop.export.formats.base import Format
from agentprop.export.rows import ProblemRow

USAGE = """from datasets import load_dataset

problems = load_dataset("{path}", "problems")
trajectories = load_dataset("{path}", "trajectories")"""

FORMAT = Format(ProblemRow, "parquet", USAGE, ("problems", "trajectories"), whole=True)
