"""Module sources in memory become importable modules, fresh for every job, compiled once for every child."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import linecache
import sys
from collections.abc import Mapping, Sequence
from types import CodeType, ModuleType


class CompileCache:
    """Source text → code object, remembered for the life of the child."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def compile(self, source: str, filename: str) -> CodeType:
        """The code object; a source too deep for the compiler is a SyntaxError, not a lack of memory."""
        key = (filename, source)
        if key not in self._codes:
            try:
                self._codes[key] = compile(source, filename, "exec", dont_inherit=True)
            except MemoryError:
                raise SyntaxError("too complex to compile") from None
        return self._codes[key]


class MemoryImporter(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves one job's modules at a time; a dotted name brings its parent packages into being."""

    def __init__(self, cache: CompileCache) -> None:
        self._cache = cache
        self._sources: Mapping[str, str] = {}
        self._packages: frozenset[str] = frozenset()
        self._displaced: dict[str, ModuleType] = {}

    def serve(self, sources: Mapping[str, str]) -> None:
        """Forget the modules of the job before and offer these."""
        for name in (*self._sources, *self._packages):
            sys.modules.pop(name, None)
        sys.modules.update(self._displaced)
        self._sources = sources
        self._packages = frozenset(parent for name in sources for parent in _parents(name))
        names = (*sources, *self._packages)
        self._displaced = {name: sys.modules.pop(name) for name in names if name in sys.modules}
        for name in self._packages.difference(sources):
            # An empty package needs none of the import system's ceremony, which costs more than a small job.
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
        exec(self._cache.compile(self._sources[name], f"<{name}>"), module.__dict__)

    def show_lines(self) -> None:
        """Let tracebacks quote the sources that are being served."""
        for name, source in self._sources.items():
            remember_lines(f"<{name}>", source)


def remember_lines(filename: str, source: str) -> None:
    """Let tracebacks quote this source under this file name."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]
