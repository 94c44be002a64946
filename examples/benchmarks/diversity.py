"""Diversity of a run's problems beside other collections, in one run and by one script.

    python examples/benchmarks/diversity.py RUN [FILE ...] [--sample 4000] [--json]

RUN is a run of `agentprop propose`; each FILE is a run or a file of questions and answers, such as those of GSM8K and
MATH. If reasoning-gym is installed, as many of its problems are taken too, from all its tasks alike.

Of all problems of a collection: structures (compositions without their numbers; only runs have them, and of an object
they count what is told and asked), templates
(statements without their numbers), the Chao1 estimate of how many of either there are (S + f1²/(2·f2), for f1 seen once
and f2 seen twice; Chao 1984), and the share of the most common answer. Of a sample of the same size of each: the share
of word n-grams that are distinct, with numbers masked. More text repeats more, so only samples of one size compare.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from agentprop.composition.grammar import masked
from agentprop.composition.structure import structure
from agentprop.composition.terms import from_json
from agentprop.config.parts import CorpusSettings
from agentprop.records import Problem
from agentprop.skills.library import load
from agentprop.stages.common.foreign import open_sources

GRAMS = (1, 2, 3, 4)
WORD = re.compile(r"#|\\?[A-Za-z]+|[^\sA-Za-z#]")


class Question(NamedTuple):
    """What is compared of a problem."""

    statement: str
    answer: str
    composition: str | None = None


def main() -> None:
    """Measure every collection and print a table or JSON."""
    options = arguments()
    collections = {Path(source).name: list(questions(source)) for source in (options.run, *options.files)}
    if find_spec("reasoning_gym") is not None:
        collections["reasoning-gym"] = list(reasoning_gym(options.sample))
    size = min(options.sample, *map(len, collections.values()))
    rows = {name: measured(found, size) for name, found in collections.items()}
    print(json.dumps({"sample": size, "collections": rows}) if options.json else table(rows, size))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", help="run of agentprop propose")
    parser.add_argument("files", nargs="*", help="runs or files of questions to compare with")
    parser.add_argument("--sample", type=int, default=4000, help="problems of each for n-grams (default: 4000)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


def questions(source: str) -> Iterator[Question]:
    """Problems of a run or a file."""
    for stored in open_sources([source], CorpusSettings()):
        for row in stored.iter_rows(Problem, ["statement", "answer", "certificate"]):
            yield Question(row["statement"], row["answer"], (row["certificate"] or {}).get("composition"))


def reasoning_gym(count: int) -> Iterator[Question]:
    """Problems of reasoning-gym, as many of each task; a task that cannot be made by its defaults is left out."""
    import reasoning_gym as gym
    from reasoning_gym.factory import DATASETS

    each = -(-count // len(DATASETS))
    for name in sorted(DATASETS):
        try:
            items = list(gym.create_dataset(name, size=each, seed=0))
        except Exception as problem:  # its tasks are code of many hands, and some need files or a network
            print(f"reasoning-gym {name} is left out: {problem}")
            continue
        yield from (Question(item["question"], str(item["answer"])) for item in items)


def measured(found: Sequence[Question], size: int) -> dict[str, Any]:
    """The figures of one collection; its n-grams are those of a sample of a size."""
    library = load([])
    compositions = [one.composition for one in found if one.composition is not None]
    sample = Random(0).sample(list(found), size)
    texts = [WORD.findall(masked(one.statement).lower()) for one in sample]
    answers = Counter(one.answer for one in found)
    return {
        "problems": len(found),
        "structures": kinds(structure(from_json(text), library) for text in compositions) if compositions else None,
        "templates": kinds(masked(one.statement) for one in found),
        "most_common_answer": round(answers.most_common(1)[0][1] / len(found), 4),
        "distinct": {str(n): distinct(texts, n) for n in GRAMS},
        "words": sum(map(len, texts)),
    }


def kinds(items: Iterable[str]) -> dict[str, int]:
    """How many kinds there are: seen, and estimated by Chao1.

    >>> kinds("aabbcde")  # two kinds seen twice and three once: 5 + 3²/(2·2)
    {'seen': 5, 'chao1': 7, 'largest': 2}
    """
    counts = Counter(items)
    often = Counter(counts.values())
    once, twice = often[1], often[2]
    unseen = once**2 / (2 * twice) if twice else once * (once - 1) / 2
    return {"seen": len(counts), "chao1": round(len(counts) + unseen), "largest": max(counts.values())}


def distinct(texts: Iterable[Sequence[str]], n: int) -> float:
    """Share of n-grams that are distinct."""
    grams = Counter(tuple(words[i : i + n]) for words in texts for i in range(len(words) - n + 1))
    return round(len(grams) / max(1, grams.total()), 4)


def table(rows: dict[str, dict[str, Any]], size: int) -> str:
    """The same figures for people."""
    head = "collection             problems structures    Chao1 templates    Chao1 answer" + "".join(
        f" {n}-grams" for n in GRAMS
    )
    lines = [head]
    for name, row in rows.items():
        structures = row["structures"] or {"seen": "-", "chao1": "-"}
        cells = [f"{name[:22]:<22}", f"{row['problems']:>8,}", f"{structures['seen']:>10}", f"{structures['chao1']:>8}"]
        cells += [f"{row['templates']['seen']:>9,}", f"{row['templates']['chao1']:>8,}"]
        cells += [f"{row['most_common_answer']:>6.1%}", *(f"{row['distinct'][str(n)]:>7.3f}" for n in GRAMS)]
        lines.append(" ".join(cells))
    lines.append(f"answer: share of the most common one; n-grams: share that is distinct in {size:,} problems of each")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
