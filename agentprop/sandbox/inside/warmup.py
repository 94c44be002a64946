"""Preloaded modules → warm caches and specialised bytecode, before the zygote is frozen."""

from __future__ import annotations

import os
import sys

from .runner import Runner

SYMPY = """
from sympy import *
x, y, z = symbols("x y z")
n, a = symbols("n", integer=True, positive=True), symbols("a", positive=True)
solve(x**3 - 6*x**2 + 11*x - 6, x), solve(x**2 + x + 1, x), solve([x + y - 3, x - y - 1], [x, y]), solve(Eq(a**x, 8), x)
solveset(x**2 - 4, x, domain=S.Reals), Poly(x**2 + 2*x + 1).all_roots()
simplify(sin(x)**2 + cos(x)**2), simplify((x**2 - 1)/(x - 1)), radsimp(1/(1 + sqrt(2))), nsimplify(0.75)
expand((x + y)**4), factor(x**4 - 1), apart(1/(x**2 - 1), x)
integrate(x*exp(x), x), integrate(sin(x), (x, 0, pi)), diff(sin(x)*exp(x), x)
limit(sin(x)/x, x, 0), series(exp(x), x, 0, 4)
summation(n, (n, 1, 10)), Matrix([[1, 2], [3, 4]]).det(), Matrix([[2, 1], [1, 2]]).eigenvals()
factorint(360), divisors(60), totient(36), isprime(97), gcd(24, 36), binomial(10, 3)
Rational(3, 4) + sqrt(8), N(pi, 20), str(sqrt(2)/2), latex(x**2/3)
"""

SNIPPETS = {"sympy": SYMPY}

RUNNER_ROUNDS = 20
"""Runs that are enough for the interpreter to specialise the runner's bytecode."""


def warm(preloaded: list[str]) -> None:
    """Run the snippets of the preloaded modules, and then the runner itself."""
    for name in preloaded:
        exec(SNIPPETS.get(name, ""), {})
    _warm_runner()


def _warm_runner() -> None:
    """Run a small batch that reports to /dev/null, and restore the interpreter's state."""
    streams, main = (sys.stdin, sys.stdout, sys.stderr), sys.modules["__main__"]
    null = os.open("/dev/null", os.O_WRONLY)
    runner = Runner(null)
    sources = ["def f(n):\n    return n * n\n", "import no_such_module"]
    sources += [f"from a.b import f\nprint({round})\nvalue = f({round})\n" for round in range(RUNNER_ROUNDS)]
    jobs: list[list[object]] = [[number, {"a.b": 0}, "value"] for number in range(1, len(sources))]
    runner.run_jobs(sources, jobs)
    runner.send()
    runner.importer.serve({})
    sys.meta_path.remove(runner.importer)
    os.close(null)
    (sys.stdin, sys.stdout, sys.stderr), sys.modules["__main__"] = streams, main
