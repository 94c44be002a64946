"""`agentprop.dataset` and `agentprop.episodes` → what TRL's GRPOTrainer takes.

    data = agentprop.dataset(domain="mathematics", seed=5)
    args = GRPOConfig(max_steps=…, shuffle_dataset=False)
    GRPOTrainer(model, reward_funcs=correct, train_dataset=rows(data), args=args)

TRL reads an endless data set in the training process, so the next problems are made in a thread while it trains. Unless
`shuffle_dataset` is off, it reads a thousand rows before the first step, and a curriculum comes that much late. Every
rank must make the same ones: give all of them the same seed. With `environment_factory` a model acts by calling tools:
`solver(data)` scores the answer that it submits, `proposer(episodes)` is the environment in which a problem is made.
Source: trl 1.16, GRPOTrainer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from agentprop.api.dataset import Dataset, prompt_of
from agentprop.api.episodes import Episode, Episodes
from agentprop.api.scoring import score
from agentprop.errors import InputError
from agentprop.export.reward import trl_reward

if TYPE_CHECKING:
    from datasets import IterableDataset

Messages = list[dict[str, str]]


def rows(data: Dataset, start: int = 0) -> IterableDataset:
    """Stream a data set from an item on: `prompt` (a user message), `answer`, `answer_type`, `id`, `index`."""
    return _streamed(lambda: _solver_rows(data, start))


def _solver_rows(data: Dataset, start: int) -> Iterator[dict[str, Any]]:
    for item in data.items(start):
        told = item["metadata"]
        yield {
            "prompt": [{"role": "user", "content": prompt_of(item)}],
            "answer": item["answer"],
            "answer_type": told["answer_type"],
            "id": told["id"],
            "index": told["source_index"],
        }


def correct(
    completions: Sequence[Any], answer: Sequence[str], answer_type: Sequence[str | None] | None = None, **_: object
) -> list[float | None]:
    """Reward for the rows: 1.0 right, 0.0 wrong, None (which TRL leaves out) if neither can be shown."""
    return trl_reward(completions, answer, answer_type)


def reporting(data: Dataset) -> Callable[..., list[float | None]]:
    """Return the same reward, which also tells the data set how each item was answered, for its curriculum."""

    def correct_and_reported(completions: Sequence[Any], index: Sequence[int], **row: Any) -> list[float | None]:
        rewards = correct(completions, **row)
        for number, reward in zip(index, rewards, strict=True):
            if reward is not None:
                data.report(int(number), reward)
        return rewards

    return correct_and_reported


def tasks(episodes: Episodes, start: int = 0) -> IterableDataset:
    """Stream the tasks of a proposer: `prompt` (the protocol and the task) and `index`, which `proposer` opens."""
    return _streamed(lambda: _proposer_rows(episodes, start))


def _proposer_rows(episodes: Episodes, start: int) -> Iterator[dict[str, Any]]:
    for index in count(start):
        yield {"prompt": episodes[index].native_messages, "index": index}


def _streamed(generator: Callable[[], Iterator[dict[str, Any]]]) -> IterableDataset:
    try:
        from datasets import IterableDataset
    except ImportError as error:
        raise InputError("datasets is not installed", hint="pip install datasets") from error
    return IterableDataset.from_generator(generator)


# --- environments, whose public methods are the model's tools ---


class SolverEnvironment:
    """One problem and one answer. TRL makes an instance for each rollout; they share the data set."""

    def __init__(self, data: Dataset) -> None:
        self._data = data
        self._index = 0
        self._given: str | None = None

    def reset(self, index: int | None = None, **_: object) -> None:
        """Begin with the item of a row; the row's prompt has its question."""
        self._index, self._given = _index(index, "rows"), None

    def submit_answer(self, answer: str) -> str:
        """
        Submit the final answer to the problem; only the first one counts.

        Args:
            answer: The final answer, or a whole program if the problem asks for one.

        Returns:
            Whether it was taken; not whether it is right.
        """
        if self._given is not None:
            return "an answer was submitted before"
        self._given = answer
        return "submitted"

    def get_reward(self) -> float | None:
        """1.0 for the right answer, 0.0 for a wrong one or none, None if neither can be shown."""
        item = self._data[self._index]
        found = score(item["answer"], self._given, answer_type=item["metadata"]["answer_type"])
        if found is not None:
            self._data.report(self._index, found)
        return found


class ProposerEnvironment:
    """One episode of a proposer: the four actions as tools, and r_T as the reward."""

    def __init__(self, episodes: Episodes) -> None:
        self._episodes = episodes
        self._episode: Episode | None = None

    def reset(self, index: int | None = None, **_: object) -> None:
        """Open the episode of a row; the row's prompt has its task."""
        self._episode = self._episodes[_index(index, "tasks")]

    def think(self, text: str) -> str:
        """
        Plan, reflect, audit the logic; nothing is run.

        Args:
            text: The reflection.

        Returns:
            The stage of the episode.
        """
        return self._call("think", text=text)

    def exec(self, code: str) -> str:
        """
        Run Python in a sandbox.

        Args:
            code: The program, or only read_skill("NAME") to see how a skill is used.

        Returns:
            What it prints.
        """
        return self._call("exec", code=code)

    def edit(self, edit: str, skill: str, reason: str, replacement: str = "") -> str:
        """
        Change the active skills.

        Args:
            edit: What is done to the skill: prune, add or replace.
            skill: Name of the skill.
            reason: Why.
            replacement: The skill that takes its place, for replace alone.

        Returns:
            The active skills.
        """
        more = {"replacement": replacement} if replacement else {}
        return self._call("edit", edit=edit, skill=skill, reason=reason, **more)

    def submit(self, statement: str, answer: str, answer_type: str, certificate: str, unit: str = "") -> str:
        """
        Submit the finished problem.

        Args:
            statement: What a solver is given.
            answer: The answer; for a program its source.
            answer_type: integer, rational, expression, quantity, boolean, list, string, set, choice or program.
            certificate: Python that assigns the answer's value to `answer`.
            unit: Unit of a quantity.

        Returns:
            Whether it is accepted, or why it is refused.
        """
        more = {"unit": unit} if unit else {}
        told = {"statement": statement, "answer": answer, "answer_type": answer_type, "certificate": certificate}
        return self._call("submit", **told, **more)

    def get_reward(self) -> float | None:
        """r_T: 0.5 for a valid problem, 0.0 without one, None if validity is undecided."""
        return self._open.reward()

    def _call(self, function: str, **arguments: Any) -> str:
        return self._open.call(function, **arguments)

    @property
    def _open(self) -> Episode:
        if self._episode is None:
            raise InputError("the episode was not opened", hint="call reset(index=…) first")
        return self._episode


def solver(data: Dataset) -> Callable[[], SolverEnvironment]:
    """Return the `environment_factory` of a solver, for `train_dataset=rows(data)`."""
    return lambda: SolverEnvironment(data)


def proposer(episodes: Episodes) -> Callable[[], ProposerEnvironment]:
    """Return the `environment_factory` of a proposer, for `train_dataset=tasks(episodes)`."""
    return lambda: ProposerEnvironment(episodes)


def _index(index: int | None, source: str) -> int:
    if index is None:
        raise InputError(
            "a row says no index, so its rollouts cannot share a problem", hint=f"train_dataset={source}(…)"
        )
    return int(index)
