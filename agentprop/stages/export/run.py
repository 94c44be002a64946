"""export: runs → files for other tools, with a row for each accepted problem or trajectory that was asked for.

Runs are read once, or twice if something is held out: a test is fair only if training has its skills. Everything is
written beside its place and moved there at the end, so that no reader ever sees half an export.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from agentprop import __version__
from agentprop.boundary import HINT_WITHOUT_RUN, RecordFailure, Tolerance, contained
from agentprop.config.export import ExportConfig
from agentprop.errors import InputError
from agentprop.export.card import CardFacts, Table, card
from agentprop.export.formats import FORMATS, PURPOSE, Content
from agentprop.export.rows import TrajectoryRow
from agentprop.grading.difficulty import Band
from agentprop.records import Part, Problem, Trajectory
from agentprop.stages.common.accepted import JoinedRuns, join
from agentprop.stages.common.dry_run import check_sources
from agentprop.stages.export import facts as export_facts
from agentprop.stages.export.choosing import choose
from agentprop.stages.export.files import (
    SPLITS,
    Layout,
    OutputFiles,
    beside,
    check_apart,
    check_free,
    place_directory,
    place_files,
    suffix_of,
)
from agentprop.stages.export.items import ExportItem, items
from agentprop.storage.durable import write_atomically
from agentprop.storage.stores import check_here
from agentprop.training.data.splits import Holdout, Split, pair_named, pairs_of

UNFAIR = "held out, with a skill that training lacks"
FAILED = "could not be written, for a defect of agentprop"
OVER = "over the limit"
OTHERS = {
    "labelled": "neither good nor at fault",
    "pairs": "without a partner from the same task",
    "drafts": "without a failed draft that the later one can stand for",
}
"""Content → the reason why its trajectories are left out."""
HINTS = {
    "pairs": "pairs need several trajectories of one task; --format trl-drafts pairs the drafts of one, and "
    "--format trl-unpaired takes single ones"
}
"""Content → the hint if there is nothing to export."""


@dataclass
class ExportResult:
    """Counts of an export."""

    rows: dict[Content, Counter[str]] = field(default_factory=dict)
    """Rows by table and split."""
    left_out: dict[str, int] = field(default_factory=dict)
    """What did not, by reason."""
    statistics: export_facts.RowStatistics = field(default_factory=export_facts.RowStatistics)
    """What the card tells of the first table's rows."""
    failures: list[tuple[str, RecordFailure]] = field(default_factory=list)
    """Ids of what could not be written, and why."""


def run(
    config: ExportConfig, runs: Sequence[str], out: str, *, fresh: bool = False, quiet: bool = True
) -> dict[str, Any]:
    """Run the stage and return its summary; `-` writes JSON lines to stdout."""
    check_here(out, "an export")
    suffix = suffix_of(out)
    _check(config, out, suffix)
    if out != "-":
        check_apart(Path(out), runs)
    joined = join(runs, config, band=Band.of(config.difficulty), prober=config.measured_by, quiet=quiet)
    told = choose(config, joined)
    if out == "-":
        return told | _summary(config, _write(config, joined, OutputFiles(None, lambda table, split: "-.jsonl")))
    place = Path(out)
    check_free(place, directory=suffix is None, fresh=fresh)
    layout = _layout(config, place, suffix)
    with beside(place) as made:
        written = _write(config, joined, OutputFiles(made, layout))
        if suffix is not None:
            place_files(made, place)
        else:
            _describe(config, made, place, _facts(config, joined, written, layout, place))
            place_directory(made, place, _receipt(config, joined, written))
    return told | _summary(config, written)


def check(config: ExportConfig, sources: Sequence[str], out: str, *, fresh: bool = False) -> None:
    """Check settings, sources and the place, and change nothing. Raises AgentpropError."""
    suffix = suffix_of(out)
    _check(config, out, suffix)
    check_sources(config, sources)
    if out != "-":
        check_apart(Path(out), sources)
        check_free(Path(out), directory=suffix is None, fresh=fresh)


