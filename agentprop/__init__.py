"""agentprop: corpora to skills, skills to hard, verified reasoning problems, and the model that proposes them."""

__version__ = "0.1.0"
