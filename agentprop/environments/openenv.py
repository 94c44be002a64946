"""An OpenEnv server: reset gives a question, the one step is its answer. `agentprop serve --as openenv`

`reset(seed=i)` gives item i; without a seed each reset gives the next item. Source: openenv-core 0.3.
"""

from __future__ import annotations

import threading
from itertools import count
from typing import Any

from openenv.core.env_server.http_server import create_fastapi_app
from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import Action, Observation, State

from agentprop.api.dataset import Dataset, prompt_of
from agentprop.api.scoring import score


class Answer(Action):
    """A reply to the question."""

    text: str
    """The whole reply, or the final answer alone."""


class Question(Observation):
    """A question; empty once it was answered."""

    question: str = ""
    """The question, with instructions on the form of the answer."""
    undetermined: bool = False
    """The answer could be shown neither right nor wrong. A field, because clients are not sent the metadata."""


class Problems(Environment[Answer, Question, State]):
    """One episode is one problem. Sessions share the data set."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self, data: Dataset, numbers: Any) -> None:
        super().__init__()
        self._data, self._numbers = data, numbers
        self._index = 0
        self._state = State(episode_id="", step_count=0)

    def reset(self, seed: int | None = None, episode_id: str | None = None, **_: Any) -> Question:
        """Ask the question of an item."""
        self._index = next(self._numbers) if seed is None else seed
        if self._data.size is not None:
            self._index %= self._data.size
        item = self._data[self._index]
        self._state = State(episode_id=episode_id or item["metadata"]["id"], step_count=0)
        return Question(question=prompt_of(item), done=False, reward=None)

    def step(self, action: Answer, timeout_s: float | None = None, **_: Any) -> Question:
        """Score the answer: 1.0 right, else 0.0."""
        item = self._data[self._index]
        self._state.step_count += 1
        found = score(item["answer"], action.text, answer_type=item["metadata"]["answer_type"])
        return Question(done=True, reward=found or 0.0, undetermined=found is None)

    @property
    def state(self) -> State:
        """Which episode it is, and how many steps were taken."""
        return self._state


class _Numbers:
    """Item numbers in turn, for sessions in any thread."""

    def __init__(self) -> None:
        self._count, self._lock = count(), threading.Lock()

    def __next__(self) -> int:
        with self._lock:
            return next(self._count)


def app_of(data: Dataset) -> Any:
    """Make the FastAPI application."""
    numbers = _Numbers()
    return create_fastapi_app(lambda: Problems(data, numbers), Answer, Question)
