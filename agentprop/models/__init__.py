"""Models that answer conversations: any OpenAI-compatible server, a local server started for the run, or a script.

    settings = resolve("teacher")                          # agentprop.toml, a path, MODEL@BASE_URL, a hub id
    with serving(settings, run / "server.log") as up:      # only if settings.local; otherwise use them as they are
        models = Models(cache=ReplyCache(run / "replies.sqlite"))
        model = models.open("teacher", up)
        reply = await model.reply(Request((Message("user", "Hello"),)))

Each name is imported when it is first used, and `openai` when a server is: the built-in proposer needs neither.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentprop.models.cache import FILE, ReplyCache
    from agentprop.models.chat import ChatModel, Choice, Message, Reply, Request, Sampling, Tool, ToolCall, Usage
    from agentprop.models.client import Channel, Model, channel_of
    from agentprop.models.costs import Meter, Spend
    from agentprop.models.failures import FailureKind, ModelFailure, ModelOutage
    from agentprop.models.local import ServerDied, serving
    from agentprop.models.registry import Models, resolve
    from agentprop.models.scripted import Scripted
    from agentprop.models.settings import ModelSettings

_HOMES = {
    "FILE": "cache",
    "ReplyCache": "cache",
    "ChatModel": "chat",
    "Choice": "chat",
    "Message": "chat",
    "Reply": "chat",
    "Request": "chat",
    "Sampling": "chat",
    "Tool": "chat",
    "ToolCall": "chat",
    "Usage": "chat",
    "Channel": "client",
    "Model": "client",
    "channel_of": "client",
    "Meter": "costs",
    "Spend": "costs",
    "FailureKind": "failures",
    "ModelFailure": "failures",
    "ModelOutage": "failures",
    "ServerDied": "local",
    "serving": "local",
    "Models": "registry",
    "resolve": "registry",
    "Scripted": "scripted",
    "ModelSettings": "settings",
}
"""Public name → the module that has it."""

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


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"agentprop.models.{_HOMES[name]}"), name)
    return found
