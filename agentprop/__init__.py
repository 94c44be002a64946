"""agentprop: corpora to skills, skills to hard, verified reasoning problems, and the model that proposes them."""

__version__ = "0.1.0"

DISTRIBUTION = "agentic-proposing"
"""Name to install it by. The command and the import are `agentprop`, a name that PyPI gave to an unrelated project."""
