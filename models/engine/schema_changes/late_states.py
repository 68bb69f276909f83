"""Tortoise's executor of migrations, with states that render their models only when asked for.

Before each operation Tortoise copies the description of every model and makes classes of the copy. That takes
a tenth of a second for a hundred tables, and few operations look at these classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps

Models = dict[tuple[str, str], ModelState]


class LateState(State):
    """The models at one step of the migrations; `empty` is a registry that has no classes yet."""

    def __init__(self, models: Models, empty: StateApps) -> None:
        self.models = models
        self._empty = empty

    @cached_property
    def apps(self) -> StateApps:  # type: ignore[override]
        return self._empty.clone(model_states=self._copied())

    def clone(self) -> LateState:
        return LateState(self._copied(), self._empty)

    def reload_model(self, app_label: str, model_name: str) -> None:
        if self._is_rendered:
            super().reload_model(app_label, model_name)

    def reload_models(self, model_tuples: Iterable[tuple[str, str]]) -> None:
        if self._is_rendered:
            super().reload_models(model_tuples)

    def validate_relations_initialized(self) -> None:
        """Check the relations of rendered models. Raises: RuntimeError for one that leads nowhere."""
        if self._is_rendered:
            super().validate_relations_initialized()

    @property
    def _is_rendered(self) -> bool:
        return "apps" in self.__dict__

    def _copied(self) -> Models:
        return {key: model.clone() for key, model in self.models.items()}


class Executor(MigrationExecutor):
    async def _project_state(
        self, applied: set[MigrationKey], *, upto: MigrationKey | None = None
    ) -> State:
        state = self._nothing()
        for key in self._full_plan():
            if key == upto:
                break
            if key in applied:
                await self._project(key, state)
        return state

    async def _project_state_cache(self, applied: set[MigrationKey]) -> dict[MigrationKey, State]:
        """Return the state before each of these migrations."""
        state, before = self._nothing(), dict[MigrationKey, State]()
        for key in self._full_plan():
            if key in applied:
                before[key] = state.clone()
                await self._project(key, state)
        return before

    async def _project(self, key: MigrationKey, state: State) -> None:
        migration = self.loader.graph.nodes[key]
        if migration is None:
            raise ValueError(f"Missing migration for {key}")
        await migration.apply(state, dry_run=True, schema_editor=None)

    def _nothing(self) -> LateState:
        connections = {
            label: config.get("default_connection", "default")
            for label, config in self.loader.apps_config.items()
        }
        return LateState({}, StateApps(default_connections=connections))
