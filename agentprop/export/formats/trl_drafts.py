"""For TRL's DPOTrainer: a failed draft and the verified one, from the trajectory of one accepted problem."""

from agentprop.export.formats.base import DATASETS, Format
from agentprop.export.rows import Preference

USAGE = f"""{DATASETS}
DPOTrainer(model, train_dataset=data["train"])  # TRL also counts observations as completion"""

FORMAT = Format(Preference, "jsonl", USAGE, ("drafts",))
