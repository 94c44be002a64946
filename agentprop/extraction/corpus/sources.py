"""Files, globs, directories, archives and hub ids → the files that documents are read from, and what was left out.

In a directory, files about the corpus (README, dataset_info.json, …), files that nobody reads and links that lead out
of it are left out, and counted. Of the splits of one data set only the wanted ones are read: a path says `train` or
`test` by a folder or a part of its name. A file called `x_sol` beside `x` may hold the solutions of `x`.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from agentprop.errors import InputError
from agentprop.extraction.corpus.carriers import carrier_of, suffixes
from agentprop.extraction.corpus.files import COMPRESSIONS, SourceFile, without_compression
from agentprop.extraction.corpus.layout.names import split_of
from agentprop.extraction.corpus.streams import archived

Wanted = Literal["train", "test", "all"]
"""Which split of a data set is read if nobody names one: train, or all if there is none; test, else validation, or all
if there is neither; or every one."""

ABOUT = re.compile(
    r"(?:read\.?me|licen[cs]e|copying|notice|citation|changelog|contributing|authors|code_of_conduct|security|manifest)"
    r"(?:[._-].*)?|dataset_infos?\.json|dataset_dict\.json|state\.json|metadata\.json|croissant\.json|checksums?(?:\..*)?"
    r"|requirements.*\.txt|package\.json|.*\.(?:lock|md5|sha1|sha256|crc|incomplete|metadata)|cache-[0-9a-f]+.*\.arrow"
    r"|(?:.*[._-])?(?:config|settings|pyproject|agentprop|mkdocs|(?:docker-)?compose|environment|env|h?params|metadata|setup)"
    r"(?:[._-].*)?\.(?:ya?ml|toml)",
    re.IGNORECASE,
)
"""Names of files that are about a corpus."""
NO_DATA = frozenset({"__pycache__", "__MACOSX", "node_modules", "blobs", "refs"})
"""Folders whose files are no documents."""
MOST_FILES = 1_000_000
HUB = "hf:"
_TOKEN = re.compile(r"[A-Za-z]+")
_SHARD = re.compile(r"-\d{5}-of-\d{5}.*|-[0-9a-f]{16,}|\d+$")
_SIDE = re.compile(r"[-_. ]?(?:sols?|solutions?|answers?|key|labels?|gold)$", re.IGNORECASE)
_MAIN = {"solutions": "problems", "answers": "questions", "answer": "question", "solution": "problem"}


@dataclass(frozen=True)
class Sources:
    """What is read, and what is not."""

    files: tuple[SourceFile, ...]
    """In order, each once."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Reason → files."""


def find_files(sources: Sequence[str]) -> list[SourceFile]:
    """All files that the sources name, whatever their split. Raises InputError for a source that names none."""
    return list(find_sources(sources).files)


def find_sources(
    sources: Sequence[str],
    *,
    splits: Sequence[str] = (),
    wanted: Wanted = "all",
    encoding: str | None = None,
) -> Sources:
    """The files that the sources name. Raises InputError for a source that names none."""
    left_out: Counter[str] = Counter()
    found: dict[tuple[Path, str], SourceFile] = {}
    for source in sources:
        for file in _expand(source, splits, wanted, left_out):
            found.setdefault((file.path, file.member), replace(file, encoding=encoding))
    return Sources(tuple(_with_sides(_named(list(found.values())))), dict(left_out))


def _expand(source: str, splits: Sequence[str], wanted: Wanted, left_out: Counter[str]) -> list[SourceFile]:
    if source.startswith(HUB):
        from agentprop.extraction.corpus.hub import hub_files  # `datasets` is for those who ask for it

        return _of_splits(hub_files(source.removeprefix(HUB)), splits, wanted, left_out)
    path = Path(source)
    if path.is_dir():
        files = _of_splits(list(_below(path, left_out)), splits, wanted, left_out)
        if not files:
            why = _listed(left_out)
            raise InputError(f"{source} holds no document file" + (f" ({why})" if why else ""), hint=_readable())
        return files
    if path.exists():
        return _one(path, splits, wanted, left_out)
    matches = sorted(Path(match) for match in glob.glob(source, recursive=True)) if glob.has_magic(source) else []
    files = [
        file
        for match in matches
        if match.is_file() and _is_read(match.name)
        for file in _one(match, splits, wanted, left_out)
    ]
    if not files:
        hint = "check the path; quote a pattern so that ** reaches agentprop"
        raise InputError(f"there is no file {source}", hint=hint)
    return files


