"""CPU time and memory of processes. Source: proc_pid_stat(5), proc_pid_status(5)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_USER_TIME, _SYSTEM_TIME = 11, 12  # offsets from the state, which follows the name


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return user and system time of these processes together; one that has ended counts 0."""
    return sum(_ticks(pid) for pid in pids) / _TICKS_PER_SECOND


def resident_megabytes(pids: Iterable[int]) -> float:
    return sum(_resident_kilobytes(pid) for pid in pids) / 1024


def tree(pid: int) -> list[int]:
    """Return the process and all its descendants."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [pid, *(below for child in children for below in tree(child))]


def _ticks(pid: int) -> int:
    try:
        # The name is in brackets and may contain anything, also spaces and brackets.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return int(fields[_USER_TIME]) + int(fields[_SYSTEM_TIME])


def _resident_kilobytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
