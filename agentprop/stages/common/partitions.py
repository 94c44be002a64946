"""A divided run → the part of the work that this process does, where it keeps it, and whether any of it is left.

    OUT/parts/00000/ … OUT/parts/00511/    a run directory each, written by a process that knows of no other
    OUT/parts/owed.json                    rounds of batches that a merge found missing; see `propose.canonical`
    OUT/                                   the run that `agentprop merge` makes of them

Parts meet nowhere but in the merge. So they may run in any order, on any machines, and each resumes by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from agentprop.config import StageConfig
from agentprop.config.parts import Partitioned
from agentprop.engine import batched
from agentprop.errors import ConfigError, RunError
from agentprop.storage.directory import Directory, read_journal
from agentprop.storage.durable import write_json
from agentprop.storage.ownership import by_model, claim
from agentprop.storage.parts import JOURNAL, MANIFEST, PARTS, RUN, Identity, load_json, load_part
from agentprop.storage.run import Run, StoredRun, open_run
from agentprop.storage.stores import A_COPY, check_here

INDEX_VARIABLES = ("SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX")
"""Variables in which schedulers number the tasks of a Slurm array and of a Kubernetes Indexed Job."""
BLOCK = 64
"""Items of the input that stay together: block b is the work of partition b modulo the number of partitions."""
OWED = "owed.json"

Item = TypeVar("Item")
C = TypeVar("C", bound=Partitioned)


def part_of(config: C, out: str, *, claimed: bool = True) -> tuple[C, str]:
    """Settle the number of this process's part, and the directory of that part. Raises ConfigError.

    An undivided run keeps its directory. `claimed` marks `out` as ours, for the merge.
    """
    if config.partitions == 1:
        if config.partition is not None:
            raise ConfigError("partition is set, but not partitions", hint="give --partitions P as well")
        return config, out
    number = _number(config)
    check_here(out, "a part of a run")
    if out == "-":
        raise ConfigError("a part of a run cannot go to a pipe", hint="give --out DIR")
    _check_whole(Path(out), config.partitions)
    if claimed:
        claim(Path(out))
    return config.model_copy(update={"partition": number}), str(part_directory(out, number))


def _check_whole(out: Path, partitions: int) -> None:
    """Raise ConfigError if a directory holds a run that no merge of these parts could go into."""
    if not (out / RUN).is_file():
        return
    held = load_part(out / RUN, Identity).config
    divided, number = held.get("partitions") or 1, held.get("partition")
    if divided == partitions and number is None:
        return
    what = f"part {number} of a divided run" if number is not None else "a run that is not divided"
    if number is None and divided > 1:
        what = f"a run of {divided} partitions"
    raise ConfigError(f"{out} is {what}, so no parts can lie in it", hint="give the --out of the whole, or another one")


def part_directory(out: str | Path, number: int) -> Path:
    """Directory of a part."""
    return Path(out) / PARTS / f"{number:05d}"


def _number(config: Partitioned) -> int:
    number, source = config.partition, "partition"
    if number is None:
        raise ConfigError(
            f"the run is divided into {config.partitions} partitions, and none was chosen",
            hint=f"give --partition K, from 0 to {config.partitions - 1}, or --partition auto in an array of jobs",
        )
    if number == "auto":
        source = next((name for name in INDEX_VARIABLES if os.environ.get(name)), "")
        if not source:
            raise ConfigError(
                f"--partition auto finds neither {' nor '.join(INDEX_VARIABLES)} in the environment",
                hint="give --partition K, or run it as an array job or Indexed Job",
            )
        text = os.environ[source]
        if not text.isdecimal():
            raise ConfigError(f"{source} is {text!r}, which is no number", hint="give --partition K")
        number = int(text)
    if number >= config.partitions:
        raise ConfigError(
            f"{source} {number} is none of {config.partitions} partitions",
            hint=f"partitions are numbered from 0 to {config.partitions - 1}",
        )
    return number


def own_bounds(config: C) -> C:
    """The settings with this part's share of the bounds on tokens and money, to work by; the run keeps those given."""
    bounds = {name: getattr(config, name, None) for name in ("max_tokens", "max_cost")}
    if config.partitions == 1:
        return config
    tokens, cost = bounds["max_tokens"], bounds["max_cost"]
    return config.model_copy(
        update={
            "max_tokens": tokens and max(1, tokens // config.partitions),
            "max_cost": cost and cost / config.partitions,
        }
    )


def own_share(items: Iterable[Item], config: Partitioned) -> Iterator[Item]:
    """Take the items that are the work of this part: block by block in turn, so that later input only adds to it.

    >>> from agentprop.config.parts import Partitioned
    >>> second = Partitioned(partitions=3, partition=1)
    >>> [item for item in own_share(range(300), second)][::64]
    [64, 256]
    """
    if config.partitions == 1:
        yield from items
        return
    for number, block in enumerate(batched(items, BLOCK)):
        if number % config.partitions == config.partition:
            yield from block


def own_total(total: int | None, config: Partitioned) -> int | None:
    """Number of items that are the work of this part.

    >>> from agentprop.config.parts import Partitioned
    >>> [own_total(300, Partitioned(partitions=3, partition=k)) for k in range(3)]
    [128, 108, 64]
    """
    if total is None or config.partitions == 1:
        return total
    blocks = range(int(config.partition or 0) * BLOCK, total, config.partitions * BLOCK)
    return sum(min(BLOCK, total - first) for first in blocks)


def finished(config: StageConfig, out: str, inputs: Mapping[str, str] | None = None) -> StoredRun | None:
    """The part that is stored, if it is complete under these very settings and inputs; then there is nothing to do.

    Schedulers run every task of an array again. Raises RunError or ConfigError if the part cannot be resumed.
    """
    from agentprop.stages.common.models import named_models  # imported only if a part is stored

    path = Path(out)
    if getattr(config, "partition", None) is None or not (path / MANIFEST).exists():
        return None
    Run.check(path, config.stage, config, inputs=inputs, models=named_models(config))
    stored = open_run(path)
    now = config.model_dump(mode="json")
    same = all(stored.config.get(name) == value for name, value in now.items() if name != "workers")
    return stored if same and stored.summary is not None else None


# --- what a merge needs ---


def stored_parts(out: str | Path) -> list[Identity | None]:
    """Identities of all parts of a divided run, by number; None for one that has not begun. Raises RunError."""
    check_here(out, "a merge", A_COPY)
    root = Path(out) / PARTS
    found = sorted(path for path in root.glob("[0-9]*") if (path / RUN).exists()) if root.is_dir() else []
    if not found:
        raise RunError(f"{out} holds no parts", hint="name the --out of commands with --partitions P and --partition K")
    identities = {int(path.name): load_part(path / RUN, Identity) for path in found}
    first = next(iter(identities.values()))
    for number, identity in identities.items():
        _check_alike(part_directory(out, number), identity, first)
    count = int(first.config["partitions"])
    return [identities.get(number) for number in range(count)]


def stage_of_parts(out: str | Path) -> str:
    """The stage whose parts these are. Raises RunError."""
    return next(identity.stage for identity in stored_parts(out) if identity is not None)


def _check_alike(path: Path, one: Identity, first: Identity) -> None:
    """Raise RunError if a part was made with other settings or inputs than the first one."""
    own, others = _common(one), _common(first)
    different = sorted(name for name in own.keys() | others.keys() if own.get(name) != others.get(name))
    if one.stage != first.stage or different:
        raise RunError(
            f"{path} was made with other settings or inputs than the other parts: {', '.join(different) or 'stage'}",
            hint="run that part again with --fresh and the settings of the others",
        )


def _common(identity: Identity) -> dict[str, Any]:
    """What all parts must have in common."""
    from agentprop.config import STAGES

    outside = STAGES[identity.stage].outside_identity | {"partition"}
    inputs = {f"input {name}": print_ for name, print_ in identity.inputs.items() if print_ != "stdin"}
    settings = by_model(identity, identity.models)
    return {**{name: value for name, value in settings.items() if name not in outside}, **inputs}


def journalled(path: Path, stage: str) -> tuple[StoredRun, dict[str, Any]]:
    """A part as far as its journal goes, whether it is complete or under way, and its last state."""
    segments = read_journal(path / JOURNAL)[0]
    return StoredRun(Directory(path), stage, segments), (segments[-1].state if segments else None) or {}


def owed_rounds(part: str | Path) -> int:
    """Rounds of batches that a merge asked of every part; 0 if none did."""
    path = Path(part).parent / OWED
    return int(load_json(path)["rounds"]) if path.exists() else 0


def write_owed(out: str | Path, n: int, rounds: int) -> None:
    """Store what every part owes, so that its command goes on instead of finding itself done."""
    write_json(Path(out) / PARTS / OWED, {"n": n, "rounds": rounds})


def numbers_of(numbers: Iterable[int]) -> str:
    """Numbers in the form that array jobs take.

    >>> numbers_of([0, 1, 2, 5, 7, 8])
    '0-2,5,7-8'
    """
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ",".join(f"{a}-{b}" if a < b else f"{a}" for a, b in spans)


def added(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Add the numbers of two summaries; of anything else the first one stays.

    >>> added({"a": 1, "c": {"x": 2}}, {"a": 2, "b": "text", "c": {"x": 3}})
    {'a': 3, 'c': {'x': 5}, 'b': 'text'}
    """
    total = dict(before)
    for key, value in now.items():
        held = total.get(key)
        if isinstance(value, Mapping):
            total[key] = added(held if isinstance(held, Mapping) else {}, value)
        elif _is_number(value) and (held is None or _is_number(held)):
            total[key] = (held or 0) + value
        else:
            total.setdefault(key, value)
    return total


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
