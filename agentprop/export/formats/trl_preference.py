"""For TRL's DPOTrainer: pairs of trajectories from one task, of which one ended in a valid problem."""

from agentprop.export.formats.base import DATASETS, Format
from agentprop.export.rows import Preference

USAGE = f"""{DATASETS}
DPOTrainer(model, train_dataset=data["train"])  # TRL also counts observations as completion"""

FORMAT = Format(Preference, "jsonl", USAGE, ("pairs",))
