"""The export formats by name: trajectories for proposers, questions for solvers, full records for people."""

from agentprop.export.formats.base import PURPOSE, Content, Format
from agentprop.plugins import Registry

FORMATS: Registry[Format] = Registry(
    "agentprop.export_formats",
    "export format",
    {
        name: f"agentprop.export.formats.{name.replace('-', '_')}:FORMAT"
        for name in (
            "trl-sft",
            "trl-grpo",
            "trl-preference",
            "trl-drafts",
            "trl-unpaired",
            "verl",
            "openai-chat",
            "verifiers",
            "jsonl",
            "dataset",
        )
    },
)

__all__ = ["FORMATS", "PURPOSE", "Content", "Format"]
