"""Statements taken from a benchmark are found, and statements that only sound alike are not."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.errors import InputError
from agentprop.grading import contamination
from agentprop.grading.contamination import COMMON, LONGEST, SHORTEST, BenchmarkIndex, Postings, run_length, tokens

CASES = tomllib.loads(Path(__file__).with_name("statements.toml").read_text(encoding="utf-8"))


def index_of(*texts: str) -> BenchmarkIndex:
    index = BenchmarkIndex()
    for number, text in enumerate(texts):
        index.add(f"bench.jsonl#{number}", text)
    index.finish()
    return index


@pytest.fixture(scope="module")
def published() -> BenchmarkIndex:
    return index_of(*CASES["published"].values())


@pytest.mark.parametrize("case", CASES["taken"], ids=lambda case: case["why"])
def test_what_is_taken_from_a_benchmark_is_found(case: dict[str, str], published: BenchmarkIndex) -> None:
    hit = published.find(case["statement"])
    assert hit is not None
    names = list(CASES["published"])
    assert (hit.kind, hit.reference) == (case["kind"], f"bench.jsonl#{names.index(case['from'])}")
    assert hit.matched


@pytest.mark.parametrize("case", CASES["new"], ids=lambda case: case["why"])
def test_what_only_sounds_like_one_is_not(case: dict[str, str], published: BenchmarkIndex) -> None:
    assert published.find(case["statement"]) is None


def test_every_statement_of_a_benchmark_is_found_as_it_stands(published: BenchmarkIndex) -> None:
    for text in CASES["published"].values():
        hit = published.find(text)
        assert hit is not None and hit.kind == "exact"


@pytest.mark.parametrize(("words", "n"), [(0, None), (7, None), (8, 8), (12, 8), (13, 9), (18, 12), (19, 13), (99, 13)])
def test_a_run_is_two_thirds_of_a_short_statement(words: int, n: int | None) -> None:
    assert run_length(words) == n


def words(seed: str, count: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices("abcdefghijklmnop", k=7)) for _ in range(count)]


@given(st.integers(SHORTEST, 60), st.data())
def test_a_shared_run_is_found_wherever_it_stands_and_a_shorter_one_is_not(count: int, data: st.DataObject) -> None:
    text, n = words("benchmark", count), run_length(count)
    assert n is not None
    start = data.draw(st.integers(0, count - n))
    before, after = words("before", data.draw(st.integers(1, 30))), words("after", data.draw(st.integers(1, 30)))
    index = index_of(" ".join(text))
    hit = index.find(" ".join([*before, *text[start : start + n], *after]))
    assert hit is not None and hit.kind == "ngram" and hit.matched == " ".join(text[start : start + n])
    assert index.find(" ".join([*before, *text[start : start + n - 1], *after])) is None


@given(st.lists(st.sampled_from("abcdef"), max_size=40), st.lists(st.sampled_from("abcdef"), max_size=40))
def test_runs_are_those_of_a_search_word_by_word(left: list[str], right: list[str]) -> None:
    """Against the plain definition, on texts with many repeated words."""
    n = run_length(len(left))
    shared = n is not None and any(
        left[i : i + n] == right[j : j + n] for i in range(len(left) - n + 1) for j in range(len(right) - n + 1)
    )
    hit = index_of(" ".join(left)).find(" ".join(right))
    assert (hit is not None) == (shared or (bool(left) and left == right))


def test_what_several_statements_share_is_a_turn_of_phrase() -> None:
    phrase = words("phrase", LONGEST + 2)
    rest = [words(str(number), 20) for number in range(COMMON)]
    statements = [" ".join([*phrase, *more]) for more in rest]
    mine = " ".join([*phrase, *words("mine", 20)])
    assert index_of(*statements[: COMMON - 1]).find(mine) is not None
    assert index_of(*statements).find(mine) is None


def test_a_statement_that_two_files_hold_is_no_turn_of_phrase() -> None:
    text = " ".join(words("one", 40))
    index = index_of(text, text.upper(), text, text)
    assert index.references == ["bench.jsonl#0"]
    assert index.find(f"First of all: {text}") is not None


def test_typography_does_not_hide_a_statement() -> None:
    assert tokens(r"Find $\dfrac{3}{4} \cdot x$, \textbf{please}.") == tokens(r"find \frac 3 4 * x please")
    assert tokens("1,000 and 1{,}000 and 12,34") == ["1000", "and", "1000", "and", "12", "34"]
    assert tokens("３ｘ ≤ ５") == tokens("3 x <= 5".replace("<=", r"\le"))
    assert tokens("求所有 x") == ["求", "所", "有", "x"]
    assert tokens("3+4") != tokens("3-4")


@given(st.text(max_size=300))
def test_any_text_can_be_looked_up(text: str) -> None:
    index = index_of("What is the sum of all of the positive whole numbers that divide this one?", text)
    hit = index.find(text)
    assert (hit is not None and hit.kind == "exact") == bool(tokens(text))


# --- memory ---


# Keys that differ in what is kept of them: the uppermost 12 bits and the lowest 40.
KEYS = st.integers(0, 2**52 - 1).map(lambda kept: kept >> 40 << 52 | kept & (1 << 40) - 1)


@given(st.lists(st.tuples(KEYS, st.integers(0, 2**24 - 1)), max_size=300), st.integers(2, 4))
def test_postings_hold_what_was_added_but_for_what_is_common(pairs: list[tuple[int, int]], common: int) -> None:
    pairs += [(key, (statement + 1) % 2**24) for key, statement in pairs[::2]]
    postings, reference = Postings(), dict[int, set[int]]()
    for key, statement in pairs:
        postings.add(key, statement)
        reference.setdefault(key, set()).add(statement)
    postings.finish(common)
    for key, statements in reference.items():
        assert postings.find(key) == (min(statements) if len(statements) < common else None)


def test_a_run_of_words_takes_about_eight_bytes() -> None:
    postings, rng = Postings(), random.Random(1)
    for number in range(200_000):
        postings.add(rng.getrandbits(64), number)
    postings.finish(COMMON)
    size = sum(bucket.itemsize * len(bucket) for bucket in postings._buckets)
    assert size == 8 * 200_000 and postings.count == 200_000
    assert sum(postings.find(rng.getrandbits(64)) is not None for _ in range(10_000)) == 0


def test_an_index_that_would_grow_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contamination, "MAX_RUNS", 50)
    with pytest.raises(InputError, match="too large"):
        index_of(*(" ".join(words(str(number), 40)) for number in range(3)))
