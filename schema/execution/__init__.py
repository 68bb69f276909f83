"""Compiled plans: every operation once turned into columns of fields. See docs/execution.md."""

from __future__ import annotations

from schema.execution.executor import CompiledExecutor as CompiledExecutor
