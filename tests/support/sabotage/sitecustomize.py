"""Makes functions of the package under test fail for chosen records, in every process with this folder on PYTHONPATH.

SABOTAGE is a JSON list of {"target": "module:Name.of.function", "argument": 1, "holds": "text", "how": "raise"}: if
the text occurs in that argument (a number: if it is that argument), the call

    raise       raises an IndexError, as a defect would
    memory      raises a MemoryError
    kill        kills its own process, as the kernel does for want of memory
    kill-child  goes on, and the sandbox's child that it starts is killed, again and again
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

PLANS: list[dict[str, Any]] = json.loads(os.environ.get("SABOTAGE", "[]"))


class Finder(importlib.abc.MetaPathFinder):
    """Finds modules as usual, and changes those that have a target once they are imported."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        plans = [plan for plan in PLANS if plan["target"].partition(":")[0] == name]
        spec = importlib.machinery.PathFinder.find_spec(name, path) if plans else None
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            for plan in plans:
                change(module, plan)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def change(module: ModuleType, plan: dict[str, Any]) -> None:
    """Put a failing function in the place of the target."""
    *path, name = plan["target"].partition(":")[2].split(".")
    place: Any = module
    for part in path:
        place = getattr(place, part)
    original: Callable[..., Any] = getattr(place, name)

    def changed(*arguments: Any, **options: Any) -> Any:
        if not concerns(plan, arguments):
            return original(*arguments, **options)
        if plan["how"] == "raise":
            raise IndexError("sabotage")
        if plan["how"] == "memory":
            raise MemoryError
        if plan["how"] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        started = original(*arguments, **options)
        threading.Thread(target=kill_children, args=(arguments[0]._process.pid,), daemon=True).start()
        return started

    setattr(place, name, changed)


def concerns(plan: dict[str, Any], arguments: tuple[Any, ...]) -> bool:
    """Tell whether this is the record that is to fail."""
    given = arguments[plan["argument"]]
    return given == plan["holds"] if isinstance(plan["holds"], int) else plan["holds"] in repr(given)


def kill_children(root: int) -> None:
    """Kill what the zygote below a process is running, as soon as it runs."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        zygote = next(iter(children(root)), None)
        running = children(zygote) if zygote is not None else []
        if running:
            time.sleep(0.05)  # until it is the code that runs
            for pid in running:
                os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.001)


def children(root: int) -> list[int]:
    """Return the processes that a process started."""
    with open(f"/proc/{root}/task/{root}/children") as file:
        return [int(word) for word in file.read().split()]


if PLANS:
    sys.meta_path.insert(0, Finder())
