"""Settings and a library → the plan of a run, which every process that makes candidates gets."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from random import Random
from typing import Any

from agentprop.agent.bundles import BundleFilter, Bundles, written_skills
from agentprop.agent.curriculum import Curriculum, MasteryState, categories_of
from agentprop.agent.environment import ONE_SHOT, Rules
from agentprop.agent.guidance import Guidance
from agentprop.agent.variety import Variety
from agentprop.composition.freshness import ANY, Freshness
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.survey import library_values
from agentprop.config import ProposeConfig
from agentprop.errors import ConfigError
from agentprop.prompts import Prompts
from agentprop.sandbox import Sandbox
from agentprop.skills import Package
from agentprop.stages.common.aims import aim_of
from agentprop.stages.common.guidance import guidance_of
from agentprop.stages.common.mastery import earlier_mastery

DRAWS = 12
"""Draws of a composition before a category counts as one in which nothing can be planned."""


@dataclass(frozen=True)
class Plan:
    """The plan of a run; sent to every worker once."""

    library: Mapping[str, Package]
    """Name → package."""
    survey: Mapping[str, Any]
    """Skill → sampled values, by which links are weighed."""
    curriculum: Curriculum
    """Probabilities of the categories."""
    config: ProposeConfig
    """Settings of the run."""
    prompts: Prompts = field(default_factory=Prompts)
    """Prompts of the language model."""
    guidance: Guidance | None = None
    """What the language model is told beyond the protocol."""
    once: int = 0
    """Skills with one problem each."""

    def planner(self) -> Planner:
        """Make a planner over the executable skills that the run may use together."""
        return _planner(self.config, self.library, self.survey)

    @property
    def rules(self) -> Rules:
        """Limits of an episode."""
        if self.config.one_shot:
            return replace(ONE_SHOT, strict=self.config.strict)
        strict = self.config.strict or self.config.proposer == "builtin"
        use_all = bool(self.config.distractors)
        return Rules(
            max_turns=self.config.max_turns,
            prune=self.config.prune,
            strict=strict,
            use_all=use_all,
            repeat_skills=self.config.repeat_skills,
        )

    @property
    def variety(self) -> Variety:
        """Variation of the tasks."""
        return variety_of(self.config)

    @property
    def judges(self) -> bool:
        """True if the built-in verifier judges each problem before it counts."""
        return "builtin" in (self.config.verifier or ("builtin",))


@dataclass(frozen=True)
class CandidateBatch:
    """Some candidates, and the mastery by which their categories are drawn."""

    indices: range
    mastery: MasteryState
    avoid: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Category → statements that a language model is told to avoid."""
    failures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Bundle → why earlier attempts at it failed."""
    fresh: Freshness = ANY
    """Structures that the built-in proposer avoids if it can."""

    def split(self) -> list[CandidateBatch]:
        """Divide it into batches of one candidate."""
        return [replace(self, indices=range(index, index + 1)) for index in self.indices]


def plan_of(config: ProposeConfig, library: Mapping[str, Package], sandbox: Sandbox | None = None) -> Plan:
    """Make the plan of a run. Raises ConfigError if no category is left to propose in.

    Skills are tried in the given sandbox, or in one of its own.
    """
    return plan_and_planner(config, library, sandbox)[0]


def plan_and_planner(
    config: ProposeConfig, library: Mapping[str, Package], sandbox: Sandbox | None = None
) -> tuple[Plan, Planner]:
    """The same, with the planner that it took: whoever goes on in this process need not index the library again."""
    if config.one_shot and config.proposer == "builtin":
        raise ConfigError("the built-in proposer needs the loop", hint="give --proposer MODEL, or drop one_shot")
    variety_of(config).check(library)
    _check_pairs(config, library)
    values = library_values(
        library,
        lambda: nullcontext(sandbox) if sandbox else Sandbox(preload=(), slots=1, allow_weak=config.allow_weak_sandbox),
    )
    planner = _planner(config, library, values)
    bundles = Bundles(planner, {} if config.proposer == "builtin" else written_skills(library))
    categories = categories_of(bundles, config.domain, config.categories)
    unknown = sorted(set(config.categories) - set(bundles.categories))
    if unknown:
        raise ConfigError(
            why_not(unknown[0], library, planner), hint=f"categories: {', '.join(sorted(bundles.categories))}"
        )
    if config.proposer == "builtin":
        categories = _planned(config, planner, library, categories)
    if not categories:
        raise ConfigError("no category is left to propose in", hint="widen --domain or --category, or add skills")
    mined = frozenset(c for c in categories if bundles.mined(c))
    share = 1.0 if mined == set(categories) else config.mined_share
    curriculum = Curriculum(categories, mined, share, config.mastery_alpha, config.mastery_epsilon)
    if config.learn_from:
        curriculum = replace(curriculum, initial=earlier_mastery(config.learn_from, curriculum))
    guidance = guidance_of(config)
    once = planner.once(planner.library)
    return Plan(dict(library), values, curriculum, config, Prompts.of(config.prompts), guidance, once), planner


def variety_of(config: ProposeConfig) -> Variety:
    """Return the variation of tasks that the settings ask for."""
    return Variety(config.names, config.distractors, config.distractor_share)


def _check_pairs(config: ProposeConfig, library: Mapping[str, Package]) -> None:
    """Check that held-out pairs are of skills that exist: a misspelt one would hold nothing out. Raises ConfigError."""
    names = {name for pair in BundleFilter.of(config.held_out).held_out for name in pair}
    for name in sorted(names - library.keys()):
        near = get_close_matches(name, library, 1)
        hint = f"did you mean {near[0]}?" if near else "`agentprop skills list` lists them"
        raise ConfigError(f"held_out names {name}, and there is no such skill", hint=hint)


def why_not(category: str, library: Mapping[str, Package], planner: Planner) -> str:
    """Sentence on why nothing can be proposed in a category."""
    own = [package for package in library.values() if package.spec.category == category]
    if not own:
        return f"unknown category {category}"
    written = [package for package in own if not package.executable]
    if len(written) == len(own):
        return f"{category}: none of its {len(own)} skills has a script, so only a language model can propose with them"
    if category not in planner.categories:
        return f"{category}: none of its {len(own)} skills has a wording for a question"
    return f"{category}: no numbers were found that its skills' constraints and the run's limits on skills allow"


def _planned(
    config: ProposeConfig, planner: Planner, library: Mapping[str, Package], categories: tuple[str, ...]
) -> tuple[str, ...]:
    """The categories in which something can be planned. Raises ConfigError if a wanted one, or every one, fails."""
    idle = [category for category in categories if not _plans(planner, category)]
    if idle and (config.categories or len(idle) == len(categories)):
        raise ConfigError(
            "; ".join(why_not(category, library, planner) for category in idle[:3]),
            hint="widen the ranges or constraints of its skills, or the settings min_skills, max_skills and held_out",
        )
    left = tuple(category for category in categories if category not in idle)
    most = planner.most(left, config.max_template_repeats)
    if left and most is not None and most < config.n:
        raise ConfigError(
            f"these skills can be posed alone only, and give at most {most} problems; {config.n} are asked for",
            hint=f"ask for --n {most}, add skills to compose them with, or set max_template_repeats higher",
        )
    return left


def _plans(planner: Planner, category: str) -> bool:
    """True if something can be planned; a level of effort that is drawn may ask for more skills than are allowed."""
    return any(_planned_once(planner, category, f"{category}/{draw}" if draw else category) for draw in range(DRAWS))


def _planned_once(planner: Planner, category: str, seed: str) -> bool:
    try:
        planner.plan(category, Random(seed))
    except Impossible:
        return False
    return True


def _planner(config: ProposeConfig, library: Mapping[str, Package], values: Mapping[str, Any]) -> Planner:
    if (
        config.proposer != "builtin"
    ):  # nobody can draw the facts of an object by hand: its kinds are for the built-in one
        library = {name: package for name, package in library.items() if not package.spec.is_object}
    allowed = BundleFilter.of(
        config.held_out, config.held_out_only, config.max_skills, config.min_skills, config.distractors
    )
    return Planner(library, values, mined_roots=config.mined_share, allowed=allowed, aim=aim_of(config))