def _one(path: Path, splits: Sequence[str], wanted: Wanted, left_out: Counter[str]) -> list[SourceFile]:
    """A file that was named: read whatever it is called, if its kind is known."""
    if not _is_read(path.name):
        hint = "unpack it first" if re.search(r"\.(?:tar|tgz|7z|rar)\b", path.name) else _readable()
        raise InputError(f"{path} is not a kind of file that documents are read from", hint=hint)
    if path.name.lower().endswith(".zip"):
        return _of_splits(_members(path, left_out), splits, wanted, left_out)
    return [SourceFile(path)]


def _is_archive(path: Path) -> bool:
    """Whether a file of a directory is a zip archive; one that is damaged is a file that cannot be read."""
    return path.name.lower().endswith(".zip") and zipfile.is_zipfile(path)


def _is_read(name: str) -> bool:
    return not name.startswith(".") and (carrier_of(name) is not None or name.lower().endswith(".zip"))


def _readable() -> str:
    return f"these are read: {' '.join(suffixes())}, also within .zip, or with {' '.join(COMPRESSIONS)} after them"


def _listed(left_out: Mapping[str, int]) -> str:
    return ", ".join(f"{reason}: {number}" for reason, number in left_out.items())


# --- directories and archives ---


def _below(root: Path, left_out: Counter[str]) -> Iterator[SourceFile]:
    """The files of a directory, recursively and sorted; of the snapshots in the cache of the hub only the newest."""
    inside = _hub_root(root) or root.resolve()
    for number, path in enumerate(_walk(root, inside, left_out)):
        if number > MOST_FILES:
            raise InputError(f"{root} holds more than {MOST_FILES:,} files", hint="name the part that holds documents")
        relative = path.relative_to(root).as_posix()
        if _counts(relative, left_out):
            yield from _members(path, left_out) if _is_archive(path) else [SourceFile(path, split=_split(relative))]


def _walk(directory: Path, inside: Path, left_out: Counter[str]) -> Iterator[Path]:
    """Files below a directory; links are followed only to what lies inside it anyway, and never to directories."""
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as error:
        left_out[f"{directory}, which cannot be read ({error.strerror})"] += 1
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_symlink() and (path.is_dir() or not path.resolve().is_relative_to(inside)):
            left_out["link that leads out of the directory" if not path.is_dir() else "link to a directory"] += 1
        elif entry.is_dir():
            if path.parent.name == "snapshots" and not _is_newest(path):
                left_out["older snapshot"] += 1
            elif entry.name not in NO_DATA and not entry.name.startswith("."):
                yield from _walk(path, inside, left_out)
        elif entry.is_file():
            yield path


def _hub_root(root: Path) -> Path | None:
    """The directory of a data set in the cache of the hub: its snapshots are links to the blobs beside them."""
    places = (root, *root.resolve().parents)
    return next(
        (place.resolve() for place in places if (place / "blobs").is_dir() and (place / "snapshots").is_dir()), None
    )


def _is_newest(snapshot: Path) -> bool:
    """Whether a snapshot is the one that the cache's `refs/main` names; all are new where there is no such file."""
    main = snapshot.parents[1] / "refs" / "main"
    return not main.is_file() or main.read_text(encoding="utf-8", errors="replace").strip() == snapshot.name


def _members(path: Path, left_out: Counter[str]) -> list[SourceFile]:
    """The members of a zip archive, as if it were a directory. Raises InputError if it is damaged."""
    with archived(path) as archive:
        names = sorted(entry.filename for entry in archive.infolist() if not entry.is_dir())
    if len(names) > MOST_FILES:
        raise InputError(f"{path} holds more than {MOST_FILES:,} files", hint="unpack what is to be read")
    return [
        SourceFile(path, name, split=_split(name))
        for name in names
        if NO_DATA.isdisjoint(PurePosixPath(name).parts) and _counts(name, left_out, nested=False)
    ]


def _counts(relative: str, left_out: Counter[str], *, nested: bool = True) -> bool:
    """Whether a file of a directory holds documents; if not, it is counted."""
    name = PurePosixPath(relative).name
    if name.startswith("."):
        left_out["hidden"] += 1
    elif ABOUT.fullmatch(name):
        left_out["about the corpus"] += 1
    elif not _is_read(name) or (name.lower().endswith(".zip") and not nested):
        left_out[f"kind {_suffix(name)}"] += 1
    else:
        return True
    return False


def _suffix(name: str) -> str:
    return "".join(PurePosixPath(without_compression(name)).suffixes[-1:]).lower() or "without suffix"


# --- splits ---


