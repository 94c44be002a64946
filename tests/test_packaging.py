"""A built and installed package is complete, and works from any directory."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from installing import OFFLINE, ROOT, Newcomer, clone, outside
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import agentprop
from agentprop.cli import doctor

NEIGHBOURS = ("trl", "reasoning-gym", "verifiers", "inspect", "openenv", "nemo-gym")
EXTRAS = ("train", "vllm", "tracking", "cluster", "documents", "hub", "objects", "polars", "anthropic", *NEIGHBOURS)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a clone."""
    directory = tmp_path_factory.mktemp("wheel")
    call(clone(directory), sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory))
    (found,) = directory.glob("*.whl")
    return found


def call(directory: Path, *command: str) -> str:
    """Run a program offline; returns its output."""
    done = subprocess.run(command, cwd=directory, env=outside(OFFLINE), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def installed(newcomer: Newcomer, directory: Path, *arguments: str) -> str:
    """Run the installed command from a directory."""
    return call(directory, str(newcomer.python.with_name("agentprop")), *arguments)


def test_every_extra_is_named_where_people_look_for_extras() -> None:
    table = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8").partition("| extra |")[2]
    named = set(re.findall(r"^\| `([a-z-]+)` \|", table.partition("\n\n")[0], re.M))
    assert named | set(NEIGHBOURS) == set(PROJECT["optional-dependencies"])
    loops = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    assert all(f"[{name}]" in loops for name in NEIGHBOURS)
    assert set(doctor.EXTRAS) == named - {"docs", "test"}  # these two are for who changes agentprop


# --- the wheel ---


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("agentprop/")}
    assert {name for name in inside if not name.startswith("agentprop/_skills/")} == files(ROOT / "agentprop")
    library = {name.replace("agentprop/_skills/", "skills/") for name in inside if "/_skills/" in name}
    assert library == files(ROOT / "skills")


def files(directory: Path) -> set[str]:
    """The files below a directory of the checkout, without what running it leaves behind."""
    found = (path for path in directory.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT)) for path in found}


def test_the_wheel_holds_its_licence(wheel: Path) -> None:
    (licence,) = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".dist-info/licenses/LICENSE")]
    assert "Apache License" in zipfile.ZipFile(wheel).read(licence).decode()


def test_an_installed_agentprop_finds_its_library_from_an_empty_directory(newcomer: Newcomer, tmp_path: Path) -> None:
    listed = installed(newcomer, tmp_path, "skills", "list")
    names = {path.name for path in (ROOT / "skills").iterdir()}
    assert names <= set(re.findall(r"[a-z0-9-]+", listed))


def test_an_installed_agentprop_proposes_in_an_empty_directory(newcomer: Newcomer, tmp_path: Path) -> None:
    assert installed(newcomer, tmp_path, "propose", "--n", "5", "--out", "runs/p", "--quiet") == "runs/p\n"
    assert installed(newcomer, tmp_path, "cat", "runs/p").count("\n") == 5


def test_it_is_the_installed_package_that_these_tests_run(newcomer: Newcomer, tmp_path: Path) -> None:
    where = call(tmp_path, str(newcomer.python), "-c", "import agentprop; print(agentprop.__file__)")
    assert Path(where.strip()).is_relative_to(newcomer.python.parents[1])


# --- its name ---


def test_it_is_installed_under_its_own_name(newcomer: Newcomer, tmp_path: Path) -> None:
    """The version stands in two places, because the package must know it without its metadata."""
    asked = "from importlib.metadata import version; print(version('agentic-proposing'))"
    assert call(tmp_path, str(newcomer.python), "-c", asked) == f"{agentprop.__version__}\n"
    assert PROJECT["name"] == agentprop.DISTRIBUTION


def test_nobody_is_told_to_install_the_other_agentprop() -> None:
    """That name belongs to an unrelated project on PyPI, which installs a package of the same name."""
    wrong = re.compile(r"\b(?:install|add)\b[^\n]*[\s'\"]agentprop(?=[\[=<>~'\"\s]|$)|\bagentprop\[\w+\]", re.MULTILINE)
    for harmless in ("pip uninstall agentprop", "pip install agentic-proposing", "pip install ./agentprop_problems"):
        assert not wrong.search(harmless)
    for told in ("pip install agentprop", "uv add agentprop", "pip install 'agentprop[train]'", "agentprop[vllm]"):
        assert wrong.search(told)
    texts = {path: path.read_text("utf-8") for path in files_of_the_repository() if path.name != Path(__file__).name}
    assert {path.name for path in texts} > {"README.md", "SECURITY.md", "verifiers.py", "run", "training.md"}
    found = [f"{path.name}: {match[0]}" for path, text in texts.items() for match in wrong.finditer(text)]
    assert not found


def files_of_the_repository() -> Iterator[Path]:
    """Whatever a person may read, with its dotfiles."""
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        ours = not {".git", ".venv", ".hypothesis", "runs", "site", "__pycache__"} & set(parts) and not parts[
            0
        ].endswith("_cache")
        if ours and path.is_file() and path.suffix in ("", ".md", ".py", ".toml", ".yml", ".yaml", ".sh", ".txt"):
            yield path


# --- what it needs ---


def names(requirements: list[str]) -> set[str]:
    """Distributions that requirements name."""
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def test_every_library_imported_is_declared() -> None:
    optional = [text for name in EXTRAS for text in PROJECT["optional-dependencies"][name]]
    declared = names([*PROJECT["dependencies"], *optional])
    owners = dict(packages_distributions())
    foreign = imported() - sys.stdlib_module_names - {"agentprop"}
    assert {"typer", "pydantic", "pyarrow"} <= foreign
    owners.setdefault("docx", ["python-docx"])  # its module has another name, and need not be installed
    owners.setdefault("openenv", ["openenv-core"])
    owners["pydantic_core"] = ["pydantic"]  # the other half of it, pinned by it
    owner = {module: set(map(canonicalize_name, owners.get(module, [module]))) for module in foreign}
    assert not [module for module in foreign if not declared & owner[module]]


def imported() -> set[str]:
    """Top-level modules that the package imports anywhere."""
    found: set[str] = set()
    for path in (ROOT / "agentprop").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.partition(".")[0])
    return found


def pins() -> dict[str, str]:
    """Versions by distribution, as constraints.txt has them."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def test_the_constraints_pin_what_the_tests_need_to_versions_that_are_allowed() -> None:
    pinned = pins()
    extras = PROJECT["optional-dependencies"]
    for text in [*PROJECT["dependencies"], *extras["train"], *extras["test"], *extras["docs"]]:
        requirement = Requirement(text)
        if requirement.name == PROJECT["name"]:
            assert requirement.extras == {"train"}, "its own extra, whose libraries are in the list"
            continue
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), text


def test_pre_commit_runs_the_ruff_of_the_constraints() -> None:
    named = re.findall(r"ruff==([\d.]+)", (ROOT / ".pre-commit-config.yaml").read_text())
    assert named == [pins()["ruff"]] * 2, "one for `ruff check`, one for `ruff format`"
