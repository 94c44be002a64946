"""A model's settings → which of them run code of somebody's choice, and what a local server is started with.

A server is started with an environment of its own: what programs need to find their libraries, devices and caches, what
the settings add, and a key that nobody else knows. No key of another service, and nothing of `.env`, reaches it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from itertools import pairwise

from agentprop.config.trust import HINT, is_trusted
from agentprop.errors import ConfigError
from agentprop.models.settings import ModelSettings

KEY_VARIABLE = "VLLM_API_KEY"
"""Where a server of ours finds the key that it must ask for."""
PASSED_ON = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH",
    "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy",
    "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HUGGING_FACE_HUB_TOKEN", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF", "TOKENIZERS_PARALLELISM",
})  # fmt: skip
"""Variables of our own environment that a server gets, by name."""
PASSED_ON_PREFIXES = (
    "LC_", "XDG_", "CUDA_", "NVIDIA_", "NCCL_", "ROCR_", "ROCM_", "HIP_", "HSA_", "GPU_", "TPU_", "XLA_", "HF_",
    "VLLM_", "TORCH", "TRITON_", "OMP_", "MKL_", "OPENBLAS_", "GLOO_", "KMP_", "UCX_", "FLASHINFER_", "LMCACHE_",
)  # fmt: skip
"""The same, by how their names begin."""
HARMLESS_VARIABLES = frozenset({"CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "OMP_NUM_THREADS", "HF_HUB_OFFLINE"})
"""Variables that a directory's settings may give a server."""
HARMLESS_ARGUMENTS = frozenset({
    "--tensor-parallel-size", "-tp", "--pipeline-parallel-size", "-pp", "--data-parallel-size", "-dp",
    "--max-model-len", "--max-num-seqs", "--max-num-batched-tokens", "--gpu-memory-utilization", "--dtype",
    "--quantization", "-q",
    "--kv-cache-dtype", "--block-size", "--seed", "--enforce-eager", "--enable-prefix-caching",
    "--no-enable-prefix-caching", "--enable-chunked-prefill", "--enable-auto-tool-choice", "--tool-call-parser",
    "--reasoning-parser", "--enable-expert-parallel", "--generation-config", "--cpu-offload-gb", "--swap-space",
    "--disable-log-requests", "--uvicorn-log-level", "--distributed-executor-backend",
})  # fmt: skip
"""Options of vLLM that choose among what it has, and load nothing."""


def check_trust(name: str, settings: ModelSettings, origin: str) -> None:
    """Raise ConfigError if the settings of a file would run code of its author's, and nobody vouched for it."""
    found = [*_programs(settings)]
    if found and not is_trusted():
        raise ConfigError(f"[models.{name}] of {origin} would run code: it sets {', '.join(found)}", hint=HINT)


def _programs(settings: ModelSettings) -> list[str]:
    """Name the settings that choose a program, or what it loads."""
    options = [argument.partition("=")[0] for argument in settings.serve_args if argument.startswith("-")]
    found = ["serve_command"] if settings.serve_command else []
    found += [f"serve_args {option}" for option in options if option not in HARMLESS_ARGUMENTS]
    return found + [f"serve_env {variable}" for variable in settings.serve_env if variable not in HARMLESS_VARIABLES]


def key_for(settings: ModelSettings) -> str:
    """Return the key that a server is to ask for: a new one, unless its arguments bring one along."""
    arguments = [part for argument in settings.serve_args for part in argument.split("=", 1)]
    given = [value for name, value in pairwise(arguments) if name == "--api-key"]
    return given[-1] if given else secrets.token_urlsafe(32)


def environment_of(settings: ModelSettings, key: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment that a server is started with; the settings' own variables win over ours."""
    ours = os.environ if environ is None else environ
    kept = {n: v for n, v in ours.items() if n in PASSED_ON or n.startswith(PASSED_ON_PREFIXES)}
    return {**kept, "PYTHONSAFEPATH": "1", **settings.serve_env, KEY_VARIABLE: key}
