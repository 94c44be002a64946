"""Rewards by category → the mastery that later parts of a data set are drawn with, pinned part by part.

A part keeps the mastery that it was first made with, so that it can be made again, here or in a copy. Without a
curriculum every part has the mastery of the start, and rewards are only remembered.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agentprop.agent.curriculum import Curriculum, MasteryState
from agentprop.config import ProposeConfig


class Feedback:
    """What was reported so far. Any thread may use it."""

    def __init__(self, config: ProposeConfig, curriculum: bool) -> None:
        self.alpha, self.curriculum = config.mastery_alpha, curriculum
        self.lock = threading.Lock()
        self._means: dict[str, float] = {}
        self._shapes: list[dict[str, float]] = [{}]
        self._pins: dict[int, int] = {}

    def report(self, category: str, reward: float) -> None:
        """Move the category's mean: m ← (1 − α)·m + α·reward. Raises ValueError outside [0, 1]."""
        if not 0 <= reward <= 1:
            raise ValueError(f"a reward lies in [0, 1], not {reward}")
        with self.lock:
            before = self._means.get(category, 0.5)
            self._means[category] = before + self.alpha * (reward - before)

    def mastery(self, curriculum: Curriculum) -> dict[str, float]:
        """Mean by category, in the order of the categories."""
        return {**curriculum.start().mastery, **self._means}

    def pinned(self, parts: Iterable[int], curriculum: Curriculum) -> Iterator[tuple[MasteryState, list[int]]]:
        """Group parts by the mastery to make them with: the one they had before, or else the present one."""
        groups: dict[int, list[int]] = {}
        with self.lock:
            if self.curriculum and self._shapes[-1] != self._means:
                self._shapes.append(dict(self._means))
            latest = len(self._shapes) - 1
            for part in parts:
                shape = self._pins.setdefault(part, latest) if self.curriculum else 0
                groups.setdefault(shape, []).append(part)
        start = curriculum.start()
        for shape, members in groups.items():
            yield MasteryState({**start.mastery, **self._shapes[shape]}, start.novelty), members

    def state_dict(self) -> dict[str, Any]:
        """All of it, as JSON values."""
        with self.lock:
            pins = [[part, shape] for part, shape in self._pins.items()]
            return {
                "curriculum": self.curriculum,
                "means": dict(self._means),
                "shapes": [dict(shape) for shape in self._shapes],
                "pins": pins,
            }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict`."""
        with self.lock:
            self.curriculum = bool(state["curriculum"])
            self._means = dict(state["means"])
            self._shapes = [dict(shape) for shape in state["shapes"]]
            self._pins = {int(part): int(shape) for part, shape in state["pins"]}
