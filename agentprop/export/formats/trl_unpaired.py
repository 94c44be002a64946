"""For TRL's KTOTrainer: trajectories with a label."""

from agentprop.export.formats.base import DATASETS, Format
from agentprop.export.rows import Unpaired

USAGE = f"""{DATASETS}
KTOTrainer(model, train_dataset=data["train"])  # TRL also counts observations as completion"""

FORMAT = Format(Unpaired, "jsonl", USAGE, ("labelled",))
