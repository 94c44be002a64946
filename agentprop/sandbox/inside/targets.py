"""A namespace and the name of what is asked for → something to call.

`f` is a function or class, `Solution.f` a method that is called on a new object each time. Of `f|Solution.f` the first
that is there is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def find(namespace: Mapping[str, Any], target: str) -> Callable[..., Any] | None:
    """What the target names; None if it is not there."""
    for name in target.split("|"):
        owner, _, method = name.rpartition(".")
        found = _method(namespace.get(owner), method) if owner else namespace.get(name)
        if callable(found):
            return found
    return None


def _method(owner: Any, name: str) -> Callable[..., Any] | None:
    if not callable(owner) or not callable(getattr(owner, name, None)):
        return None
    return lambda *arguments, **named: getattr(owner(), name)(*arguments, **named)
