"""Sources of the modules that code in the sandbox may import, beside those of the skills at hand."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from agentprop.agent.certificates import modules as certificate_modules
from agentprop.composition import ablation, objects, solution
from agentprop.skills import Package, sources_of


def tools() -> dict[str, str]:
    """Sources of the helper modules that code in the sandbox may import, by module name."""
    source = files("agentprop.composition").joinpath("sandbox_tools.py").read_text(encoding="utf-8")
    return {"tools": source, **objects.modules(), **ablation.modules()}


def own_sources(library: Mapping[str, Package]) -> dict[str, str]:
    """Sources of the modules that candidates of a library import in the sandbox, as far as they are agentprop's own."""
    own = sources_of(package for package in library.values() if package.origin == "bundled")
    return {**tools(), **solution.modules(), **certificate_modules(), **own}
