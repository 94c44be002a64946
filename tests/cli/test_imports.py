"""What may import what: the layers of the package, the one home of each heavy library, and a help that imports none."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ROOT, environment

PACKAGE = ROOT / "agentprop"
LAYERS = (
    ("errors", "records"),
    ("config", "expressions", "files", "intervals", "values", "protocol"),
    ("skills", "sandbox", "prompts", "shards", "stored", "claims", "runs", "engine"),
    ("corpus", "models", "symbolic"),
    ("grading", "report", "teaching"),
    ("agent",),
    ("export", "training", "report"),
    ("stages",),
    ("cli",),
    ("__main__",),
)
"""From the bottom up: a unit imports its own layer and those below."""
STORAGE = {"shards", "stored", "claims", "runs", "engine"}
KNOW_STORAGE = {*STORAGE, "stages", "cli", "corpus"}
"""`corpus` reads other people's Parquet files through `shards`."""
HOMES = {
    "pyarrow": {"shards"},
    "openai": {"models"},
    "vllm": {"models"},
    "torch": {"training"},
    "transformers": {"training"},
    "sympy": {"grading", "symbolic", "sandbox"},
    "mpmath": {"grading", "symbolic", "sandbox"},
}
"""`sandbox` warms sympy up for the code it runs."""
HEAVY = ("torch", "vllm", "sympy", "pyarrow", "openai", "transformers", "pydantic")
SOURCES = sorted(PACKAGE.rglob("*.py"))


def unit(path: Path) -> str:
    """The file or folder of the package that a source belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[list[str]]:
    """Every module that a source imports, at its top or later, as its parts."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            parts = node.module.split(".")
            yield from ([parts] if len(parts) > 1 else [[*parts, alias.name] for alias in node.names])


def uses(path: Path) -> set[str]:
    """The other units of the package that a source imports."""
    parts = (parts for parts in imported(path) if parts[0] == "agentprop" and len(parts) > 1)
    return {part[1] for part in parts} - {unit(path), "__version__"}


def layer(name: str) -> int:
    found = [number for number, names in enumerate(LAYERS) if name in names]
    assert found, f"{name} is new: give it a layer"
    return found[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_the_layers_only(path: Path) -> None:
    if unit(path) == "__init__":
        assert uses(path) == set()
        return
    assert {name for name in uses(path) if layer(name) > layer(unit(path))} == set()
    if unit(path) not in KNOW_STORAGE:
        assert uses(path) & STORAGE == set()


def test_units_of_one_layer_do_not_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for path in SOURCES:
        graph.setdefault(unit(path), set()).update(uses(path))
    done: list[str] = []
    while len(done) < len(graph):
        free = [name for name in sorted(graph) if name not in done and graph[name] <= set(done)]
        assert free, f"a circle among {sorted(graph.keys() - set(done))}"
        done += free


def test_stages_never_import_each_other() -> None:
    stages = {"extract", "propose", "verify", "report"}
    for name in stages:
        found = {".".join(parts[:3]) for parts in imported(PACKAGE / "stages" / f"{name}.py")}
        assert found & {f"agentprop.stages.{other}" for other in stages} == set()


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_has_one_home(library: str) -> None:
    homes = {path.relative_to(PACKAGE).parts[0] for path in SOURCES if any(p[0] == library for p in imported(path))}
    assert homes <= HOMES[library]


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from agentprop.cli import main; sys.argv = ['agentprop', '--help']\ntry: main()\nfinally: "
    code += f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == "[]", done.stderr
    assert "propose" in done.stdout


def test_listing_the_commands_imports_none_of_their_modules() -> None:
    code = "import sys; from agentprop.cli import main; sys.argv = ['agentprop', '--help']\ntry: main()\nfinally: "
    code += "print(sorted(n for n in sys.modules if n.startswith('agentprop')), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60)
    light = ["agentprop", "agentprop.cli", "agentprop.cli.failures", "agentprop.cli.lazy", "agentprop.errors"]
    assert ast.literal_eval(done.stderr.strip()) == light
