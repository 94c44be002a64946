"""Distilabel: `python peers/with_distilabel.py BASE_URL REQUESTS CONCURRENCY` → seconds, in its own interpreter.

Its LLM class is given batches as large as the concurrency, which is how its steps call it; the pipeline's processes and
its start are left out, in its favour.
"""

from __future__ import annotations

import sys
import time

from distilabel.models import OpenAILLM  # type: ignore[import-not-found, unused-ignore]

TEXT = "Propose one problem in mathematics, category number-theory, that needs these skills."


def main(base_url: str, count: int, concurrency: int) -> float:
    """Seconds for all requests."""
    llm = OpenAILLM(model="static", base_url=base_url, api_key="none")
    llm.load()
    batch = [[{"role": "user", "content": TEXT}]] * concurrency
    llm.generate_outputs(inputs=batch)
    started = time.perf_counter()
    for start in range(0, count, concurrency):
        found = llm.generate_outputs(inputs=batch[: count - start])
        assert all(entry["generations"][0] for entry in found)
    return time.perf_counter() - started


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
