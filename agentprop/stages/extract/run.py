"""extract: sources → documents → candidates → skills, packages under `skills/`, records under `skill_records/`.

The built-in teacher is in `mining`, a language model as the teacher in `teach`, the part of a divided run in `parts`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from agentprop.config import ExtractConfig
from agentprop.engine import Interruption
from agentprop.errors import ConfigError, TooManyFailures
from agentprop.extraction.corpus import fingerprints
from agentprop.extraction.corpus.settings import sources_of
from agentprop.prompts import Prompts
from agentprop.records import Skill
from agentprop.stages.common.foreign import check_no_runs_inside
from agentprop.stages.common.partitions import finished, part_of
from agentprop.stages.common.progress import Progress
from agentprop.stages.extract.mining import WANTED, Mining
from agentprop.stages.extract.packages import unpack
from agentprop.stages.extract.parts import PartMining
from agentprop.storage import write_stream
from agentprop.storage.run import Run, open_run
from agentprop.storage.stores import check_here

if TYPE_CHECKING:
    from agentprop.stages.extract.teach import Teaching


def run(config: ExtractConfig, out: str, *, fresh: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Run or resume the stage and return the summary; with `-` as output the skills go to stdout as a stream."""
    check_here(out, "a run of extract")
    if out != "-":
        return _extract(config, Path(out), fresh, quiet)
    with TemporaryDirectory(prefix="agentprop-extract-") as directory:
        summary = _extract(config, Path(directory), False, quiet)
        write_stream(sys.stdout.buffer, Skill, open_run(directory).iter(Skill))
    return summary


def _extract(config: ExtractConfig, out: Path, fresh: bool, quiet: bool) -> dict[str, Any]:
    from agentprop.stages.common.models import named_models  # imported only if something is extracted

    work_type = _work_of(config)
    config, place = part_of(config, str(out))
    out = Path(place)
    check_no_runs_inside(config.sources)
    sources = sources_of(config, config.sources, WANTED)
    inputs = {**fingerprints(sources.files), **Prompts.of(config.prompts).inputs}
    if not fresh and (part := finished(config, str(out), inputs)) is not None:
        return part.summary or {}
    opened = Run.open(
        out,
        "extract",
        config,
        fresh=fresh,
        inputs=inputs,
        models=named_models(config),
        folders=work_type.FOLDERS,
    )
    with opened as stored, Interruption("the documents under way") as stop:
        if stored.complete and stored.summary is not None:
            unpack(stored.iter(Skill), stored.path / "skills")
            return stored.summary
        return worked(work_type(config, stored, sources, stop, quiet), stored, quiet)


def worked(work: Mining | Teaching, stored: Run, quiet: bool) -> dict[str, Any]:
    """Do all that is left of the work, and return the summary."""
    try:
        with Progress(work.UNIT, None, quiet=quiet) as bar:
            work.read(bar)
        with Progress("skills", None, quiet=quiet) as bar:
            work.make_skills(bar)
        work.check(over=True)
    except TooManyFailures:
        stored.flush()
        raise
    return work.finish()


def _work_of(config: ExtractConfig) -> type[Mining] | type[Teaching]:
    """Choose the built-in teacher or a model. Raises ConfigError for an unknown name."""
    if config.teacher == "builtin" and config.partitions == 1:
        return Mining
    if config.teacher == "builtin":
        return PartMining
    if config.partitions > 1:
        raise ConfigError("extraction by a model cannot be divided", hint="raise the model's max_concurrency instead")
    from agentprop.models.registry import resolve  # imported only if a model is used
    from agentprop.stages.extract.teach import Teaching

    resolve(config.teacher)
    return Teaching