def _tables(config: ExportConfig) -> tuple[Content, ...]:
    return ("solutions",) if config.with_solutions else FORMATS[config.format].tables


def _check(config: ExportConfig, out: str, suffix: str | None) -> None:
    if config.with_solutions and FORMATS[config.format].tables != ("demonstrations",):
        raise InputError(
            f"{config.format} rows have no place for a solution",
            hint="solutions go with --format trl-sft or openai-chat; a solver's other formats have question and answer",
        )
    if FORMATS[config.format].whole and (suffix is not None or out == "-"):
        raise InputError(f"{config.format} is written as a directory", hint="give --out the name of a directory")
    if out == "-" and _holdout(config).anything:
        raise InputError("several splits cannot be written to one pipe", hint="give --out a directory")


def _layout(config: ExportConfig, place: Path, suffix: str | None) -> Layout:
    """Choose the layout: (table, split) → path below the directory."""
    format_ = FORMATS[config.format]
    ending = suffix or format_.suffix
    if format_.package is not None:
        package = format_.package.name(place.name)
        return lambda table, split: f"{package}/{split}.{ending}"
    if len(format_.tables) > 1:
        return lambda table, split: f"{table}/{split}.{ending}"
    return lambda table, split: f"{split}.{ending}"


# --- rows ---


def _write(config: ExportConfig, joined: JoinedRuns, files: OutputFiles) -> ExportResult:
    """Write all rows of all tables. Raises InputError if there are none."""
    written, holdout = ExportResult(), _holdout(config)
    first, *further = _tables(config)
    splits = _splits(config, joined, first) if holdout.anything else None
    unfair = 0
    for item, split in _placed(config, joined, first, splits, files, written):
        unfair += split == "unseen"
        if split != "unseen":
            new = () if split in ("train", "validation") else filter(holdout.holds, pairs_of(item.skills))
            written.statistics.add(item.made_by, item.rate, new)
    rows, failed = written.rows[first].total(), len(written.failures)
    written.left_out = _left_out(config, joined, first, rows, unfair, failed)
    for content in further:
        for _ in _placed(config, joined, content, splits, files, written):
            pass
    files.close()
    _check_failures(config, written)
    if not written.rows[first]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in written.left_out.items())
        hint = HINTS.get(first, "propose more problems, run agentprop verify, and name the runs of all stages")
        raise InputError(f"there is nothing to export ({reasons or 'the runs are empty'})", hint=hint)
    return written


def _placed(
    config: ExportConfig,
    joined: JoinedRuns,
    content: Content,
    splits: Mapping[str, Split] | None,
    files: OutputFiles,
    written: ExportResult,
) -> Iterator[tuple[ExportItem, Split]]:
    """Write the rows of a table, and yield each item with its split."""
    rows = written.rows[content] = Counter()
    for item in _items(config, joined, content):
        split = "train" if splits is None else splits.get(item.id, "unseen")
        if split != "unseen":
            made = item.failure or contained(partial(item.make, split, rows[split]), _itself)
            if isinstance(made, RecordFailure):
                written.failures.append((item.id, made))
                continue
            files.write(content, split, made)
            rows[split] += 1
        yield item, split


def _itself(failure: RecordFailure) -> Part | RecordFailure:
    return failure


def _check_failures(config: ExportConfig, written: ExportResult) -> None:
    """Say what failed, and raise TooManyFailures if it is more than may; nothing is put in its place then."""
    found = Tolerance(config.max_failures, hint=HINT_WITHOUT_RUN)
    found.records = sum(rows.total() for rows in written.rows.values())
    for name, failure in written.failures:
        print(f"{name} could not be written: {failure.told}", file=sys.stderr)
        found.add(failure)
    found.check(over=True)


def _items(config: ExportConfig, joined: JoinedRuns, content: Content) -> Iterator[ExportItem]:
    found = items(content, FORMATS[config.format], joined, Band.of(config.difficulty))
    return islice(found, config.limit)


