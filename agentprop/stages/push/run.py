"""A finished run → a data set repository on the hub: its shards and a card, and nothing else of the directory.

Logs, configurations, replies of models and caches stay here. The shards are checked against their checksums before
anything is sent, and refused if they name a path of this machine. What is on the hub already is not sent again, so the
same command goes on after an interruption, and brings a repository up to date after the run has grown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agentprop.errors import ConfigError, InputError
from agentprop.records import RECORDS
from agentprop.stages.push.card import card
from agentprop.storage.parts import FOLDERS, StoredShard
from agentprop.storage.reader import StoredRun, open_run
from agentprop.storage.run_readme import FIRST, README

REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
"""Form of a repository's name; the hub itself has more rules."""
INSTALL = "pip install 'agentic-proposing[hub]'"
REACH = "check the network, and the hub's address if HF_ENDPOINT is set"
LOGIN = "log in with `hf auth login`, or export HF_TOKEN with a token that may write"


@dataclass(frozen=True)
class PushOptions:
    """What is pushed, and where."""

    repository: str
    """OWNER/NAME on the hub."""
    kinds: tuple[str, ...] = ()
    """Kinds of records; none means all that the run holds."""
    private: bool = False
    """Make a new repository private."""
    licence: str | None = None
    """Identifier of the licence, for the card."""
    language: str = "en"
    """Language of the statements, for the card."""
    with_paths: bool = False
    """Push records even if they name paths of this machine."""


@dataclass(frozen=True)
class Plan:
    """What would be pushed."""

    run: StoredRun
    """The run."""
    kinds: tuple[str, ...]
    """Kinds of records; the one that is loaded if nobody names one comes first."""
    shards: tuple[StoredShard, ...]
    """Their files."""
    card: str
    """The card."""

    def summary(self, options: PushOptions) -> dict[str, Any]:
        """The numbers that the command prints."""
        rows = {FOLDERS[kind]: self.run.rows[kind] for kind in self.kinds}
        size = sum(shard.bytes for shard in self.shards)
        return {"repository": options.repository, "files": len(self.shards) + 1, "bytes": size, "rows": rows}


def plan(source: str, options: PushOptions) -> Plan:
    """Check a run and say what would be pushed; nothing is sent. Raises InputError."""
    if not REPOSITORY.fullmatch(options.repository):
        raise InputError(f"{options.repository!r} is no name of a repository", hint="give OWNER/NAME")
    run = open_run(source)
    if not run.complete:
        hint = "run its stage again, with the same settings, until it is done"
        raise InputError(f"{run.path} is not finished, so it is not pushed", hint=hint)
    held = [kind for kind in FOLDERS if run.rows.get(kind) and (not options.kinds or kind in options.kinds)]
    if not held:
        raise InputError(f"{run.path} holds no such records", hint=f"it holds {', '.join(map(FOLDERS.get, run.rows))}")  # type: ignore[arg-type]
    first = next((kind for kind in FIRST if kind in held), held[0])
    kinds = (first, *(kind for kind in held if kind != first))
    _check_paths(run, kinds, options)
    shards = tuple(shard for segment in run.segments for shard in segment.shards if shard.kind in kinds)
    text = card(run, kinds, options.repository, licence=options.licence, language=options.language)
    return Plan(run, kinds, shards, text)


def _check_paths(run: StoredRun, kinds: Sequence[str], options: PushOptions) -> None:
    """Read every record, and raise InputError if one names a directory of this machine that is a person's own."""
    own = {str(path.absolute()) + os.sep for path in (Path.home(), Path.cwd(), run.path.parent) if path != Path("/")}
    for kind in kinds:
        for row in run.iter_rows(RECORDS[kind]):
            found = next((text for text in _texts(row) for path in own if path in text), None)
            if found is not None and not options.with_paths:
                where = next(found[max(0, at - 20) : at + 60] for path in own if (at := found.find(path)) >= 0)
                raise InputError(
                    f"{FOLDERS[kind]} name paths of this machine, such as “{where}”",
                    hint="choose what to push with --records, or push them all the same with --with-paths",
                )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for held in value.values():
            yield from _texts(held)
    elif isinstance(value, list):
        for held in value:
            yield from _texts(held)


def push(made: Plan, options: PushOptions) -> dict[str, Any]:
    """Send what was planned, and return the summary. Raises ConfigError if the hub refuses it."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError  # type: ignore[attr-defined]
    except ModuleNotFoundError as missing:
        raise ConfigError("pushing needs huggingface_hub, which is not installed", hint=INSTALL) from missing
    api = HfApi(library_name="agentprop")
    with TemporaryDirectory(prefix="agentprop-push-") as place:
        _stage(made, Path(place))
        try:
            private = options.private or None
            api.create_repo(options.repository, repo_type="dataset", private=private, exist_ok=True)
            commit = api.upload_folder(
                repo_id=options.repository,
                repo_type="dataset",
                folder_path=place,
                commit_message=f"Records of agentprop {made.run.stage}",
                delete_patterns=[f"{FOLDERS[kind]}/part-*.parquet" for kind in made.kinds],
            )
        except HFValidationError as error:
            raise ConfigError(f"{options.repository} is no name of a repository", hint="give OWNER/NAME") from error
        except (HfHubHTTPError, HTTPError, OSError, RuntimeError) as error:
            cause = error.__cause__ if type(error) is RuntimeError else error  # what the client says of one file
            if not isinstance(cause, HfHubHTTPError | HTTPError | OSError):
                raise
            reason = " ".join(str(cause).split())[:200]
            hint = LOGIN if isinstance(cause, HfHubHTTPError) else REACH
            raise ConfigError(
                f"the hub does not take it: {reason}", hint=f"{hint}; the same command goes on where it stopped"
            ) from error
    return {**made.summary(options), "commit": commit.oid}


def _stage(made: Plan, place: Path) -> None:
    """Lay out the repository: links to the shards, and the card."""
    (place / README).write_text(made.card, encoding="utf-8")
    for shard in made.shards:
        target = place / shard.path
        target.parent.mkdir(exist_ok=True)
        target.symlink_to((made.run.path / shard.path).absolute())
