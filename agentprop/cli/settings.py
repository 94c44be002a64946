"""Files, environment and flags → the settings of a stage.

In order of precedence, the later ones winning: defaults, `agentprop.toml`, `--config FILE`, the environment
(`AGENTPROP_*`, with `.env` read), flags. In files, a table with a stage's name holds settings for that stage alone, and
settings outside tables are for every stage that has them; likewise `AGENTPROP_PROPOSE_SEED` and `AGENTPROP_SEED`.
Unknown keys are refused in files and in `--set`. In the environment, where others put variables too, they are reported
and ignored. What a directory may not decide is refused in its files: see `ONLY_ASKED_FOR`.
"""

from __future__ import annotations

import json
import os
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import ValidationError

from agentprop.config import STAGES, StageConfig
from agentprop.config.env_file import ENV_FILE, read_env_file
from agentprop.config.faults import about, requirement
from agentprop.config.trust import TRUST_VARIABLE
from agentprop.errors import ConfigError
from agentprop.notices import note, note_renamed

PROJECT_FILE = "agentprop.toml"
PREFIX = "AGENTPROP_"
OTHER_TABLES = frozenset({"models"})
"""Tables of agentprop.toml that are read elsewhere."""
OTHER_VARIABLES = frozenset({TRUST_VARIABLE})
"""Variables that begin like settings and are read elsewhere."""
ONLY_ASKED_FOR = frozenset({"allow_weak_sandbox"})
"""Settings that lift a protection: a person gives them, and no file that merely lies in the directory."""
ARGUMENTS = frozenset({"sources"})
"""Settings that are given without a flag."""
NULLS = frozenset({"null", "none"})

C = TypeVar("C", bound=StageConfig)


@dataclass(frozen=True)
class Setting:
    """A value and its source."""

    value: Any
    origin: str


Layer = dict[str, Setting]


