"""A directory → a run directory ready for a stage to write: claimed, locked, compared, cleared or recovered.

Nothing here touches a file that agentprop did not write; if one is in the way, the directory is refused unchanged.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agentprop.config import StageConfig
from agentprop.errors import ConfigError, RunError
from agentprop.portable import CLOSE_ON_EXEC, lock_file
from agentprop.storage.durable import disk_error, disk_errors
from agentprop.storage.parts import (
    CONFIG,
    FOLDERS,
    JOURNAL,
    LOG,
    MANIFEST,
    OURS,
    PARTS,
    RUN,
    SUMMARY,
    Identity,
)
from agentprop.storage.run_readme import README, is_ours
from agentprop.storage.stores import is_url

_LOCK = f"{OURS}/lock"
_TOP_LEVEL = frozenset({CONFIG, SUMMARY, MANIFEST, LOG, README, OURS, PARTS, *FOLDERS.values()})


def claim(path: Path) -> None:
    """Mark a directory as a run directory. Raises RunError if it holds other files."""
    check_claimable(path)
    with disk_errors(path):
        (path / OURS).mkdir(parents=True, exist_ok=True)


def check_claimable(path: Path) -> None:
    """Raises RunError if a path cannot become a run directory, because it is a file or holds other files."""
    with disk_errors(path):
        if path.is_file():
            raise RunError(f"{path} is a file, and a run needs a directory", hint="choose another --out")
        names = sorted(entry.name for entry in path.iterdir()) if path.exists() else []
    if names and OURS not in names:
        raise RunError(
            f"{path} holds files that are not an agentprop run ({_listed(names)}); nothing was changed",
            hint="choose another --out, or an empty directory",
        )


def lock(path: Path) -> int:
    """Lock a run for as long as the returned descriptor is open, at most until this process ends.

    Raises RunError if another process holds the lock.
    """
    with disk_errors(path):
        descriptor = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | CLOSE_ON_EXEC, 0o644)
    try:
        lock_file(descriptor)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise RunError(
                f"another agentprop process is working in {path}", hint="wait for it to end, or choose another --out"
            ) from error
        raise disk_error(path, error) from error
    return descriptor


def clear(path: Path, folders: tuple[str, ...]) -> None:
    """Delete the run in a directory. Raises RunError, before a file is touched, if other files are there."""
    foreign = _foreign_files(path, folders)
    if foreign:
        raise RunError(
            f"{path} also holds files that no stage wrote ({_listed(foreign)}); nothing was changed",
            hint="move them away, or choose another --out",
        )
    with disk_errors(path):
        # The files that make it a run go first: after a kill in between, the next command finds leftovers, not a run.
        for name in (MANIFEST, RUN, JOURNAL, SUMMARY, CONFIG, LOG, README):
            (path / name).unlink(missing_ok=True)
        for name in (*FOLDERS.values(), *folders):
            if (path / name).is_dir():
                shutil.rmtree(path / name)
            else:
                (path / name).unlink(missing_ok=True)
        remove_temporaries(path)


def _foreign_files(path: Path, folders: tuple[str, ...]) -> list[str]:
    names = [entry.name for entry in path.iterdir()]
    foreign = [name for name in names if name not in _TOP_LEVEL | set(folders) and not _is_temporary(name)]
    foreign += [README] if not is_ours(path / README) else []
    for folder in set(FOLDERS.values()) & set(names) - set(folders):
        inside = (entry.name for entry in (path / folder).iterdir())
        foreign += [f"{folder}/{name}" for name in inside if not _is_part(name) and not _is_temporary(name)]
    return sorted(foreign)


def _is_part(name: str) -> bool:
    return name.startswith("part-") and name.endswith(".parquet")


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith(".tmp")


def remove_temporaries(path: Path) -> None:
    """Delete half-written files of a killed process."""
    for place in (path, path / OURS, *(path / folder for folder in FOLDERS.values())):
        if place.is_dir():
            for entry in place.iterdir():
                if _is_temporary(entry.name):
                    entry.unlink(missing_ok=True)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def check_replaceable(name: str, found: str | None, now: Identity) -> None:
    """Check that a run may be deleted to start over; `found` is the stage that wrote it, None if that is unreadable.

    Raises RunError if it is a run of another stage, or if the new run reads something in it.
    """
    if found not in (None, now.stage):
        raise RunError(
            f"{name} holds a run of {found}, not of {now.stage}, and --fresh would delete it",
            hint="choose another --out",
        )
    root = Path(name).resolve()
    read = next((text for text in _texts(now.config) if _lies_in(text, root)), None) if not is_url(name) else None
    if read is not None:
        raise RunError(f"--fresh would delete {read}, which this command reads", hint="choose another --out")


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _lies_in(text: str, root: Path) -> bool:
    """Whether a text is the path of something in a directory, or of the directory itself."""
    try:
        return bool(text) and os.path.lexists(text) and Path(text).resolve().is_relative_to(root)
    except (OSError, ValueError):
        return False


def check_same(name: str, started: Identity, now: Identity, outside: frozenset[str]) -> None:
    """Check that a run may be resumed with these settings and inputs. Raises RunError or ConfigError."""
    if started.stage != now.stage:
        raise RunError(f"{name} holds a run of {started.stage}, not of {now.stage}", hint="choose another --out")
    known = now.models if started.models else {}  # runs of older versions do not tell the names of their models
    changed = _differences(by_model(started, started.models), by_model(now, known), outside)
    if changed:
        is_part = started.config.get("partition") is not None and Path(name).parent.name == PARTS
        whole = (
            str(Path(name).parents[1]) if is_part else name
        )  # a part is told by its number and the --out of the whole
        out, settings = shlex.quote(whole), shlex.quote(f"{name}/{CONFIG}")
        resume = f"agentprop {now.stage} --config {settings} --out {out}"
        if is_url(name):
            resume = f"agentprop {now.stage} --out {out} with the settings that it was started with"
        raise ConfigError(
            f"{name} was started with other settings: {'; '.join(changed)}",
            hint=f"to continue it: {resume}; to start over: add --fresh; or choose another --out",
        )
    moved = [name for name, print_ in started.inputs.items() if now.inputs.get(name, print_) != print_]
    if moved:
        raise RunError(
            f"the inputs of {name} have changed: {', '.join(moved)}",
            hint="restore it to continue, start over with --fresh, or choose another --out",
        )


def by_model(identity: Identity, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings with the names of models in place of addresses and of names that agentprop.toml gives."""

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(one) for one in value]
        return names.get(value, value) if isinstance(value, str) else value

    models = StageConfig.names_models
    return {key: named(value) if key in models else value for key, value in identity.config.items()}


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], outside: frozenset[str], at: str = "") -> list[str]:
    """List `key was A, now B` for each setting that differs, with dotted names for nested ones."""
    changed = []
    for key in sorted(before.keys() | now.keys()):
        old, new = before.get(key), now.get(key)
        if at + key in outside or old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            changed += _differences(old, new, outside, f"{at}{key}.")
        else:
            changed.append(f"{at}{key} was {_brief(old)}, now {_brief(new)}")
    return changed


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
