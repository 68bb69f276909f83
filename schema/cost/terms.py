"""Sums and products of numbers, some of which depend on the variables of a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Variables = Mapping[str, Any]
# A number, or what computes it from the variables as they were sent.
Term = float | Callable[[Variables], float]


def value_of(term: Term, variables: Variables) -> float:
    return term(variables) if callable(term) else term


class Sum:
    """A sum that is known to be one, so that a sum of sums is computed as one."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: float, terms: list[Callable[[Variables], float]]) -> None:
        self.constant = constant
        self.terms = terms

    def __call__(self, variables: Variables) -> float:
        total = self.constant
        for term in self.terms:
            total += term(variables)
        return total


def sum_of(terms: Iterable[Term]) -> Term:
    constant: float = 0
    varying: list[Callable[[Variables], float]] = []
    for term in terms:
        if isinstance(term, int | float):
            constant += term
        elif isinstance(term, Sum):
            constant += term.constant
            varying += term.terms
        else:
            varying.append(term)
    return Sum(constant, varying) if varying else constant


def product_of(factor: Term, term: Term) -> Term:
    if not isinstance(term, int | float):
        varying = term
        if isinstance(factor, int | float):
            if factor == 1:
                return term
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


def bounded(term: Term, least: float, most: float) -> Term:
    if isinstance(term, int | float):
        return min(max(term, least), most)
    return lambda variables: min(max(term(variables), least), most)


def where(condition: Callable[[Variables], bool], term: Term) -> Term:
    """The term while the condition holds, else 0."""
    if isinstance(term, int | float):
        return lambda variables: term if condition(variables) else 0
    return lambda variables: term(variables) if condition(variables) else 0
