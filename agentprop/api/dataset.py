"""`dataset(domain="mathematics", seed=5)`: verified problems as they are asked for, without end and without files.

    ahead of the consumer   [ item 0 ][ part 0 ][ parts 1, 2 ][ parts 3 … 8 ][ parts 9 … 24 ] …
                              alone     then      batches that grow, made by a thread while part 0 is read

The first item that is asked for is made alone, so that it comes soon, and all others a part or more at a time, which
costs less. One thread of this process makes them, so a running event loop, other threads and scripts without a main
guard are no obstacle. What is kept is small and can be made again, so a forked or unpickled copy starts
from the settings.
"""

from __future__ import annotations

import atexit
import operator
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, TypedDict, overload

from agentprop.api.feedback import Feedback
from agentprop.api.items import ItemMaker
from agentprop.api.running import AheadThread
from agentprop.api.scoring import score
from agentprop.api.settings import Paths, paths_of, settings_of
from agentprop.config import ProposeConfig
from agentprop.errors import ConfigError
from agentprop.export.rows import QuestionAnswer
from agentprop.export.solver import question_answer, with_answer_format
from agentprop.records import Problem
from agentprop.stages.common.plan import Plan

PART = 8
"""Items that are made together if one of them is asked for."""
AHEAD = 16
"""Most parts of a batch that is made ahead of a reader; the first batches are smaller, so that they come soon."""
WORTH_COMPILING = 96
"""Items after which the sandbox compiles the library once for all its processes."""
KEPT = 512
"""Parts that are kept, the latest first."""


class Metadata(TypedDict):
    """What is known of an item beside its two texts."""

    source_dataset: str
    """Always `agentprop`."""
    source_index: int
    """Number of the item."""
    id: str
    """Id of the problem: a hash of its content."""
    domain: str
    """mathematics, coding or science."""
    category: str
    """Subject."""
    skills: tuple[str, ...]
    """Names of the skills it composes, the asking one first."""
    answer_type: str
    """Kind of the answer."""
    difficulty: int | None
    """Band of the declared difficulty, from 1 to 5."""


class Item(TypedDict):
    """A question and its answer."""

    question: str
    """The statement."""
    answer: str
    """The answer; for a program its hidden tests, JSON."""
    metadata: Metadata
    """Where it comes from."""


def dataset(
    domain: str | None = None,
    seed: int = 0,
    size: int | None = None,
    *,
    skills: Paths = (),
    categories: Paths = (),
    bundled_skills: bool = True,
    max_skills: int | None = None,
    held_out: Paths = (),
    difficulty: str | None = None,
    calibration: str | None = None,
    curriculum: bool = False,
    solutions: bool = False,
    allow_weak_sandbox: bool = False,
) -> Dataset:
    """Return problems that are made as they are asked for; the settings mean what they mean for `propose`.

    `domain` is mathematics, coding, science or None for all; `size` ends the data set, None never does. With
    `curriculum` the rewards given to `report` change what later items are drawn from. With `solutions` the records of
    problems have worked solutions, which no item shows; without them items come faster. Nothing starts before the first
    item is asked for. Raises ConfigError for a setting that is out of range, here or with the first item.
    """
    given = {
        "n": 1,
        "domain": domain,
        "seed": seed,
        "skills": paths_of(skills),
        "categories": paths_of(categories),
        "bundled_skills": bundled_skills,
        "max_skills": max_skills,
        "held_out": paths_of(held_out),
        "difficulty": difficulty,
        "calibration": calibration,
        "allow_weak_sandbox": allow_weak_sandbox,
    }
    return Dataset(settings_of(ProposeConfig, given), size, curriculum=curriculum, solutions=solutions)


