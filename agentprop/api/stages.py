"""Keyword arguments → a stage's run directory, and its records.

A call does what the command of its name does, with the same settings, and resumes in the same way. It works from a
script without a main guard, in a thread, and where an event loop is running, as in a notebook.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any

from agentprop.api.custom import OwnVerifier, Proposer, Verifier, name_of, policy_of
from agentprop.api.running import outside_loop
from agentprop.api.runs import RunRecords, load
from agentprop.api.settings import Paths, paths_of, place_of, settings_of
from agentprop.config import ExtractConfig, ProposeConfig, VerifyConfig
from agentprop.records import Task

Path = str | PathLike[str]


def extract(sources: Paths, out: Path, *, fresh: bool = False, quiet: bool = True, **settings: Any) -> RunRecords:
    """Mine corpora for skills, into the run directory `out`, and return its records.

    `settings` are those of `agentprop extract`. `fresh` starts over; `quiet=False` shows progress on stderr. Raises
    AgentpropError with a hint for what a person can mend.
    """
    from agentprop.stages.extract import run as stage

    config, place = settings_of(ExtractConfig, {"sources": paths_of(sources), **settings}), place_of(out)
    outside_loop(lambda: stage.run(config, place, fresh=fresh, quiet=quiet))
    return load(out)


def propose(
    out: Path,
    n: int,
    *,
    proposer: str | Proposer | Callable[[Task], Proposer] = "builtin",
    skills: Paths = (),
    fresh: bool = False,
    quiet: bool = True,
    **settings: Any,
) -> RunRecords:
    """Propose until `n` problems are accepted, into the run directory `out`, and return its records.

    `proposer` is `builtin`, a MODEL, an object with a method `act(observation)`, or what makes one for a task; see
    `Proposer`. `skills` are packages, directories of packages or extract runs beside the bundled library. `settings`
    are those of `agentprop propose`. Raises BoundReached if a bound comes first; what was accepted is in `out`.
    """
    from agentprop.stages.propose import run as stage

    given = {"n": n, "skills": paths_of(skills), **settings}
    if isinstance(proposer, str):
        policy = None
        given["proposer"] = proposer
    else:
        policy = policy_of(proposer)
        given |= {"proposer": name_of(proposer), "guidance": settings.get("guidance") or False}
    config, place = settings_of(ProposeConfig, given), place_of(out)
    outside_loop(lambda: stage.run(config, place, fresh=fresh, quiet=quiet, policy=policy))
    return load(out)


def verify(
    source: Paths | RunRecords,
    out: Path,
    *,
    verifier: str | tuple[str, ...] | list[str] | Verifier = "builtin",
    skills: Paths = (),
    fresh: bool = False,
    quiet: bool = True,
    **settings: Any,
) -> RunRecords:
    """Judge the problems of runs or files, into the run directory `out`, and return its records.

    `verifier` is `builtin`, a MODEL, several of these, or a function of a Problem: it returns True for valid, False for
    invalid, None if it cannot decide, or the answer that it found, which is compared. `settings` are those of
    `agentprop verify`.
    """
    from agentprop.stages.verify import run as stage

    given = {"skills": paths_of(skills), **settings}
    own = OwnVerifier(verifier) if callable(verifier) else None
    given["verifier"] = name_of(verifier) if own is not None else verifier
    config, place = settings_of(VerifyConfig, given), place_of(out)
    sources = paths_of(source)
    outside_loop(lambda: stage.run(config, sources, place, fresh=fresh, quiet=quiet, own=own))
    return load(out)
