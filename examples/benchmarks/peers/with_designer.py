"""NeMo Data Designer: `python peers/with_designer.py BASE_URL REQUESTS CONCURRENCY` → seconds, in its own interpreter.

One text column, one record a request; telemetry and the model's health check are off. A short run comes first and is
not counted.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

os.environ.update(NEMO_TELEMETRY_ENABLED="false", DATA_DESIGNER_HOME=tempfile.mkdtemp(prefix="designer-"))

import data_designer.config as dd  # type: ignore[import-not-found, unused-ignore]
from data_designer.interface import DataDesigner  # type: ignore[import-not-found, unused-ignore]

TEXT = "Propose one problem in mathematics, category number-theory, that needs these skills."


def main(base_url: str, count: int, concurrency: int) -> float:
    """Seconds for all requests."""
    place = dd.ModelProvider(name="here", endpoint=base_url, provider_type="openai", api_key="none")
    parameters = dd.ChatCompletionInferenceParams(max_parallel_requests=concurrency)
    model = dd.ModelConfig(
        alias="m", model="static", provider="here", inference_parameters=parameters, skip_health_check=True
    )
    designer = DataDesigner(artifact_path=tempfile.mkdtemp(prefix="designer-"), model_providers=[place])
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    builder.add_column(dd.SamplerColumnConfig(name="id", sampler_type="uuid", params=dd.UUIDSamplerParams()))
    builder.add_column(dd.LLMTextColumnConfig(name="text", model_alias="m", prompt=f"{TEXT} {{{{ id }}}}"))
    designer.create(builder, num_records=concurrency)
    started = time.perf_counter()
    found = designer.create(builder, num_records=count)
    seconds = time.perf_counter() - started
    assert len(found.load_dataset()) == count
    return seconds


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
