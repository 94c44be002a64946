"""A step of the miniature, and the commands that steps are made of: settings → words that a user could type."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
AGENTPROP = ("-m", "agentprop")
AS_TRAINED: dict[str, object] = {"guidance": False, "strict": True}
"""An exam asks as training asked: without advice that the proposer never saw, and without mending what it writes."""
SFT: dict[str, object] = {
    "warmup_steps": 50,
    "pack_tokens": 4096,
    "eval_every": 200,
    "log_every": 20,
    "save_every": 200,
}
CONTINUED: dict[str, object] = {**SFT, "learning_rate": 2e-4, "schedule": "constant", "epochs": 1}
RL: dict[str, object] = {"reply_tokens": 192, "pack_tokens": 8192, "save_every": 10}
REPEATS = 1_000_000
"""Problems that may differ in their numbers only: as many as there are."""


@dataclass(frozen=True)
class Step:
    """A command and what it needs."""

    name: str
    """Name, `seed/what`, which is also its path below the output directory."""
    command: tuple[str, ...]
    """Arguments of the interpreter."""
    product: Path
    """Path that exists when the step is done."""
    needs: tuple[str, ...] = ()
    """Steps that come first."""
    bounded: bool = False
    """Ends at a bound that was set on purpose."""
    idle: Callable[[], bool] = bool
    """Return True if there is nothing to do, after what it needs."""

    @property
    def _mark(self) -> Path:
        return self.product.with_name(self.product.name + ".done")

    def done(self) -> bool:
        """Return True if the step was finished."""
        return self._mark.exists()

    def mark(self) -> None:
        """Remember that it is finished."""
        self._mark.parent.mkdir(parents=True, exist_ok=True)
        self._mark.touch()


def world(packages: Sequence[Path], most: int, held_out: Sequence[str] = ()) -> dict[str, object]:
    """Return the settings of a library and of the limits of an episode."""
    return {
        "skills": [str(package) for package in packages],
        "bundled_skills": False,
        "min_skills": 2,
        "max_skills": most,
        "max_turns": 12,
        "held_out": list(held_out),
    }


def propose(proposer: str | Path, out: Path, seed: int, n: int, **settings: object) -> tuple[str, ...]:
    """Propose n problems by the built-in proposer, or by a model that is sampled as it was in training."""
    sampled = {} if proposer == "builtin" else {"temperature": 1.0, "reply_tokens": RL["reply_tokens"]}
    chosen = {"max_template_repeats": REPEATS, **sampled, **settings}
    words = ("propose", "--n", n, "--proposer", proposer, "--out", out, "--seed", seed, "--quiet")
    return agentprop(*words, *settings_of(chosen))


def examine(model: Path, out: Path, seed: int, candidates: int, **settings: object) -> tuple[str, ...]:
    """Let a model propose so many candidates, however many of them are good."""
    bounds = {"max_candidates": candidates, "give_up_after": candidates, "verifier": "builtin"}
    return propose(model, out, seed, 10 * candidates, **bounds, **AS_TRAINED, **settings)


def train(stage: str, run: Path | None, model: Path, out: Path, seed: int, **settings: object) -> tuple[str, ...]:
    """Train a model."""
    sources = () if run is None else (run,)
    words = (stage, *sources, "--model", model, "--out", out, "--seed", seed, "--quiet")
    return agentprop(*words, *settings_of(settings))


def agentprop(*words: object) -> tuple[str, ...]:
    """Return a command of agentprop."""
    return (*AGENTPROP, *map(str, words))


def script(name: str, *words: object) -> tuple[str, ...]:
    """Return a call of a script beside this one."""
    return (str(HERE / name), *map(str, words))


def settings_of(settings: dict[str, object]) -> Iterator[str]:
    """Yield settings as a command takes them."""
    for key, value in settings.items():
        yield from ("--set", f"{key}={value if isinstance(value, str) else json.dumps(value)}")
