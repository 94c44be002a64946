"""What varies between tasks beside their skills: names that change places, and skills that fit nothing.

A distractor is a skill that a task begins with beside those of its composition. No composition has a use for it, so
a problem comes of such a task only if it is pruned (τ_edit).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from agentprop.agent.renaming import RUN
from agentprop.errors import ConfigError


@dataclass(frozen=True)
class Variety:
    """Variation of a run's tasks; without names and distractors there is none."""

    names: tuple[str, ...] = ()
    """Names that change places for each task."""
    distractors: tuple[str, ...] = ()
    """Skills that tasks may begin with for no use."""
    share: float = 0.0
    """Share of the tasks that begin with one of them."""

    def bundle(self, skills: Sequence[str], seed: int, index: int) -> tuple[str, ...]:
        """Return K_0 of a task: its skills in their order, and perhaps a distractor somewhere among them."""
        rng = Random(f"{seed}/{index}/distractor")
        if not self.distractors or rng.random() >= self.share:
            return tuple(skills)
        free = [name for name in self.distractors if name not in skills]
        found = list(skills)
        if free:
            found.insert(rng.randrange(len(found) + 1), rng.choice(free))
        return tuple(found)

    def check(self, library: Iterable[str]) -> None:
        """Check that the names can be told apart from text and cover the library. Raises ConfigError."""
        known = set(library)
        _all_known(self.distractors, known, "distractors that are no skills of the library", "add them with --skills")
        if self.names:
            unfit = sorted(name for name in self.names if not RUN.fullmatch(name))
            if unfit or len(set(self.names)) < len(self.names):
                raise ConfigError(
                    f"names must be different, and of letters and digits alone: {', '.join(unfit) or 'some are equal'}",
                    hint="give names such as qab that occur in no other text",
                )
            _all_known(known, set(self.names), "skills that are not among the names", "give every skill one of them")


def _all_known(wanted: Iterable[str], known: set[str], what: str, hint: str) -> None:
    missing = sorted(set(wanted) - known)
    if missing:
        raise ConfigError(f"{what}: {', '.join(missing[:5])}", hint=hint)


def used(bundle: Sequence[str], distractors: Iterable[str]) -> tuple[str, ...]:
    """Return the skills of a task without its distractor."""
    left_out = set(distractors)
    return tuple(name for name in bundle if name not in left_out)
