"""Outputs of a program and the checker of its problem → whether each output is right, if several are.

A checker is a Python source that defines `accepts(arguments, found, expected)`: the arguments of a test, what the
program returned or printed, and what the reference did. It runs in the sandbox, in a process that the program never
sees, and returns True or False. Anything else, an exception or no end in time says nothing about the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentprop.sandbox import Sandbox
from agentprop.sandbox.body import BodyTooLarge
from agentprop.sandbox.inside.codec import CodecError, encode

ACCEPTS = "accepts"
"""The function that a checker defines."""
Seen = tuple[Sequence[Any], Any, Any]
"""Arguments of a test, a program's output, and the output of the reference."""


def accepted(checker: str, seen: Sequence[Seen], sandbox: Sandbox, seconds: float) -> list[bool | None]:
    """Whether each output is right, within so many seconds for all of them; None if the checker does not say."""
    told = [(list(arguments), found, expected) for arguments, found, expected in seen]
    asked = [number for number, one in enumerate(told) if _plain(one)]
    verdicts: list[bool | None] = [None] * len(told)
    try:
        outcomes = sandbox.call(checker, ACCEPTS, [told[number] for number in asked], timeout_s=seconds)
    except BodyTooLarge:
        return verdicts
    for number, outcome in zip(asked, outcomes, strict=True):
        if outcome.status == "ok" and isinstance(outcome.value, bool):
            verdicts[number] = outcome.value
    return verdicts


def _plain(value: object) -> bool:
    """True if a value can be passed to the sandbox."""
    try:
        encode(value)
    except CodecError:
        return False
    return True
