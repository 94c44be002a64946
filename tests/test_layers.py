"""Imports obey the layers of tests/layers.toml, and each heavy library has one home."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "agentprop"
TABLE = tomllib.loads(Path(__file__).with_name("layers.toml").read_text(encoding="utf-8"))
LAYER = {room: number for number, rooms in enumerate(TABLE["layers"]) for room in rooms}
SOURCES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def room_of(module: str) -> str:
    """The longest room that holds a module."""
    rooms = [room for room in LAYER if within(module, room)]
    assert rooms, f"{module} is in no room: give it a layer in tests/layers.toml"
    return max(rooms, key=len)


def imports(path: Path) -> Iterator[str]:
    """Every module that a source imports, at its top or later, by its full name."""
    here = ("agentprop", *path.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: -node.level] if node.level else ()  # `sandbox/inside` is started without agentprop above it
            module = ".".join((*base, *filter(None, [node.module])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def module_of(name: str) -> str | None:
    """The module of the package that an import names: itself, or the one that holds what it names."""
    inner = name.removeprefix("agentprop.")
    if name == inner:
        return None
    while inner not in SOURCES and "." in inner:
        inner = inner.rpartition(".")[0]
    return inner if inner in SOURCES else None  # agentprop itself holds nothing but the version


USES = {module: {found for name in imports(path) if (found := module_of(name))} for module, path in SOURCES.items()}


def test_the_package_itself_imports_nothing_of_its_own() -> None:
    assert USES.pop("__init__", set()) == set()


@pytest.mark.parametrize("module", [module for module in SOURCES if module != "__init__"])
def test_imports_go_down_the_layers_only(module: str) -> None:
    room = room_of(module)
    others = {room_of(used) for used in USES[module]} - {room}
    assert {other for other in others if LAYER[other] >= LAYER[room]} == set()


@pytest.mark.parametrize("room", TABLE["known_to"])
def test_some_rooms_are_known_to_few(room: str) -> None:
    allowed = (room, *TABLE["known_to"][room])
    users = {module for module, used in USES.items() if any(within(name, room) for name in used)}
    assert {user for user in users if not any(within(user, name) for name in allowed)} == set()


def test_no_module_imports_itself_through_others() -> None:
    done: set[str] = set()
    while len(done) < len(USES):
        free = {name for name in USES.keys() - done if USES[name] - {name} <= done}
        assert free, f"a circle among {sorted(USES.keys() - done)}"
        done |= free


@pytest.mark.parametrize("library", TABLE["homes"])
def test_a_heavy_library_has_one_home(library: str) -> None:
    users = {module for module, path in SOURCES.items() if any(within(name, library) for name in imports(path))}
    assert {user for user in users if not any(within(user, home) for home in TABLE["homes"][library])} == set()


def test_every_room_of_the_table_exists() -> None:
    assert {room for room in LAYER if not any(within(module, room) for module in SOURCES)} == set()
