"""Mutants that no test can kill, because the program does the same with them, and why."""

from __future__ import annotations

EQUIVALENTS: dict[tuple[str, str, str, str], str] = {}
