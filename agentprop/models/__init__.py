"""Models that answer conversations: any OpenAI-compatible server, a local server started for the run, or a script.

    settings = resolve("teacher")                          # agentprop.toml, a path, MODEL@BASE_URL, a hub id
    with serving(settings, run / "server.log") as up:      # only if settings.local; otherwise use them as they are
        models = Models(cache=ReplyCache(run / "replies.sqlite"))
        model = models.open("teacher", up)
        reply = await model.reply(Request((Message("user", "Hello"),)))

Nothing here imports `openai` before a server is used.
"""

from __future__ import annotations

from agentprop.models.cache import FILE, ReplyCache
from agentprop.models.chat import ChatModel, Choice, Message, Reply, Request, Sampling, Tool, ToolCall, Usage
from agentprop.models.client import Channel, Model, channel_of
from agentprop.models.costs import Meter, Spend
from agentprop.models.failures import FailureKind, ModelFailure, ModelOutage
from agentprop.models.local import ServerDied, serving
from agentprop.models.registry import Models, resolve
from agentprop.models.scripted import Scripted
from agentprop.models.settings import ModelSettings

__all__ = [
    "FILE",
    "Channel",
    "ChatModel",
    "Choice",
    "FailureKind",
    "Message",
    "Meter",
    "Model",
    "ModelFailure",
    "ModelOutage",
    "ModelSettings",
    "Models",
    "Reply",
    "ReplyCache",
    "Request",
    "Sampling",
    "Scripted",
    "ServerDied",
    "Spend",
    "Tool",
    "ToolCall",
    "Usage",
    "channel_of",
    "resolve",
    "serving",
]