class Dataset:
    """Items by number: item i is the same on every machine, for one version, library, seed and settings.

    Use `dataset` to make one. Any thread may use it. Items are very likely distinct, but only `propose` makes sure.
    """

    def __init__(
        self, config: ProposeConfig, size: int | None = None, *, curriculum: bool = False, solutions: bool = False
    ) -> None:
        if size is not None and (not hasattr(size, "__index__") or operator.index(size) < 1):
            told = f"size must be a whole number from 1 on, not {size!r:.40}"
            raise ConfigError(told, hint="leave it out for a data set without end")
        self.config, self.solutions = config, solutions
        self.size = None if size is None else operator.index(size)
        self.undetermined = 0
        """Replies scored 0.0 because neither right nor wrong could be shown."""
        self._feedback = Feedback(config, curriculum)
        self._plan: Plan | None = None
        self._closing: list[weakref.finalize[..., Dataset]] = []
        self._forget()

    def _forget(self) -> None:
        """Drop the thread, the sandbox and the items, which belong to another process after a fork."""
        while self._closing:
            self._closing.pop().detach()
        self._maker: ItemMaker | None = None
        self._count = 0
        self._lock, self._opening, self._busy = threading.Lock(), threading.Lock(), threading.Lock()
        self._feedback.lock = threading.Lock()
        self._thread: AheadThread | None = None
        self._parts: OrderedDict[int, Future[dict[int, Problem]]] = OrderedDict()
        _alive.add(self)

    def __getstate__(self) -> dict[str, Any]:
        """Keep the settings and what was reported; all else is made anew."""
        return {
            "config": self.config,
            "size": self.size,
            "solutions": self.solutions,
            "undetermined": self.undetermined,
            "feedback": self._feedback.state_dict(),
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Start from the settings."""
        feedback = state["feedback"]
        given = {"curriculum": feedback["curriculum"], "solutions": state["solutions"]}
        self.__init__(state["config"], state["size"], **given)  # type: ignore[misc]
        self.undetermined = state["undetermined"]
        self._feedback.load_state_dict(feedback)

    def __deepcopy__(self, memo: object) -> Dataset:
        """A copy inside this process is the same data set, so that what is reported to one is known to the other."""
        return self

    # --- items ---

    def __len__(self) -> int:
        """Size, if there is one. Raises TypeError for a data set without end."""
        if self.size is None:
            raise TypeError("this data set has no end: give dataset() a size")
        return self.size

    def __bool__(self) -> bool:
        """A data set is never empty."""
        return True

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        """Item number `index`, or the items of a slice. Raises IndexError beyond the size, or for a slice without end.

        A slice of a data set with a size ends where that does, as a list's would.
        """
        if isinstance(index, slice):
            return [self[number] for number in self._range(index)]
        return item_of(self.problem(index), self._number(index))

    def __iter__(self) -> Iterator[Item]:
        """All items in order."""
        return self.items()

    def items(self, start: int = 0) -> Iterator[Item]:
        """Items in order from a number on, such as the one that an interrupted training would have seen next.

        Raises IndexError for a negative number.
        """
        if (number := operator.index(start)) < 0:
            raise IndexError(f"there is no item {number} to start from")
        while self.size is None or number < self.size:
            yield self[number]
            number += 1

    def problem(self, index: int) -> Problem:
        """The whole record of an item: its certificate, skills and hidden tests, and its solution if there are any."""
        number = self._number(index)
        return self._made(number).result()[number]

    def prompt(self, index: int) -> str:
        """Question of an item with instructions on the form of the answer, as a prober gets it."""
        return prompt_of(self[index])

    def _range(self, part: slice) -> range:
        if self.size is not None:
            return range(*part.indices(self.size))
        bounds = [operator.index(bound or 0) for bound in (part.start, part.stop, part.step)]
        if part.stop is None or min(bounds) < 0:
            raise IndexError("this data set has no end: a slice of it needs one, and no negative number")
        return range(*part.indices(bounds[1]))

    def _number(self, index: int) -> int:
        index = operator.index(index)
        number = index + self.size if index < 0 and self.size is not None else index
        if number < 0 or (self.size is not None and number >= self.size):
            raise IndexError(f"there is no item {index}")
        return number

    # --- scoring ---

    def score_answer(self, answer: str | None, entry: Item | Mapping[str, Any]) -> float:
        """Score a reply to an item: 1.0 right, else 0.0; what cannot be decided counts in `undetermined`."""
        found = score(entry["answer"], answer, answer_type=entry["metadata"].get("answer_type"))
        if found is None:
            self.undetermined += 1
        return found or 0.0

    def report(self, index: int, reward: float) -> None:
        """Tell how an item was answered: a reward in [0, 1]. Raises ValueError outside of it.

        With a curriculum, the category's mastery moves towards the reward, and parts that are made from then on are
        drawn with p(c) ∝ 1/(m_c + ε): more of what fails. Items that were made stay what they are, in every copy.
        """
        self._feedback.report(self.problem(index).category, reward)

    @property
    def mastery(self) -> dict[str, float]:
        """Mean reward by category, a moving average of what was reported; 0.5 at the start."""
        return self._feedback.mastery(self._open().plan.curriculum)

    def state_dict(self) -> dict[str, Any]:
        """What was reported and which parts it shaped, as JSON values, for a training that is continued later."""
        return self._feedback.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict`."""
        self._feedback.load_state_dict(state)

    # --- making them ---

    def _made(self, number: int) -> Future[dict[int, Problem]]:
        """The part of an item, and in a while those after it if the one before was read."""
        part = number // PART
        with self._lock:
            alone = None if self._parts else self._submit([number])
            found = self._parts.get(part)
            if found is None or (found.done() and found.exception() is not None):
                found = self._begin(part, 1)
            self._parts.move_to_end(part)
            if part == 0 or part - 1 in self._parts:
                self._read_ahead(part)
            while len(self._parts) > KEPT:
                self._parts.popitem(last=False)
            return alone or found

    def _read_ahead(self, part: int) -> None:
        """Begin the next parts once the reader is halfway through those that were begun."""
        if all(part + further in self._parts for further in range(1, AHEAD // 2 + 1)):
            return
        first = next(part + further for further in range(1, AHEAD) if part + further not in self._parts)
        last = first + min(AHEAD, 2 * len(self._parts))
        last = last if self.size is None else min(last, -(-self.size // PART))
        if last > first:
            self._begin(first, last - first)

    def _begin(self, part: int, count: int) -> Future[dict[int, Problem]]:
        """Have the thread make parts in one batch."""
        future = self._submit(range(part * PART, (part + count) * PART))
        self._parts.update(dict.fromkeys(range(part, part + count), future))
        return future

    def _submit(self, numbers: Sequence[int]) -> Future[dict[int, Problem]]:
        """Have the thread make items, after those before them."""
        if self._thread is None:
            self._thread = AheadThread("agentprop-dataset")
            self._closing.append(weakref.finalize(self, self._thread.close))
        return self._thread.submit(partial(_made_by, weakref.ref(self), numbers))

    def _make(self, numbers: Sequence[int]) -> dict[int, Problem]:
        """Make items, in the thread; those with one mastery together."""
        with self._busy:
            maker, found = self._compiled() if self._count >= WORTH_COMPILING else self._open(), {}
            parts = sorted({number // PART for number in numbers})
            for state, members in self._feedback.pinned(parts, maker.plan.curriculum):
                found.update(maker.items([number for number in numbers if number // PART in members], state))
            self._count += len(found)
            return found

    def _end(self) -> None:
        """End the thread, which hears of it when it next asks the sandbox, and wait for it."""
        if self._thread is not None:
            self._thread.close()
            if self._maker is not None:
                self._maker.sandbox.close()
            self._thread.join()

    def _compiled(self) -> ItemMaker:
        maker = self._open()
        if not maker.compiles:
            self._maker = maker = maker.compiled()
            self._closing.append(weakref.finalize(self, maker.sandbox.close))
        return maker

    def _open(self) -> ItemMaker:
        with self._opening:
            if self._maker is None:
                self._maker = ItemMaker.open(self.config, self._plan, solutions=self.solutions)
                self._plan = self._maker.plan
                self._closing.append(weakref.finalize(self, self._maker.sandbox.close))
            return self._maker


def _made_by(data: weakref.ref[Dataset], numbers: Sequence[int]) -> dict[int, Problem]:
    """Have a data set make items, if anybody still has it."""
    alive = data()
    return alive._make(numbers) if alive is not None else {}


def item_of(problem: Problem, number: int) -> Item:
    """Reduce a problem to an item."""
    texts = question_answer(problem)
    metadata = Metadata(
        source_dataset="agentprop",
        source_index=number,
        id=problem.id,
        domain=problem.domain,
        category=problem.category,
        skills=problem.skills,
        answer_type=problem.answer_type,
        difficulty=problem.difficulty.band if problem.difficulty is not None else None,
    )
    return Item(question=texts.question, answer=texts.answer, metadata=metadata)


def prompt_of(item: Item) -> str:
    """Question with instructions on the form of the answer."""
    return with_answer_format(QuestionAnswer(question=item["question"], answer=item["answer"])).question


# --- forks, and the end of the program ---

_alive: weakref.WeakSet[Dataset] = weakref.WeakSet()
_held: list[Dataset] = []
"""Data sets whose threads wait for a fork to be over."""


def _hold() -> None:
    """Before a fork: wait until no thread is making items, lest the child inherit locks that nobody will release."""
    for data in list(_alive):
        data._busy.acquire()
        _held.append(data)


def _go_on() -> None:
    """In the parent: let the threads go on."""
    while _held:
        _held.pop()._busy.release()


def _forget_inherited() -> None:
    """In the child: start anew, with a thread and a sandbox of its own."""
    _held.clear()
    for data in list(_alive):
        data._forget()


os.register_at_fork(before=_hold, after_in_parent=_go_on, after_in_child=_forget_inherited)


def _end_all() -> None:
    """Leave no thread that makes items to the end of the interpreter."""
    for data in list(_alive):
        data._end()


atexit.register(_end_all)
