"""What can be said of a problem that somebody else wrote, without a language model.

Each route looks at the claim that the answer is right, and finds for it, against it, or nothing. A route finds against
it only if it took the whole question; what no route can read is undetermined.
"""

from agentprop.grading.claims.claim import Claim, RouteFinding

__all__ = ["Claim", "RouteFinding"]
