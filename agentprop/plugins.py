"""Names → exchangeable implementations of one kind: those that come with agentprop and those of other packages.

To add one from outside, install a package with an entry point of the registry's group:

    [project.entry-points."agentprop.algorithms"]
    my-loss = "my_package.my_loss:MyLoss"

or call `register` in your own program. Nothing is imported before it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from agentprop.errors import ConfigError

Thing = TypeVar("Thing")


class Registry(Generic[Thing]):
    """Implementations of one kind by name; `own` maps the names of agentprop's own to `module:attribute`."""

    def __init__(self, group: str, kind: str, own: Mapping[str, str]) -> None:
        self.group, self.kind = group, kind
        self._own = own
        self._registered: dict[str, Thing] = {}

    def register(self, name: str, thing: Thing) -> None:
        """Add one in this process. Raises ValueError if the name is taken."""
        if name in self.names():
            raise ValueError(f"there is a {self.kind} {name} already")
        self._registered[name] = thing

    def names(self) -> list[str]:
        """List all names."""
        return [*self._own, *self._registered, *(n for n in self._installed() if n not in self._own)]

    def __getitem__(self, name: str) -> Thing:
        """Look up a name. Raises ConfigError if it is unknown."""
        if name in self._registered:
            return self._registered[name]
        place = self._own.get(name) or self._installed().get(name)
        if place is None:
            near = get_close_matches(name, self.names(), 1)
            hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(self.names())}"
            raise ConfigError(f"there is no {self.kind} {name}", hint=hint)
        module, _, attribute = place.partition(":")
        found: Thing = getattr(import_module(module), attribute)
        return found

    def _installed(self) -> dict[str, str]:
        return {point.name: point.value for point in entry_points(group=self.group)}
