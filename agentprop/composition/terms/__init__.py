"""Terms: the meaning of a statement as a tree over skills ↔ JSON, and → the Python that computes it by either route.

Leaves are givens (numbers of the statement) and variables; nodes apply skills or combine their values. The composition
operators of the proposer are shapes of terms:

    chain      Apply whose argument is another Apply
    aggregate  Combine (sum, difference, product), Total over a range
    invert     Least: the smallest n such that …; Sought: the datum for which a quantity has a value
    constrain  Count: how many n in a range satisfy …
    nest       an argument of an Apply that is any of the above but an Apply

and of object kinds, by what they ask of one object: inverse-unknown, shared-object, extremum, conjunction, branch.

Example: "How many zeros stand at the end of $z!$ in base 12, where $z$ is the number of permutations of 5 objects that
leave exactly 2 of them in place?" is one skill whose argument n is another skill. Its value: there are C(5,2)·2 = 20
permutations, and 20! = 2¹⁸·3⁸·… holds 8 factors of 12 = 2²·3, so 8 zeros.

    >>> places = Apply("combinatorics-fixed-points", (("n", Given("5")), ("k", Given("2"))))
    >>> zeros = Apply("number-theory-factorial-zeros", (("n", places), ("b", Given("12"))))
    >>> skills(zeros), operators(zeros)
    (('number-theory-factorial-zeros', 'combinatorics-fixed-points'), ('chain',))
    >>> to_json(places)
    '{"apply":"combinatorics-fixed-points","to":{"n":"5","k":"2"}}'
    >>> from agentprop.skills import load
    >>> expression(zeros, load([]), "solve")
    'number_theory_factorial_zeros.solve(n=combinatorics_fixed_points.solve(n=5, k=2), b=12)'
    >>> expression(Least("m", 3, places.with_argument("n", Variable("m")), Relation("at_least", 50)), load([]), "check")
    'least(lambda m: combinatorics_fixed_points.check(n=m, k=2) >= 50, 3)'
"""

from __future__ import annotations

from agentprop.composition.terms.data import body_data, pipeline
from agentprop.composition.terms.nodes import (
    NODES,
    Apply,
    Code,
    Combine,
    Comparison,
    Count,
    Given,
    Least,
    LowestTerms,
    Operation,
    Printed,
    Program,
    Relation,
    Remainder,
    Sought,
    Term,
    Total,
    Variable,
)
from agentprop.composition.terms.normal_form import canonical
from agentprop.composition.terms.python import Route, condition, expression, imports, literal, modules
from agentprop.composition.terms.quantities import bounds_of, measured, owner_of
from agentprop.composition.terms.stored import MAX_NESTING, from_json, to_json
from agentprop.composition.terms.walking import children, is_link, operators, rebuilt, skills, supplied, walk

__all__ = [
    "MAX_NESTING",
    "NODES",
    "Apply",
    "Code",
    "Combine",
    "Comparison",
    "Count",
    "Given",
    "Least",
    "LowestTerms",
    "Operation",
    "Printed",
    "Program",
    "Relation",
    "Remainder",
    "Route",
    "Sought",
    "Term",
    "Total",
    "Variable",
    "body_data",
    "bounds_of",
    "canonical",
    "children",
    "condition",
    "expression",
    "from_json",
    "imports",
    "is_link",
    "literal",
    "measured",
    "modules",
    "operators",
    "owner_of",
    "pipeline",
    "rebuilt",
    "skills",
    "supplied",
    "to_json",
    "walk",
]
