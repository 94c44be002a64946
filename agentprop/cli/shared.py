"""Common parts of the stages' commands: shared options, the one line on stdout, the summary on stderr."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agentprop.cli import options
from agentprop.cli.settings import C, resolve
from agentprop.config import StageConfig
from agentprop.config.parts import CorpusSettings
from agentprop.prompts import Prompts
from agentprop.skills import load

MANY = 8
"""Numbers under a heading that are one line if they are all the same, such as every category's mastery at first."""


@dataclass(frozen=True)
class Shared:
    """The options that every stage has, with their effects."""

    config: options.Config = None
    set_: options.Set = None
    fresh: options.Fresh = False
    dry_run: options.DryRun = False
    max_failures: options.MaxFailures = None
    json: options.Json = False
    quiet: options.Quiet = False

    def settings(self, kind: type[C], flags: Mapping[str, Any]) -> C:
        """The stage's settings from everywhere; `flags` are those that have an option of their own."""
        flags = {**flags, "max_failures": self.max_failures}
        return resolve(kind, file=self.config, assignments=self.set_ or (), flags=flags)

    def only_shows(self, settings: C, check: Callable[[C], Any] | None = None) -> bool:
        """True if `--dry-run` was given: then the settings are checked, by `check` too, and printed."""
        if self.dry_run:
            if check is not None:
                check(settings)
            describe(settings)
        return self.dry_run

    def present(self, summary: Mapping[str, Any], out: str) -> None:
        """Print the result of the stage; an empty summary is left to another process."""
        if summary:
            present(summary, out, as_json=self.json, quiet=self.quiet)


@dataclass(frozen=True)
class LayoutOptions:
    """The options of commands that read files which others wrote."""

    question_field: options.QuestionField = None
    context_field: options.ContextField = None
    solution_field: options.SolutionField = None
    answer_field: options.AnswerField = None
    options_field: options.OptionsField = None
    unit_field: options.UnitField = None
    equation_field: options.EquationField = None
    program_field: options.ProgramField = None
    tests_field: options.TestsField = None
    entry_point_field: options.EntryPointField = None
    id_field: options.IdField = None
    split: options.Split = None
    encoding: options.Encoding = None

    def flags(self) -> dict[str, Any]:
        """The options that were given, by the names of their settings."""
        return vars(self)

    def settings(self) -> CorpusSettings:
        """The same as settings, for commands that have no others."""
        return CorpusSettings(**{name: value for name, value in vars(self).items() if value is not None})


def shares(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command: the options of `Shared` replace its last parameter, which gets them all at once.

    An option that the command declares itself is left alone.
    """
    return _with_options(command, list(inspect.signature(command).parameters)[-1], Shared)


def reads_files(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command: the options of `LayoutOptions` replace its parameter `layout`."""
    return _with_options(command, "layout", LayoutOptions)


def _with_options(
    command: Callable[..., None], name: str, kind: type[Shared] | type[LayoutOptions]
) -> Callable[..., None]:
    """The command with the options of a class in place of one parameter, which gets them all at once."""
    signature = inspect.signature(command, eval_str=True)
    own = [parameter for parameter in signature.parameters.values() if parameter.name != name]
    declared = inspect.signature(kind, eval_str=True).parameters
    added = {key: parameter for key, parameter in declared.items() if key not in signature.parameters}
    last = [parameter for parameter in own if parameter.kind is parameter.KEYWORD_ONLY]
    first = [parameter for parameter in own if parameter not in last]

    def wrapped(**given: Any) -> None:
        made = kind(**{key: given.pop(key) for key in added})
        command(**given, **{name: made})

    wrapped.__doc__ = command.__doc__
    parameters = [*first, *added.values(), *last]
    vars(wrapped)["__signature__"] = signature.replace(parameters=parameters)  # typer reads this
    return wrapped


def describe(config: StageConfig) -> None:
    """Check the settings as far as possible without running, and print them as a file for `--config`."""
    Prompts.of(getattr(config, "prompts", None))
    skills = getattr(config, "skills", ())
    if hasattr(config, "bundled_skills"):
        from pathlib import Path

        load([Path(path) for path in skills], bundled=config.bundled_skills)
    print(json.dumps(config.model_dump(mode="json"), indent=2, ensure_ascii=False))


def present(summary: Mapping[str, Any], out: str, *, as_json: bool, quiet: bool) -> None:
    """Print the run directory (or the summary as JSON) to stdout, and the readable summary to stderr."""
    if as_json:
        document = json.dumps({"run": out, **summary}, ensure_ascii=False)
        print(document, file=sys.stderr if out == "-" else sys.stdout)
    elif out != "-":
        print(out)
    if not quiet and not as_json:
        print_summary(summary)


def print_summary(summary: Mapping[str, Any], *, to_stdout: bool = False) -> None:
    """Print numbers as a table, nested ones indented under their heading."""
    from rich.table import Table

    from agentprop.cli.terminal import Terminal

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for label, value in _lines(summary):
        table.add_row(label, value)
    Terminal(stderr=not to_stdout).print(table, markup=False)


def _lines(values: Mapping[str, Any], indent: str = "") -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for key, value in values.items():
        label = indent + str(key).replace("_", " ")
        if isinstance(value, Mapping) and len(value) >= MANY and len(set(map(str, value.values()))) == 1:
            lines.append((label, f"{_text(next(iter(value.values())))} in each of {len(value)}"))
        elif isinstance(value, Mapping):
            lines += [(label, ""), *_lines(value, indent + "  ")] if value else []
        elif value is not None:
            lines.append((label, _text(value)))
    return lines


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