def _splits(config: ExportConfig, joined: JoinedRuns, content: Content) -> dict[str, Split]:
    """Item id → its split."""
    found = {item.id: item.skills for item in _items(config, joined, content)}
    known = {name for skills in found.values() for name in skills}
    unknown = sorted({name for pair in map(pair_named, config.held_out) for name in pair} - known)
    if unknown:
        near = get_close_matches(unknown[0], known, 1)
        hint = f"did you mean {near[0]}?" if near else "`agentprop skills list` lists them"
        raise InputError(f"no exported problem has the skill {unknown[0]}", hint=hint)
    return dict(zip(found, _holdout(config).splits(list(found.values())), strict=True))


def _holdout(config: ExportConfig) -> Holdout:
    pairs = frozenset(map(pair_named, config.held_out))
    return Holdout(pairs, config.held_out_share, config.held_out_level, config.validation_share, config.seed)


def _left_out(
    config: ExportConfig, joined: JoinedRuns, content: Content, rows: int, unfair: int, failed: int
) -> dict[str, int]:
    """in = rows + left out: of the problems, or of the trajectories where rows are made of these."""
    ours = Problem if content not in OTHERS else Trajectory
    came = sum(stored.rows.get(ours.kind, 0) for stored in joined.runs)
    known = dict(joined.left_out) if ours is Problem else {}
    rest = came - (2 if content == "pairs" else 1) * (rows + unfair + failed) - sum(known.values())
    cut = config.limit is not None and rows + unfair + failed == config.limit
    if rest < 0 or (rest and ours is Problem and not cut):
        raise AssertionError(f"{came} came in, {rows} went out, {known} were left out")
    why = OVER if cut else OTHERS.get(content, "")
    return {reason: count for reason, count in {**known, UNFAIR: unfair, FAILED: failed, why: rest}.items() if count}


# --- card and receipt ---


def _facts(config: ExportConfig, joined: JoinedRuns, written: ExportResult, layout: Layout, place: Path) -> CardFacts:
    format_ = FORMATS[config.format]
    return CardFacts(
        title=place.name,
        purpose=PURPOSE[_tables(config)[0]],
        usage=format_.usage.format(path=place, name=format_.package.name(place.name) if format_.package else ""),
        tables=[_table(config, written, layout, content) for content in _tables(config)],
        stages=export_facts.stages(joined),
        makers=export_facts.makers(joined, written.statistics),
        left_out=written.left_out,
        difficulty=written.statistics.difficulty(),
        band=config.difficulty,
        splits=export_facts.SPLITS,
        held_out=sorted(written.statistics.pairs),
        contamination=export_facts.contamination(joined),
        licence=config.license,
    )


def _table(config: ExportConfig, written: ExportResult, layout: Layout, content: Content) -> Table:
    row = TrajectoryRow if content == "trajectories" else FORMATS[config.format].row
    rows = written.rows[content]
    return Table(content, row, {split: (layout(content, split), rows[split]) for split in SPLITS if split in rows})


def _describe(config: ExportConfig, made: Path, place: Path, facts: CardFacts) -> None:
    """Write the card, and the files of the package if the format is one."""
    write_atomically(made / "README.md", card(facts).encode())
    package = FORMATS[config.format].package
    if package is not None:
        splits = facts.tables[0].files
        default = "train" if "train" in splits else next(iter(splits))
        for name, text in package.files(package.name(place.name), default).items():
            write_atomically(made / name, text.encode())


def _receipt(config: ExportConfig, joined: JoinedRuns, written: ExportResult) -> dict[str, Any]:
    return {
        "agentprop": __version__,
        **_summary(config, written),
        "held_out_pairs": sorted(written.statistics.pairs),
        "settings": config.model_dump(mode="json"),
        "runs": {stored.name: stored.fingerprint for stored in joined.runs},
    }


def _summary(config: ExportConfig, written: ExportResult) -> dict[str, Any]:
    """The numbers that the command prints."""
    tables = written.rows.items()
    rows: dict[str, Any] = {table: {s: found[s] for s in SPLITS if s in found} for table, found in tables}
    return {
        "format": config.format,
        "rows": rows if len(rows) > 1 else next(iter(rows.values())),
        "left_out": written.left_out,
        "held_out_pairs": len(written.statistics.pairs),
    }
