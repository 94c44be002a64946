"""Names → things of one kind that can be exchanged: those that come with agentprop and those of other packages.

To add one from outside, install a package with an entry point of the registry's group:

    [project.entry-points."agentprop.algorithms"]
    my-loss = "my_package.my_loss:MyLoss"

or call `register` in your own program. Nothing is imported before it is asked for.
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
    """Things of one kind by name; `own` says where each that comes with agentprop is, as `module:name`."""

    def __init__(self, group: str, kind: str, own: Mapping[str, str]) -> None:
        self.group, self.kind = group, kind
        self._own = own
        self._registered: dict[str, Thing] = {}

    def register(self, name: str, thing: Thing) -> None:
        """Add one for this process. Raises ValueError if the name is taken."""
        if name in self.names():
            raise ValueError(f"there is a {self.kind} {name} already")
        self._registered[name] = thing

    def names(self) -> list[str]:
        """All that can be named."""
        return [*self._own, *self._registered, *(n for n in self._installed() if n not in self._own)]

    def __getitem__(self, name: str) -> Thing:
        """What has the name. Raises ConfigError if nothing has."""
        if name in self._registered:
            return self._registered[name]
        place = self._own.get(name) or self._installed().get(name)
        if place is None:
            near = get_close_matches(name, self.names(), 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self.names())}"
            raise ConfigError(f"there is no {self.kind} {name}", hint=hint)
        module, _, attribute = place.partition(":")
        found: Thing = getattr(import_module(module), attribute)
        return found

    def _installed(self) -> dict[str, str]:
        return {point.name: point.value for point in entry_points(group=self.group)}
