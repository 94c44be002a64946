"""Bespoke Curator: `python peers/with_curator.py BASE_URL REQUESTS CONCURRENCY` → seconds, in its own interpreter.

Its caps on rates are set out of reach and its telemetry, viewer and cache are off. A short call comes first and is not
counted.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

os.environ.update(
    TELEMETRY_ENABLED="false",
    CURATOR_DISABLE_CACHE="true",
    CURATOR_DISABLE_RICH_DISPLAY="true",
    OPENAI_API_KEY="none",
    HF_DATASETS_OFFLINE="1",
)
os.environ["CURATOR_CACHE_DIR"] = tempfile.mkdtemp(prefix="curator-")
if litellm := find_spec("litellm"):  # it brings along the vocabulary that would otherwise be downloaded
    place = Path(str(litellm.origin)).parent / "litellm_core_utils" / "tokenizers"
    os.environ["TIKTOKEN_CACHE_DIR"] = os.environ["CUSTOM_TIKTOKEN_CACHE_DIR"] = str(place)

from bespokelabs import curator  # type: ignore[import-not-found, unused-ignore]

TEXT = "Propose one problem in mathematics, category number-theory, that needs these skills."


def main(base_url: str, count: int, concurrency: int) -> float:
    """Seconds for all requests."""
    unlimited = {"max_requests_per_minute": 10**8, "max_tokens_per_minute": 10**11}
    llm = curator.LLM(
        model_name="static",
        backend="openai",
        backend_params={"base_url": base_url, "max_concurrent_requests": concurrency, **unlimited},
    )
    llm([f"{TEXT} warm {number}" for number in range(concurrency)])
    started = time.perf_counter()
    found = llm([f"{TEXT} {number}" for number in range(count)])
    seconds = time.perf_counter() - started
    assert len(getattr(found, "dataset", found)) == count
    return seconds


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
