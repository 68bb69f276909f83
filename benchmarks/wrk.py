"""Driving a row by wrk, a client in C with very little overhead. Source: github.com/wg/wrk."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import HOST, WrongAnswer

# A response is wrong if it is not 200 or has errors; its data has been checked before.
SCRIPT = """
local requests = { %s }
local number = 0
wrong = 0 -- global, for thread:get
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() wrong = 0 end
function request()
  number = number %% #requests + 1
  return requests[number]
end
function response(status, headers, body)
  if status ~= 200 or string.find(body, '"errors":', 1, true) then wrong = wrong + 1 end
end
function done(summary, latency)
  local broken = 0
  for _, kind in ipairs({ "connect", "read", "write", "status", "timeout" }) do
    broken = broken + summary.errors[kind]
  end
  for _, thread in ipairs(threads) do broken = broken + thread:get("wrong") end
  io.write(string.format(
    '{"times": %%d, "seconds": %%f, "p50": %%f, "p95": %%f, "broken": %%d}\\n', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1e6, latency:percentile(95) / 1e6, broken))
end
"""


@dataclass(frozen=True)
class Driven:
    """The number of requests of a row, the duration, and the latencies in seconds."""

    times: int
    seconds: float
    p50: float
    p95: float


def is_installed() -> bool:
    return shutil.which("wrk") is not None


async def drive(requests: Sequence[bytes], port: int, connections: int, seconds: float) -> Driven:
    """Send the requests repeatedly, in order. Raises: WrongAnswer when any response was an error."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "row.lua"
        script.write_text(SCRIPT % ", ".join(_lua(each) for each in requests), encoding="ascii")
        # wrk accepts whole seconds only.
        options = ("-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "60s")
        process = await asyncio.create_subprocess_exec(
            "wrk",
            *options,
            "-s",
            str(script),
            f"http://{HOST}:{port}/",
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    line = output.decode().strip().rpartition("\n")[2]
    if process.returncode or not line.startswith("{"):
        raise WrongAnswer(f"wrk failed: {output.decode()}")
    answer = json.loads(line)
    if answer.pop("broken"):
        raise WrongAnswer(f"wrk met errors: {output.decode()}")
    return Driven(**answer)


def _lua(request: bytes) -> str:
    return '"' + "".join(f"\\{byte:03}" for byte in request) + '"'