def resolve(
    kind: type[C],
    *,
    file: str | None = None,
    assignments: Sequence[str] = (),
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> C:
    """Resolve the settings of a stage. Raises ConfigError that names the setting and its source.

    `assignments` are the `key=value` of `--set`; `flags` maps settings to the values of their own flags, with None for
    a flag that was not given.
    """
    place = directory or Path()
    layers = [
        _from_project(kind, place / PROJECT_FILE),
        _from_file(kind, Path(file)) if file else {},
        _from_env_file(kind, read_env_file(place / ENV_FILE)),
        _from_environment(kind, os.environ if environ is None else environ),
        _from_assignments(kind, assignments),
        {key: Setting(value, _flag(key)) for key, value in (flags or {}).items() if value is not None},
    ]
    merged = {key: setting for layer in layers for key, setting in _renamed(kind, layer).items()}
    try:
        return kind.model_validate({key: setting.value for key, setting in merged.items()})
    except ValidationError as error:
        raise _complaint(kind, error, merged) from None


def _renamed(kind: type[StageConfig], layer: Layer) -> Layer:
    """A layer under the present names of its settings; former names give a note."""
    for old in kind.renamed.keys() & layer.keys():
        note_renamed(old, kind.renamed[old], layer[old].origin)
    return kind.under_present_names(layer)


# --- files ---


def _from_project(kind: type[StageConfig], path: Path) -> Layer:
    """Settings from agentprop.toml: those of other stages are ignored, unknown ones refused."""
    if not path.exists():
        return {}
    data = {key: value for key, value in _read(path).items() if key not in OTHER_TABLES}
    tables = [data, *(table for table in data.values() if isinstance(table, dict))]
    _refuse_unasked({key for table in tables for key in table}, path.name)
    return _pick(kind, data, path.name, _all_keys())


def _from_file(kind: type[StageConfig], path: Path) -> Layer:
    return _pick(kind, _read(path), str(path), _names(kind))


def _pick(kind: type[StageConfig], data: Mapping[str, Any], origin: str, known: Iterable[str]) -> Layer:
    general = {key: value for key, value in data.items() if key not in STAGES}
    _refuse_unknown(general, known, origin)
    for stage, config in STAGES.items():
        table = data.get(stage, {})
        if not isinstance(table, dict):
            raise ConfigError(f"`{stage}` in {origin} is not a table of settings", hint=f"write [{stage}] and settings")
        _refuse_unknown(table, _names(config), f"[{stage}] of {origin}")
    found = {**general, **data.get(kind.stage, {})}
    return {key: Setting(value, origin) for key, value in found.items() if key in _names(kind)}


def _read(path: Path) -> dict[str, Any]:
    """Read a settings file: TOML, YAML or JSON by its suffix."""
    readers: dict[str, Callable[[str], Any]] = {
        ".toml": _read_toml,
        ".yaml": _read_yaml,
        ".yml": _read_yaml,
        ".json": json.loads,
    }
    reader = readers.get(path.suffix)
    if reader is None:
        raise ConfigError(f"{path} is not a settings file", hint="give a .json, .toml or .yaml file")
    try:
        data = reader(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no settings file {path}", hint="check the path given to --config") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="check the file's permissions") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be parsed: {error}", hint="correct the file's syntax") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} does not hold a table of settings", hint="write `key: value` pairs")
    return data


def _read_toml(text: str) -> Any:
    import tomllib

    return tomllib.loads(text)


def _read_yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def _refuse_unasked(keys: Iterable[str], origin: str) -> None:
    """Raise ConfigError for a setting that only a person may give."""
    for key in sorted(ONLY_ASKED_FOR.intersection(keys)):
        variable = f"{PREFIX}{key.upper()}=1"
        raise ConfigError(f"{key} cannot be set in {origin}", hint=f"give {_flag(key)}, or export {variable} yourself")


# --- text ---


def _from_env_file(kind: type[StageConfig], values: Mapping[str, str]) -> Layer:
    """Settings from `.env`, whose other lines are left alone."""
    _refuse_unasked({_named(name)[1] for name in _ours(values)}, ENV_FILE)
    for name in _unknown(values):
        raise ConfigError(f"unknown setting {name} in {ENV_FILE}", hint=_meant(name) or f"remove {name} from it")
    return _from_variables(kind, values)


def _from_environment(kind: type[StageConfig], environ: Mapping[str, str]) -> Layer:
    """Settings from the environment, where a container's manager may put variables that begin like ours."""
    unknown = [name for name in _unknown(environ) if name not in OTHER_VARIABLES]
    if unknown:
        told = [f"{name} ({hint})" if (hint := _meant(name)) else name for name in unknown]
        plural = "are not settings and are" if len(unknown) > 1 else "is not a setting and is"
        note(f"{', '.join(told)} in the environment {plural} ignored")
    return _from_variables(kind, environ)


def _from_variables(kind: type[StageConfig], environ: Mapping[str, str]) -> Layer:
    layer: Layer = {}
    for name in sorted(_ours(environ), key=lambda name: (_named(name)[0] is not None, name)):
        stage, key = _named(name)
        if stage in (None, kind.stage) and key in _names(kind):
            layer[key] = Setting(_from_text(kind, key, environ[name]), name)
    return layer


def _ours(environ: Mapping[str, str]) -> list[str]:
    """The variables with our prefix that are not empty."""
    return sorted(name for name, value in environ.items() if name.startswith(PREFIX) and value)


def _unknown(environ: Mapping[str, str]) -> list[str]:
    """Those of them that name no setting."""
    return [name for name in _ours(environ) if _named(name)[1] not in _known(name)]


def _known(name: str) -> set[str]:
    stage, _ = _named(name)
    return _names(STAGES[stage]) if stage else _all_keys()


def _named(name: str) -> tuple[str | None, str]:
    """The stage that a variable is for, None if it is for all, and the setting."""
    stage = _stage_of(name)
    return stage, name.removeprefix(_prefix(stage) if stage else PREFIX).lower()


def _meant(name: str) -> str | None:
    """The variable that was meant by one that names no setting, if that can be told."""
    _, key = _named(name)
    near = get_close_matches(key, sorted(_known(name)), 1, cutoff=0.7)
    return _did_you_mean([f"{name.removesuffix(key.upper())}{other.upper()}" for other in near])


def _stage_of(name: str) -> str | None:
    return next((stage for stage in STAGES if name.startswith(_prefix(stage))), None)


def _prefix(stage: str) -> str:
    return f"{PREFIX}{stage.upper().replace('-', '_')}_"  # no variable of a shell has a hyphen


def _from_assignments(kind: type[StageConfig], assignments: Sequence[str]) -> Layer:
    layer: Layer = {}
    for text in assignments:
        key, equals, value = text.partition("=")
        key = key.strip().replace("-", "_")
        if not equals:
            raise ConfigError(f"--set {text} has no value", hint="write --set key=value")
        _refuse_unknown({key: value}, _names(kind), "--set")
        layer[key] = Setting(_from_text(kind, key, value.strip()), f"--set {key}")
    return layer


def _from_text(kind: type[StageConfig], key: str, text: str) -> Any:
    """Value of a text, as far as it depends on the setting's type; pydantic reads numbers and truth values."""
    annotation = kind.model_fields[kind.renamed.get(key, key)].annotation
    if get_origin(annotation) is tuple:
        if text.startswith("["):
            try:
                return json.loads(text)
            except ValueError:
                raise ConfigError(f"{key} is not a JSON list: {text}", hint="separate values with commas") from None
        return [part.strip() for part in text.split(",") if part.strip()]
    optional = get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)
    if optional and text.lower() in NULLS and text not in _literals(annotation):
        return None
    return _table(key, text) if any(get_origin(part) is dict for part in (annotation, *get_args(annotation))) else text