def _split(relative: str) -> str:
    """train, test or validation, if a folder or a word of the name says so."""
    *folders, name = PurePosixPath(relative).parts
    tokens = [*(token for token in _TOKEN.findall(name.partition(".")[0])), *reversed(folders)]
    return next((split for token in tokens if (split := split_of(token))), "")


def _of_splits(
    files: list[SourceFile], splits: Sequence[str], wanted: Wanted, left_out: Counter[str]
) -> list[SourceFile]:
    """The files of the wanted splits; files that are of no split are read anyway."""
    chosen = {split_of(name) or name for name in splits}
    siblings: dict[tuple[Path, str], set[str]] = {}
    for file in files:
        siblings.setdefault(_data_set(file), set()).add(file.split)
    kept = []
    for file in files:
        others = siblings[_data_set(file)]
        if not file.split or _is_chosen(file.split, others, chosen, wanted):
            kept.append(file)
        else:
            left_out[f"split {file.split}"] += 1
    return kept


def _is_chosen(split: str, others: set[str], chosen: set[str], wanted: Wanted) -> bool:
    if chosen:
        return split in chosen
    if wanted == "train":
        return split == "train" or "train" not in others
    examined = next((name for name in ("test", "validation") if name in others), split)
    return wanted == "all" or split == examined


def is_chosen(name: str, names: Iterable[str], splits: Sequence[str], wanted: Wanted) -> bool:
    """The same for the splits that one file holds; parts that are no split are read anyway."""
    chosen = {split_of(one) or one for one in splits}
    known = {split_of(one) or one for one in names}
    if chosen and not chosen & known:
        return not split_of(name)
    split = split_of(name)
    return (name in chosen or split in chosen) if chosen else not split or _is_chosen(split, known, set(), wanted)


def _data_set(file: SourceFile) -> tuple[Path, str]:
    """What the splits of one data set have in common: the path without words for splits and numbers of shards."""
    text = file.member or file.path.as_posix()
    parts = [_SHARD.sub("", part.partition(".")[0]) for part in PurePosixPath(text).parts]
    bare = ["".join("" if split_of(word) else word for word in re.split(r"([A-Za-z]+)", part)) for part in parts]
    return (file.path if file.member else Path(), "/".join(bare))


# --- names and sides ---


def _named(files: list[SourceFile]) -> list[SourceFile]:
    """Files with short names of their own: where two share one, as many parents as tell them apart."""
    parts = [(*file.path.absolute().parts, *PurePosixPath(file.member).parts) for file in files]
    depths = [1 + len(PurePosixPath(file.member).parts) for file in files]  # the archive and the way inside it
    given = [file.name for file in files]
    depth = 0
    while True:
        names = [name or "/".join(p[-d - depth :]).lstrip("/") for name, p, d in zip(given, parts, depths, strict=True)]
        if len(set(names)) == len(files) or depth > max(map(len, parts)):
            return [replace(file, name=name) for file, name in zip(files, names, strict=True)]
        depth += 1


def _with_sides(files: list[SourceFile]) -> list[SourceFile]:
    """Files that know of a file beside them that may hold their solutions."""
    places = {(file.path.parent, without_compression(file.path.name)): file for file in files if not file.member}
    sides: dict[Path, Path] = {}
    for (parent, name), file in places.items():
        stem, dot, suffix = name.partition(".")
        mains = [_SIDE.sub("", stem)] if _SIDE.search(stem) else []
        mains += [_MAIN[stem.lower()]] if stem.lower() in _MAIN else []
        main = next(
            (places[(parent, f"{one}{dot}{suffix}")] for one in mains if (parent, f"{one}{dot}{suffix}") in places),
            None,
        )
        if main is not None and main is not file:
            sides[main.path] = file.path
    return [replace(file, side=sides.get(file.path)) if not file.member else file for file in files]


def as_files(files: Sequence[SourceFile | Path]) -> tuple[SourceFile, ...]:
    """Files with names of their own, whether they were found or are just paths."""
    return tuple(_named([file if isinstance(file, SourceFile) else SourceFile(file) for file in files]))


def fingerprints(files: Sequence[SourceFile | Path]) -> dict[str, str]:
    """SHA-256 of each file by the name its documents carry: what a run that reads them depends on.

    A member of an archive has the hash of the archive.
    """
    found: dict[str, str] = {}
    hashes: dict[Path, str] = {}
    for file in as_files(files):
        if file.path not in hashes:
            hashes[file.path] = _hash(file)
        found[file.name] = hashes[file.path]
    return found


def _hash(file: SourceFile) -> str:
    try:
        with file.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return "unreadable"  # reading it says why, and goes on with the others
