from __future__ import annotations

from typing import Any

from resolvers.background.repeated_failures import INTERVAL_SECONDS, MOST_CAUSES, RepeatedFailures


class Lines:
    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def error(self, event: str, **values: Any) -> None:
        self.told.append({"event": event, **values})


def test_a_traceback_once_then_a_count_an_interval() -> None:
    lines, now = Lines(), 0.0
    failures = RepeatedFailures(lines, lambda: now)
    for now in range(int(INTERVAL_SECONDS) * 3):  # noqa: B007 - the clock reads it
        failures.log("sweep", _raised(int, "x"), "task failed", task="sweep")
    first, *others = lines.told
    assert isinstance(first["exc_info"], ValueError)
    assert [each["times"] for each in others] == [INTERVAL_SECONDS, INTERVAL_SECONDS]
    assert all("exc_info" not in each and each["task"] == "sweep" for each in others)


def test_another_cause_and_another_task_have_tracebacks_of_their_own() -> None:
    lines = Lines()
    failures = RepeatedFailures(lines, lambda: 0)
    for _ in range(3):
        failures.log("sweep", _raised(int, "x"), "task failed")
        failures.log("sweep", _raised({}.__getitem__, "x"), "task failed")
        failures.log("count", _raised(int, "x"), "task failed")
    assert len([each for each in lines.told if "exc_info" in each]) == len(lines.told) == 3


def test_what_is_remembered_is_bounded() -> None:
    lines = Lines()
    failures = RepeatedFailures(lines, lambda: 0)
    for number in (*range(MOST_CAUSES), 0, MOST_CAUSES, 0):
        failures.log(str(number), _raised(int, "x"), "task failed")
    # The second time it is known, and the third time forgotten.
    assert len(lines.told) == MOST_CAUSES + 2
    assert "exc_info" in lines.told[-1]


def _raised(work: Any, argument: str) -> Exception:
    try:
        work(argument)
    except Exception as error:  # noqa: BLE001 - any will do
        return error
    raise AssertionError("it should have failed")
