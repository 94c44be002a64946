"""Equations with unknowns to their exact solutions, by elimination.

An equation is given as the function of the unknowns that is to be zero. It is called with the unknowns themselves
(`forms`); roots and absolute values of unknowns become further unknowns with equations and signs of their own. What is
found is put into the equations as they were, so that nothing that only the way there brought in survives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from agentprop.extraction.mining.question.kernel.exact import (
    IMAGINARY,
    PI,
    absolute,
    conjugate,
    div,
    is_rational,
    is_real,
    number,
    root,
    sign_of,
    sqrt,
    whole,
)
from agentprop.extraction.mining.question.kernel.forms import (
    Polynomial,
    QuotientForm,
    coefficients_in,
    constant_form,
    numbers_in,
    poly_product,
    poly_sum,
    put_in,
    settled,
    unknown,
    unknowns_of,
)
from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined, step
from agentprop.extraction.mining.question.kernel.roots import roots_of
from agentprop.extraction.mining.question.kernel.search import line_search

Residuals = Callable[..., Sequence[Any]]
MOST_BRANCHES = 300
MOST_RESULTANT = 7


class Further:
    """Unknowns that stand for roots and absolute values of unknowns, while one system is set up."""

    next = 0
    equations: ClassVar[list[Polynomial]] = []
    positive: ClassVar[list[int]] = []


def further(equation: Callable[[QuotientForm], Any], positive: bool) -> QuotientForm:
    """A new unknown for which the equation's value is zero."""
    made = unknown(Further.next)
    if positive:
        Further.positive.append(Further.next)
    Further.next += 1
    Further.equations.append(equation(made).top)
    return made


def form_root(value: Any, degree: Any) -> Any:
    """The root of a number or of a form."""
    value = settled(value)
    if not isinstance(value, QuotientForm):
        return root(value, degree)
    degree = whole(degree)
    made = QuotientForm({((Further.next, degree),): 1}, {(): 1})
    return further(lambda _: made - value, positive=degree % 2 == 0)


def form_absolute(value: Any) -> Any:
    """The absolute value of a number or of a form."""
    value = settled(value)
    if not isinstance(value, QuotientForm):
        return absolute(value)
    square = settled(value * conjugate(value))
    if not isinstance(square, QuotientForm):
        return root(square, 2)
    made = QuotientForm({((Further.next, 2),): 1}, {(): 1})
    return further(lambda _: made - square, positive=True)


def complex_parts(value: Any) -> list[Any]:
    """The real and the imaginary part of an expression in real unknowns."""
    other = conjugate(value)
    return [settled(div(value + other, 2)), settled(div(value - other, 2 * IMAGINARY))]


def plain_complex_parts(value: Any) -> list[Any]:
    """The same for numbers."""
    value = complex(value)
    return [value.real, value.imag]


Solution = dict[int, Any]


def solutions_exact(
    count: int, residuals: Residuals, real: bool | None = True, plain: Residuals | None = None
) -> list[list[Any]]:
    """Every solution as a list of numbers, or of forms in unknowns that stay free. Raises NotExact.

    Where elimination does not get through, one real unknown is looked for with floats (`plain`), and each place that is
    found must be a simple number that solves the equations exactly.
    """
    try:
        found = solutions_by_elimination(count, residuals, bool(real))
        return real_ones(found) or found if real is None else found
    except NotExact:
        if plain is None:
            raise
    return [[recognised(x, residuals)] for x in line_search(plain)]


def real_ones(found: list[list[Any]]) -> list[list[Any]]:
    """The solutions that are real."""
    return [values for values in found if all(isinstance(value, QuotientForm) or is_real(value) for value in values)]


