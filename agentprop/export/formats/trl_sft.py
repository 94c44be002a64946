"""For TRL's SFTTrainer: accepted trajectories, for a proposer to imitate."""

from agentprop.export.formats.base import DATASETS, Format
from agentprop.export.rows import ConversationRow

USAGE = f"""{DATASETS}
SFTTrainer(model, args=SFTConfig(assistant_only_loss=True), train_dataset=data["train"])  # loss on actions alone"""

FORMAT = Format(ConversationRow, "jsonl", USAGE, ("demonstrations",))
