"""Sums and products of numbers, some of which depend on the variables of a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Variables = Mapping[str, Any]
# A number, or what computes it from the variables as they were sent.
Term = float | Callable[[Variables], float]


def value_of(term: Term, variables: Variables) -> float:
    return term if isinstance(term, int | float) else term(variables)


def sum_of(terms: Iterable[Term]) -> Term:
    constant: float = 0
    varying: list[Callable[[Variables], float]] = []
    for term in terms:
        if isinstance(term, int | float):
            constant += term
        else:
            varying.append(term)
    if not varying:
        return constant
    if len(varying) == 1:
        (only,) = varying
        return (lambda variables: constant + only(variables)) if constant else only
    return lambda variables: constant + sum([term(variables) for term in varying])


def product_of(factor: Term, term: Term) -> Term:
    if not isinstance(term, int | float):
        varying = term
        if isinstance(factor, int | float):
            constant = factor
            return lambda variables: constant * varying(variables)
        times = factor
        return lambda variables: times(variables) * varying(variables)
    if isinstance(factor, int | float):
        return factor * term
    each, count = term, factor
    return lambda variables: count(variables) * each


def largest_of(terms: Iterable[Term]) -> Term:
    """The largest of several terms that are no less than 0; 0 of none."""
    constant: float = 0
    varying: list[Callable[[Variables], float]] = []
    for term in terms:
        if isinstance(term, int | float):
            constant = max(constant, term)
        else:
            varying.append(term)
    if not varying:
        return constant
    return lambda variables: max(constant, *[term(variables) for term in varying])


def where(condition: Callable[[Variables], bool], term: Term) -> Term:
    """The term while the condition holds, else 0."""
    if isinstance(term, int | float):
        return lambda variables: term if condition(variables) else 0
    return lambda variables: term(variables) if condition(variables) else 0
