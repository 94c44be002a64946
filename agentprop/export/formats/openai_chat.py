"""For OpenAI-style fine-tuning: accepted trajectories as conversations."""

from agentprop.export.formats.base import Format
from agentprop.export.rows import ConversationRow

USAGE = """from openai import OpenAI

OpenAI().files.create(file=open("{path}/train.jsonl", "rb"), purpose="fine-tune")"""

FORMAT = Format(ConversationRow, "jsonl", USAGE, ("demonstrations",))
