"""`agentprop skills validate DIR…`: every fault of every package at once; exit code 1 if there is one."""

from __future__ import annotations

import json as json_
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from agentprop.cli import options
from agentprop.composition.validation import ValidationReport, validate
from agentprop.engine import usable_cores
from agentprop.errors import InputError
from agentprop.sandbox import Sandbox
from agentprop.skills import Package, bundled_directory, clashes, directories, read

MANY_DRAWS = 1000
"""Most draws that can be asked for."""


@dataclass(frozen=True)
class CheckedPackage:
    """A package directory and the result of checking it."""

    path: Path
    """The directory."""
    package: Package | None
    """The package, if it could be read."""
    report: ValidationReport
    """Faults and warnings."""


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DIR]...", help="Packages or directories of packages.", show_default="the bundled library"
        ),
    ] = None,
    draws: Annotated[
        int, typer.Option(help="Number of random parameter sets on which solve and check are compared.")
    ] = 40,
    seed: Annotated[int, typer.Option(help="Seed of the random parameters.")] = 0,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Check packages and report every fault.

    Executable packages run in the sandbox: solve is compared with check on random parameters, and both must agree.
    """
    if not 1 <= draws <= MANY_DRAWS:
        raise InputError(f"--draws must be between 1 and {MANY_DRAWS}, not {draws}", hint="40 draws find most faults")
    found = [path for root in paths or [str(bundled_directory())] for path in package_directories(Path(root))]
    with Sandbox(preload=(), allow_weak=allow_weak_sandbox is True) as sandbox:
        checked = examine(found, sandbox, draws, seed)
    if json:
        print(json_.dumps({"packages": [_row(one) for one in checked]}, ensure_ascii=False))
    else:
        _print(checked, quiet)
    if any(one.report.faults or one.report.undecided for one in checked):
        raise typer.Exit(1)


def package_directories(root: Path) -> list[Path]:
    """Find the packages below a path, with directories that only lack a SKILL.md."""
    if not root.is_dir():
        what = "is not a directory" if root.exists() else "does not exist"
        raise InputError(f"{root} {what}", hint="give a package's directory, or a directory of packages")
    broken = [] if (root / "SKILL.md").exists() else [path.parent for path in root.glob("*/scripts")]
    found = sorted({path.resolve() for path in (*directories(root), *broken)})
    if (root / "scripts").is_dir() and not found:
        found = [root.resolve()]
    if not found:
        raise InputError(f"there is no skill package below {root}", hint="a package is a directory with a SKILL.md")
    return found


def examine(paths: Sequence[Path], sandbox: Sandbox, draws: int, seed: int) -> list[CheckedPackage]:
    """Read every package, compare it with the others and the library, and run those without faults."""
    with ThreadPoolExecutor(usable_cores()) as pool:
        checked = list(pool.map(lambda path: _examine_one(path, sandbox, draws, seed), paths))
    shared = _shared_faults(checked)
    return [
        replace(one, report=replace(one.report, faults=(*one.report.faults, *shared.get(one.path, ()))))
        for one in checked
    ]


def _examine_one(path: Path, sandbox: Sandbox, draws: int, seed: int) -> CheckedPackage:
    package, faults = read(path)
    if package is None or faults:
        return CheckedPackage(path, package, ValidationReport(faults=tuple(faults)))
    return CheckedPackage(path, package, validate(package, sandbox, draws=draws, seed=seed))


def _shared_faults(checked: Sequence[CheckedPackage]) -> dict[Path, list[str]]:
    """Faults of names and wordings that two packages share, counted against the later one."""
    known: dict[str, Package] = {}
    for path in directories(bundled_directory()):
        package, faults = read(path)
        if package is not None and not faults:
            known[package.name] = package
    ours: dict[Path, list[str]] = {}
    owner: dict[str, Path] = {}
    for one in checked:
        if one.package is None:
            continue
        name, other = one.package.name, known.get(one.package.name)
        if other is not None and other.id != one.package.id:
            ours.setdefault(one.path, []).append(f"name: another package of the library is called {name}")
            continue
        known.setdefault(name, one.package)
        owner[name] = one.path
    for name, fault in _clashes(known):
        if name in owner:
            ours.setdefault(owner[name], []).append(fault)
    return ours


def _clashes(library: Mapping[str, Package]) -> Iterator[tuple[str, str]]:
    for clash in clashes(library):
        name, _, fault = clash.partition(": ")
        yield name, fault


def _row(one: CheckedPackage) -> dict[str, Any]:
    return {"path": str(one.path), "name": one.package.name if one.package else None, **asdict(one.report)}


def _print(checked: Sequence[CheckedPackage], quiet: bool) -> None:
    from rich.table import Table

    from agentprop.cli.terminal import Terminal

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("package", overflow="fold")
    table.add_column("")
    table.add_column("what was found", overflow="fold")
    for one in checked:
        for fault in one.report.faults:
            table.add_row(one.path.name, "fault", fault, style=None)
        if one.report.undecided and not one.report.faults:
            table.add_row(one.path.name, "undecided", one.report.undecided, style=None)
        for warning in () if quiet else one.report.warnings:
            table.add_row(one.path.name, "warning", warning, style="dim")
    if table.row_count:
        Terminal().print(table, markup=False)
    faulty = sum(bool(one.report.faults) for one in checked)
    undecided = sum(bool(one.report.undecided and not one.report.faults) for one in checked)
    run = sum(one.report.draws > 0 for one in checked)
    drawn = sum(one.report.draws for one in checked)
    if not quiet:
        verdict = f"{faulty} of {len(checked)} packages are faulty" if faulty else f"{len(checked)} packages, no fault"
        unclear = f"; {undecided} could not be tried to the end" if undecided else ""
        print(f"{verdict}{unclear}; {run} were run, on {drawn} draws", file=sys.stderr)
