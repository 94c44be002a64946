"""Whatever JSON a file holds under the names that corpora use, it is read or refused, and never breaks the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentprop.errors import AgentpropError
from agentprop.extraction.corpus import Document, UnreadableRecord, find_files, read_documents
from agentprop.extraction.corpus.explain import shown
from agentprop.extraction.corpus.texts import read_texts

WORDS = """
question problem prompt messages conversations input output instruction context Body options choices A B C option1
option2 answer answers label labels text value role content from solution code test_list input_output tests inputs
outputs fn_name entry_point unit equation id data train test rows row columns index image final_answer qas
distractor1 correct_answer
is_multiple_answer arguments expected
"""
SPECIAL = """
What is 2 + 3?|5|B|(B)|user|assistant|system|#### 5|\\boxed{5}|\\boxed|[1, 2]|["a", "b"]|{"A": "x"}
|{'inputs': [1], 'outputs': [2]}|def f(x):\n    return x|assert f(1) == 1|\ud800|(A) 1 (B) 2 (C) 3
|### Human: a### Assistant: b|x = 2|1e400|nan|a.png|____|\x00
"""
NAMES = st.sampled_from(WORDS.split())
TEXTS = st.sampled_from(SPECIAL.split("|"))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.text(max_size=8)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=12
)
ROWS = st.lists(st.dictionaries(NAMES, VALUES, max_size=7), min_size=1, max_size=4)


def read(path: Path) -> None:
    files = find_files([str(path)])
    try:
        made = list(read_documents(files))
        assert all(isinstance(one, Document | UnreadableRecord) for one in made)
        assert all(one.question.strip() and shown(one) for one in made if isinstance(one, Document))
        assert len({one.id for one in made}) == len(made)
        list(read_texts(files))
    except AgentpropError as error:
        assert error.hint and "\n" not in error.message


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(rows=ROWS, whole=VALUES)
def test_any_values_are_read_or_refused(tmp_path: Path, suffix: str, rows: list[Any], whole: Any) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) if suffix == ".jsonl" else json.dumps(whole))
    read(path)
    if suffix == ".json":
        path.write_text(json.dumps(rows))
        read(path)