def recognised(x: float, residuals: Residuals) -> Any:
    """The simple number near a float that solves the equations. Raises NotExact."""
    for scale in (1, PI, 180, sqrt(2), sqrt(3), sqrt(5)):
        near = Fraction(x / number(scale)).limit_denominator(720)
        candidate = near * scale
        if abs(number(candidate) - x) < 1e-6 * max(1.0, abs(x)):
            try:
                if all(settled(one) == 0 for one in residuals(settled_number(candidate))):
                    return settled_number(candidate)
            except Undefined:
                continue
    raise NotExact("a solution that is no simple number")


def settled_number(value: Any) -> Any:
    """A fraction without a denominator as an integer."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def solutions_by_elimination(count: int, residuals: Residuals, real: bool) -> list[list[Any]]:
    """Every solution that elimination gives, put into the equations as they were. Raises NotExact."""
    Further.next, Further.equations, Further.positive = count, [], []
    forms = [settled(one) for one in residuals(*map(unknown, range(count)))]
    if any(not isinstance(one, QuotientForm) and one != 0 for one in forms):
        return []
    equations = [one.top for one in forms if isinstance(one, QuotientForm)] + Further.equations
    positive = list(Further.positive)
    found: list[list[Any]] = []
    for solution in eliminated(equations, real, 0):
        if all(is_positive(solution.get(index)) for index in positive):
            values = [settled(solution.get(index, unknown(index))) for index in range(count)]
            if values not in found and satisfied(residuals, values):
                found.append(values)
    return found


def is_positive(value: Any) -> bool:
    """Whether a value may be a square root or an absolute value."""
    value = settled(value)
    if value is None or isinstance(value, QuotientForm):
        return True
    return is_real(value) and sign_of(value) >= 0 if value != 0 else True


def satisfied(residuals: Residuals, values: Sequence[Any]) -> bool:
    """Whether the equations as they were hold."""
    if any(isinstance(value, QuotientForm) for value in values):
        return True
    try:
        return all(settled(one) == 0 for one in residuals(*values))
    except Undefined:
        return False
    except NotExact:
        return near_zero(residuals, values)


def near_zero(residuals: Residuals, values: Sequence[Any]) -> bool:
    """For numbers whose roots cannot be written down."""
    raise NotExact("a solution that cannot be put in")


def eliminated(equations: list[Polynomial], real: bool, depth: int) -> list[Solution]:
    """Solutions of polynomial equations."""
    step(10)
    if depth > 12:
        raise NotExact("too many unknowns")
    equations = [one for one in equations if one]
    if any(set(one) == {()} for one in equations):
        return []
    if not equations:
        return [{}]
    single = [one for one in equations if len(unknowns_of(one)) == 1]
    if single:
        return by_roots(min(single, key=degree_of), equations, real, depth)
    linear = linear_choice(equations)
    if linear is not None:
        return by_substitution(*linear, equations, real, depth)
    return by_resultant(equations, real, depth)


def degree_of(polynomial: Polynomial) -> int:
    """The total degree."""
    return max(sum(exponent for _, exponent in key) for key in polynomial)


def by_roots(equation: Polynomial, equations: list[Polynomial], real: bool, depth: int) -> list[Solution]:
    (index,) = unknowns_of(equation)
    found = []
    for value in roots_of(numbers_in(equation, index), real):
        rest = [put_in(one, index, value).top for one in equations if one is not equation]
        found += [{index: value, **more} for more in eliminated(rest, real, depth + 1)]
    return found


def linear_choice(equations: list[Polynomial]) -> tuple[Polynomial, int] | None:
    """An equation and an unknown of degree one in it, preferably with a number before it."""
    best = None
    for equation in equations:
        for index in unknowns_of(equation):
            parts = coefficients_in(equation, index)
            if len(parts) == 2:
                plain = set(parts[1]) == {()}
                cost = (not plain, degree_of(equation), len(equation), index)
                if best is None or cost < best[0]:
                    best = (cost, equation, index)
    return None if best is None else (best[1], best[2])


def by_substitution(
    equation: Polynomial, index: int, equations: list[Polynomial], real: bool, depth: int
) -> list[Solution]:
    """index = -rest/factor in the others; where the factor may be zero, that case by itself."""
    rest, factor = coefficients_in(equation, index)
    value = constant_form(0) - QuotientForm(rest, {(): 1}).over(QuotientForm(factor, {(): 1}))
    others = [one for one in equations if one is not equation]
    found = []
    for solution in eliminated([put_in(one, index, value).top for one in others], real, depth + 1):
        below = filled(QuotientForm(factor, {(): 1}), solution)
        if below == 0:
            continue
        found.append({**solution, index: settled(filled(value, solution))})
    if set(factor) != {()}:
        found += [one for one in eliminated([rest, factor, *others], real, depth + 1) if one not in found]
    if len(found) > MOST_BRANCHES:
        raise NotExact("too many solutions")
    return found


def filled(form: Any, solution: Solution) -> Any:
    """A form with a solution's values for its unknowns."""
    form = settled(form)
    for _ in range(len(solution) + 1):
        if not isinstance(form, QuotientForm):
            return form
        known = [index for index in unknowns_of(form.top) | unknowns_of(form.bottom) if index in solution]
        if not known:
            return form
        for index in known:
            value = solution[index]
            bottom = settled(put_in(form.bottom, index, value))
            if bottom == 0:
                raise NotExact("a value at a pole")
            form = settled(div_forms(put_in(form.top, index, value), bottom))
            if not isinstance(form, QuotientForm):
                return form
    return form