def _table(key: str, text: str) -> Any:
    """Value of a table in one line, as TOML or JSON writes it."""
    for read in (json.loads, lambda line: _read_toml(f"table = {line}")["table"]):
        with suppress(ValueError):
            if isinstance(found := read(text), dict):
                return found
    raise ConfigError(f"{key} is not a table: {text}", hint="write it as in {one=2} or {one='two', three='four'}")


def _literals(annotation: Any) -> set[Any]:
    """The literal values of a type: for some settings `none` is one of them."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return {value for part in get_args(annotation) if get_args(part) for value in _literals(part)}


# --- errors ---


def _names(kind: type[StageConfig]) -> set[str]:
    """Names of a stage's settings, former names included."""
    return {*kind.model_fields, *kind.renamed}


def _all_keys() -> set[str]:
    return {key for config in STAGES.values() for key in _names(config)}


def _refuse_unknown(found: Iterable[str], known: Iterable[str], origin: str) -> None:
    names = list(known)
    unknown = [str(key) for key in found if key not in names]
    if unknown:
        near = [match for key in unknown for match in get_close_matches(key, [*names, *STAGES], 1)]
        plural = "s" if len(unknown) > 1 else ""
        hint = _did_you_mean(near) or f"known settings: {', '.join(sorted(names))}"
        raise ConfigError(f"unknown setting{plural} {', '.join(unknown)} in {origin}", hint=hint)


def _did_you_mean(near: Sequence[str]) -> str | None:
    return f"did you mean {' and '.join(near)}?" if near else None


def _complaint(kind: type[StageConfig], error: ValidationError, merged: Layer) -> ConfigError:
    """The first fault as a sentence: the setting, its value, the requirement, the source."""
    first = error.errors(include_url=False)[0]
    key = about(first)
    described = f"{key}: {' '.join((kind.model_fields[key].description or '').split())}"
    if not first["loc"]:
        return ConfigError(first["msg"], hint=described)
    if first["type"] == "missing":
        return ConfigError(f"{key} is not set", hint=f"give {_flag(key)}, or set it in a file; {described}")
    found = json.dumps(first["input"], ensure_ascii=False, default=str)
    origin = merged[key].origin if key in merged else "its default"  # which another setting can make wrong
    message = f"{key} {requirement(first)}, not {found[:80]} ({origin})"
    return ConfigError(message, hint=described)


def _flag(key: str) -> str:
    return f"{key} after the command" if key in ARGUMENTS else f"--{key.replace('_', '-')}"
