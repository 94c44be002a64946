"""A script → the modules of agentprop's own that it imports, which the sandbox offers beside it.

>>> list(shared("from object_kinds import answer"))
['object_kinds']
>>> shared("from math import gcd")
{}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

SHARED: Mapping[str, frozenset[str]] = {
    "object_kinds": frozenset(
        {"answer", "bounded", "fitting", "narrowed", "quotient", "root", "told_apart", "whole", "worked"}
    ),
}
"""Module → what may be imported from it by name."""
_IMPORT = re.compile(rf"^(?:from|import) ({'|'.join(SHARED)})\b", re.MULTILINE)


def shared(script: str | None) -> dict[str, str]:
    """Sources of the modules that a script imports at its top level, by name."""
    return {name: _source(name) for name in dict.fromkeys(_IMPORT.findall(script or ""))}


@cache
def _source(name: str) -> str:
    return files("agentprop.skills").joinpath(f"{name}.py").read_text(encoding="utf-8")
