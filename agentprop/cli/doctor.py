"""`agentprop doctor`: the sandbox, hardware and installed packages of this machine, and what is missing."""

from __future__ import annotations

import json as json_
import platform
import re
import shutil
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from agentprop import DISTRIBUTION, __version__
from agentprop.cli import options
from agentprop.cli.shared import print_summary
from agentprop.engine import usable_cores
from agentprop.errors import SkillError
from agentprop.portable import memory_bytes
from agentprop.sandbox import isolation_report
from agentprop.skills import bundled_directory, load

EXTRAS = ("train", "vllm", "anthropic", "fast", "documents", "hub", "objects", "polars", "tracking", "cluster")
"""Extras that later work may need; `test` is for contributors."""


def command(json: options.Json = False) -> None:
    """Report the sandbox, cores and installed versions of this machine."""
    report = examine()
    print(json_.dumps(report, ensure_ascii=False)) if json else _print(report)


def examine() -> dict[str, Any]:
    """Collect everything that the report states."""
    return {
        "agentprop": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": usable_cores(),
        "memory_gib": _memory_gib(),
        "free_disk_gib": round(shutil.disk_usage(".").free / 2**30, 1),
        "dependencies": _versions(None),
        "extras": {extra: _missing(extra) for extra in EXTRAS},
        "conflict": _conflict(),
        "library": _library(),
        "sandbox": isolation_report(),
    }


def _memory_gib() -> float | None:
    found = memory_bytes()
    return None if found is None else round(found / 2**30, 1)


def _requirements(extra: str | None) -> list[str]:
    """Names of the distributions that agentprop, or one of its extras, requires."""
    names = []
    for line in _declared():
        requirement, _, marker = line.partition(";")
        wanted = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", marker)
        if (wanted[1] if wanted else None) == extra:
            names.append(re.split(r"[\s<>=!~\[(]", requirement.strip())[0])
    return names


def _declared() -> list[str]:
    """Requirements as stated by the installed package, or by the checkout that is running."""
    try:
        return metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return _declared_in_checkout()


def _declared_in_checkout() -> list[str]:
    import tomllib
    from pathlib import Path

    path = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if not path.exists():
        return []
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {}).items()
    optional = [f"{line}; extra == '{extra}'" for extra, lines in extras for line in lines]
    return [*project["dependencies"], *optional]


def _versions(extra: str | None) -> dict[str, str | None]:
    return {name: _version(name) for name in _requirements(extra)}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _missing(extra: str) -> dict[str, Any]:
    missing = [name for name, version in _versions(extra).items() if version is None]
    return {"missing": missing, "install": f"pip install '{DISTRIBUTION}[{extra}]'" if missing else None}


def _conflict() -> str | None:
    """What to do about a distribution called `agentprop`: it installs into the same folder as ours."""
    other = _version("agentprop")
    remedy = f"pip uninstall agentprop && pip install --force-reinstall {DISTRIBUTION}"
    return f"another package called agentprop ({other}) lies in the same folder: {remedy}" if other else None


def _library() -> dict[str, Any]:
    found: dict[str, Any] = {"path": str(bundled_directory()), "packages": 0, "fault": None}
    try:
        found["packages"] = len(load([]))
    except SkillError as error:
        found["fault"] = error.message
    return found


def _why(sandbox: Mapping[str, Any]) -> str:
    """Why there is no isolation, in words: the reason of each level that was tried."""
    return sandbox.get("reason") or "; ".join(f"{level}: {why}" for level, why in sandbox["reasons"].items())


def _print(report: Mapping[str, Any]) -> None:
    sandbox = report["sandbox"]
    held = sum(value is True for value in sandbox.get("self_test", {}).values())
    tried = len(sandbox.get("self_test", {}))
    shown = {
        **{key: report[key] for key in ("agentprop", "python", "platform", "cores")},
        "memory": "unknown" if report["memory_gib"] is None else f"{report['memory_gib']} GiB",
        "free disk here": f"{report['free_disk_gib']} GiB",
        "dependencies": {name: version or "missing" for name, version in report["dependencies"].items()},
        "extras": {name: found["install"] or "installed" for name, found in report["extras"].items()},
        "conflict": report["conflict"],
        "skill library": report["library"]["fault"] or f"{report['library']['packages']} packages",
        "sandbox level": sandbox["level"],
        "sandbox layers": sandbox.get("layers", {}),
        "sandbox self-test": f"{held} of {tried} attempts to escape were held" if tried else "not run",
    }
    print_summary(shown, to_stdout=True)
    if sandbox["level"] in ("none", "R0"):
        print(f"\nUntrusted code cannot be isolated here: {_why(sandbox)}")
        print("For code that you trust, --allow-weak-sandbox runs it without isolation.")
