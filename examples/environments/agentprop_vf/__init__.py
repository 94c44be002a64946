"""The taskset of agentprop under a top-level name, by which verifiers and prime-rl find it."""

from agentprop.environments.verifiers import Problems

__all__ = ["Problems"]
