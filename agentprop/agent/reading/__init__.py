"""Messages of chat models, in tagged text or native calls → the actions that were meant, and what had to be mended.

What is recorded is canonical tagged text, whichever way the model wrote: a message that needed no mending is kept word
for word, and one that did is kept as the block that means the same. So one record can be imitated and replayed by the
strict parser of `agentprop.records.action_text`. With `strict=true` nothing here is used.
"""

from agentprop.agent.reading.reader import MessageReading, read, read_calls

__all__ = ["MessageReading", "read", "read_calls"]
