"""Module sources in memory → importable modules, fresh for every job, compiled once per child."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import linecache
import sys
from collections.abc import Mapping, Sequence
from types import CodeType, ModuleType

KNOWN: dict[tuple[str, str], CodeType] = {}
"""File name and source → code of what the zygote compiled for all children."""
SOURCES: dict[str, str] = {}
"""Module → source of the same, which bodies need not bring along."""


class CompileCache:
    """Cache of compiled sources, for the life of the child."""

    def __init__(self) -> None:
        self._codes = dict(KNOWN)

    def compile(self, source: str, filename: str) -> CodeType:
        """Compile a source. Raises SyntaxError, not MemoryError, for one too deep for the compiler."""
        key = (filename, source)
        if key not in self._codes:
            try:
                self._codes[key] = compile(source, filename, "exec", dont_inherit=True)
            except MemoryError:
                raise SyntaxError("too complex to compile") from None
        return self._codes[key]


class MemoryImporter(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Importer of one job's modules at a time; parent packages of dotted names exist implicitly."""

    def __init__(self, cache: CompileCache) -> None:
        self._cache = cache
        self._sources: Mapping[str, str] = {}
        self._packages: frozenset[str] = frozenset()
        self._displaced: dict[str, ModuleType] = {}

    def serve(self, sources: Mapping[str, str]) -> None:
        """Drop the modules of the previous job and offer these."""
        for name in (*self._sources, *self._packages):
            sys.modules.pop(name, None)
        sys.modules.update(self._displaced)
        self._sources = sources
        self._packages = frozenset(parent for name in sources for parent in _parents(name))
        names = (*sources, *self._packages)
        self._displaced = {name: sys.modules.pop(name) for name in names if name in sys.modules}
        for name in self._packages.difference(sources):
            # An empty package is made directly: importing one would cost more than a small job.
            sys.modules[name] = package = ModuleType(name)
            package.__path__ = []

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._sources:
            return None
        return importlib.machinery.ModuleSpec(name, self, origin=f"<{name}>", is_package=name in self._packages)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        exec(self._cache.compile(self._sources[name], file_name(name)), module.__dict__)

    def show_lines(self) -> None:
        """Let tracebacks quote the sources of the present job."""
        for name, source in self._sources.items():
            remember_lines(file_name(name), source)


def file_name(module: str) -> str:
    """The name of a module's source in tracebacks."""
    return f"<{module}>"


def remember_lines(filename: str, source: str) -> None:
    """Let tracebacks quote this source under this file name."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]
