"""A data set of the Hugging Face hub, or a directory that `datasets` understands → its files in the cache.

`hf:openai/gsm8k@main:train` names the configuration `main` and the split `train`; both may be left out where there is
only one, and `#REVISION` at the end pins a commit. `datasets` downloads and caches; no code of the data set is run.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from agentprop.errors import InputError
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.layout.names import split_of

EXTRA = "pip install 'agentic-proposing[hub]'"
_ID = re.compile(r"(?P<id>[^@#]+?)(?:@(?P<config>[^:#]+))?(?::(?P<split>[\w.-]+))?(?:#(?P<revision>[\w./-]+))?")


def hub_files(text: str) -> list[SourceFile]:
    """The cached files of a data set. Raises InputError if it cannot be had, in words that say why."""
    named = _ID.fullmatch(text)
    if named is None:
        raise InputError(f"hf:{text} is not a name on the hub", hint="write hf:OWNER/NAME@CONFIGURATION:SPLIT")
    splits = _load(text, named)
    title = "/".join(filter(None, (*Path(named["id"]).parts[-2:], named["config"])))
    return [
        SourceFile(
            Path(file["filename"]), name=f"{title}/{split}" + (f"-{number}" if number else ""), split=split_of(split)
        )
        for split, data in splits.items()
        for number, file in enumerate(data.cache_files)
    ]


def _load(text: str, named: re.Match[str]) -> dict[str, Any]:
    """Split → data set."""
    try:
        import datasets
        from datasets.exceptions import DatasetsError
    except ImportError:
        raise InputError(f"hf:{text} needs the package datasets, which is not installed", hint=EXTRA) from None
    try:
        found = datasets.load_dataset(
            named["id"], name=named["config"], split=named["split"], revision=named["revision"]
        )
    except (ConnectionError, TimeoutError) as error:
        hint = "check the network and the name; without a network, give a directory with the files"
        raise InputError(f"hf:{text} cannot be reached: {_line(error)}", hint=hint) from None
    except (DatasetsError, ValueError, OSError, RuntimeError) as error:
        hint = "write hf:OWNER/NAME@CONFIGURATION:SPLIT, with a configuration and a split that it has"
        raise InputError(f"hf:{text} cannot be loaded: {_line(error)}", hint=hint) from None
    return dict(found) if named["split"] is None else {named["split"]: found}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
