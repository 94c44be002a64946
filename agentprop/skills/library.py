"""Directories of packages → the library by name."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from agentprop.errors import SkillError
from agentprop.skills.package import Package
from agentprop.skills.reading import read


def bundled_directory() -> Path:
    """Directory of the bundled library: inside the wheel, or beside the package in a checkout."""
    inside = Path(str(files("agentprop").joinpath("_skills")))
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "skills"


def directories(root: Path) -> list[Path]:
    """Find the package directories of a library, a run (`<run>/skills`) or a single package."""
    if (root / "SKILL.md").exists():
        return [root]
    base = root / "skills" if (root / "skills").is_dir() else root
    return sorted(path.parent for path in base.glob("*/SKILL.md"))


def load(roots: Iterable[Path], *, bundled: bool = True) -> dict[str, Package]:
    """Load a library by name: bundled packages, then those below `roots`. Raises SkillError that names faulty ones."""
    library: dict[str, Package] = {}
    found: list[str] = []
    sources = [(bundled_directory(), "bundled")] if bundled else []
    for root, origin in [*sources, *((path, "user") for path in roots)]:
        paths = directories(root) if root.exists() else []
        if not paths:
            raise SkillError(f"no skill package below {root}", hint="give a package, a directory of packages, or a run")
        for path in paths:
            # Tests hold that bundled packages have no faults; looking for them again would take most of the time.
            package, faults_ = read(path, origin, checked=origin != "bundled")
            found += [f"{path.name}: {fault}" for fault in faults_]
            if package is not None and not faults_:
                found += _add(library, package)
    if found:
        shown = "; ".join(found[:5]) + (f"; and {len(found) - 5} more" if len(found) > 5 else "")
        raise SkillError(f"faulty skill packages: {shown}", hint="run `agentprop skills validate` to see every fault")
    return library


def _add(library: dict[str, Package], package: Package) -> list[str]:
    known = library.get(package.name)
    if known is None:
        library[package.name] = package
    elif known.id != package.id:
        return [f"{package.name}: another package has this name"]
    return []
