"""Names of fields → those that hold one option each: A B C D, option1 option2, or a right answer and wrong ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentprop.extraction.corpus.layout.names import plain
from agentprop.extraction.corpus.layout.paths import Path

_ONE = re.compile(
    r"(?P<stem>op|opt|option|options|choice|ending|sol|answer|ans|alternative|candidate)?(?P<mark>[a-j]|\d)"
)
_WRONG = re.compile(r"(?:incorrect|wrong|distractor|false)(?:answer|option|choice)?s?\d*")
_RIGHT = ("correctanswer", "correctoption", "rightanswer", "bestanswer", "answer")
_SERIES = ("abcdefghij", "123456789", "012345678")


def option_fields(paths: Sequence[Path]) -> tuple[tuple[Path, ...], bool]:
    """(the paths of the options, whether the first is the right one and the others wrong); none if there are none."""
    names = {plain(str(path[-1])): path for path in paths}
    wrong = [path for name, path in names.items() if _WRONG.fullmatch(name)]
    right = next((names[name] for name in _RIGHT if name in names), None)
    if wrong and right is not None:
        return (right, *wrong), True
    groups: dict[str, dict[str, Path]] = {}
    for name, path in names.items():
        if match := _ONE.fullmatch(name):
            groups.setdefault(match["stem"] or "", {})[match["mark"]] = path
    for group in groups.values():
        marks = "".join(sorted(group))
        if len(marks) > 1 and any(series.startswith(marks) for series in _SERIES):
            return tuple(group[mark] for mark in marks), False
    return (), False