def div_forms(top: QuotientForm, bottom: Any) -> Any:
    return top.over(bottom)


def by_resultant(equations: list[Polynomial], real: bool, depth: int) -> list[Solution]:
    """Two equations with one unknown removed, solved beside the rest."""
    pairs = [
        (a, b, index)
        for place, a in enumerate(equations)
        for b in equations[place + 1 :]
        for index in unknowns_of(a) & unknowns_of(b)
    ]
    if not pairs:
        raise NotExact("fewer equations than unknowns")
    a, b, index = min(pairs, key=lambda pair: size_of_resultant(*pair))
    if size_of_resultant(a, b, index) > MOST_RESULTANT:
        raise NotExact("equations of too high a degree")
    without = resultant(coefficients_in(a, index), coefficients_in(b, index))
    if not without:
        raise NotExact("equations that share a factor")
    if len(unknowns_of(without)) >= len(unknowns_of(a) | unknowns_of(b)):
        raise NotExact("nothing is eliminated")
    if without in equations:
        raise NotExact("elimination goes in circles")
    return eliminated([without, *equations], real, depth + 1)


def size_of_resultant(a: Polynomial, b: Polynomial, index: int) -> int:
    """Rows of the matrix whose determinant is taken."""
    return len(coefficients_in(a, index)) + len(coefficients_in(b, index)) - 2


def resultant(a: list[Polynomial], b: list[Polynomial]) -> Polynomial:
    """The determinant of Sylvester's matrix."""
    size = len(a) + len(b) - 2
    rows: list[list[Polynomial]] = []
    for shift in range(len(b) - 1):
        rows.append([{}] * shift + a[::-1] + [{}] * (size - shift - len(a)))
    for shift in range(len(a) - 1):
        rows.append([{}] * shift + b[::-1] + [{}] * (size - shift - len(b)))
    return expanded(rows)


def expanded(rows: list[list[Polynomial]]) -> Polynomial:
    """A determinant of polynomials by its first row."""
    if len(rows) == 1:
        return rows[0][0]
    total: Polynomial = {}
    for column, entry in enumerate(rows[0]):
        if entry:
            minor = expanded([row[:column] + row[column + 1 :] for row in rows[1:]])
            total = poly_sum(total, poly_product(entry, minor), 1 if column % 2 == 0 else -1)
    return total


def all_rational(values: Sequence[Any]) -> bool:
    """Whether all values are rational numbers."""
    return all(is_rational(value) for value in values)


def numbers_of(values: Sequence[Any]) -> list[Any]:
    """Values as floats or complex numbers."""
    return [number(value) for value in values]
