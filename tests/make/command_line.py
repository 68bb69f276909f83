"""The command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*arguments: str, database_url: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "cli.py", *arguments, f"--database-url={database_url}"],
        cwd=ROOT,
        env={**os.environ, "QUINTET_LOG_LEVEL": "error", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
