"""One Markdown file per prompt → its text, and a hash of those in use for the records.

A directory may replace prompts by files of the same names (`Prompts.of`). A prompt can have a slot `{examples}` for
worked examples: `NAME.examples.md` fills it, and without such a file it vanishes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from string import Formatter

from agentprop.errors import ConfigError

SUFFIX, EXAMPLES = ".md", ".examples"
SLOT = "{examples}"
"""Line of a prompt that its examples take the place of."""
FIELDS: Mapping[str, frozenset[str]] = {
    "acquire": frozenset({"passage"}),
    "avoid": frozenset({"statements"}),
    "candidates": frozenset({"passages", "skills"}),
    "correction": frozenset({"faults"}),
    "difficulty": frozenset({"wanted", "earlier"}),
    "failures": frozenset({"reasons"}),
    "guide": frozenset({"turns", "submissions", "malformed", "seconds"}),
    "passages": frozenset({"most", "passages"}),
    "task": frozenset({"domain", "category", "skills"}),
    "verifier_reveal": frozenset({"trace", "claim", "form"}),
    "verifier_solve": frozenset({"statement"}),
}
"""Prompts that are templates, and their fields; a literal brace in them is doubled."""


@dataclass(frozen=True)
class Prompts:
    """The prompts in use: those of the package, less what `texts` replaces."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """Name, or NAME.examples, → text that replaces the package's; a file with the package's own text replaces none."""

    @classmethod
    def of(cls, directory: str | Path | None) -> Prompts:
        """Read the replacements of a directory; None replaces nothing.

        Raises ConfigError if a file replaces no prompt, or a template lacks one of its fields or names another.
        """
        return cls() if directory is None else cls(_read(Path(directory)))

    def __call__(self, name: str) -> str:
        """The text of a prompt, its examples filled in."""
        return self.texts.get(name + EXAMPLES, "").join(self._parts(name)).strip()

    def filled(self, name: str, **values: object) -> str:
        """The text of a template with its fields filled in; its examples may hold braces."""
        return self.texts.get(name + EXAMPLES, "").join(part.format(**values) for part in self._parts(name)).strip()

    def _parts(self, name: str) -> list[str]:
        """The text before and after the slot, or the whole."""
        return (self.texts.get(name) or shipped(name)).split(SLOT)

    def hash(self, *names: str) -> str:
        """16 hex digits that change when one of the prompts does."""
        return hashlib.sha256("\0".join(self(name) for name in names).encode()).hexdigest()[:16]

    @property
    def inputs(self) -> dict[str, str]:
        """Fingerprint of the replacements among the inputs of a run."""
        told = (f"{name}\0{text}" for name, text in sorted(self.texts.items()))
        return {"prompts": hashlib.sha256("\0".join(told).encode()).hexdigest()[:16] if self.texts else ""}


def names() -> tuple[str, ...]:
    """Names of all prompts, in order."""
    found = (file.name for file in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX)))


def has_examples(name: str) -> bool:
    """True if a prompt has a slot for examples."""
    return SLOT in shipped(name)


@lru_cache
def shipped(name: str) -> str:
    """The text of `<name>.md` as it comes with agentprop."""
    return files(__name__).joinpath(name + SUFFIX).read_text(encoding="utf-8").strip()


_SHIPPED = Prompts()


@lru_cache
def prompt(name: str) -> str:
    """The text of a prompt that nothing replaces."""
    return _SHIPPED(name)


@lru_cache
def prompt_hash(*names: str) -> str:
    """Hash of prompts that nothing replaces."""
    return _SHIPPED.hash(*names)


def _read(directory: Path) -> dict[str, str]:
    if not directory.is_dir():
        raise ConfigError(
            f"there is no directory of prompts {directory}", hint="agentprop prompts copy DIR writes one to start from"
        )
    found = {path.name.removesuffix(SUFFIX): path for path in sorted(directory.glob("*" + SUFFIX))}
    texts = {name: path.read_text(encoding="utf-8").strip() for name, path in found.items() if name != "README"}
    texts = {name: text for name, text in texts.items() if name not in names() or text != shipped(name)}
    faults = [fault for name, text in texts.items() for fault in _faults(name, text)]
    if faults:
        raise ConfigError(f"the prompts in {directory} cannot be used: {'; '.join(faults)}", hint=_hint())
    return texts


def _hint() -> str:
    return "agentprop prompts show lists the prompts and their fields"


def _faults(name: str, text: str) -> Iterable[str]:
    """Reasons why a file cannot replace a prompt."""
    base = name.removesuffix(EXAMPLES)
    if base not in names() or (base != name and not has_examples(base)):
        yield f"{name}{SUFFIX} replaces no prompt"
    elif not text:
        yield f"{name}{SUFFIX} is empty"
    elif name in FIELDS:
        yield from _field_faults(name, text)


def _field_faults(name: str, text: str) -> Iterable[str]:
    wanted = FIELDS[name]
    try:
        given = {field for _, field, _, _ in Formatter().parse(text.replace(SLOT, "")) if field is not None}
    except ValueError as error:
        yield f"{name}{SUFFIX}: {error} (a brace that is meant as such is doubled)"
        return
    yield from (f"{name}{SUFFIX} lacks the field {{{one}}}" for one in sorted(wanted - given))
    yield from (f"{name}{SUFFIX} has the unknown field {{{one}}}" for one in sorted(given - wanted))
