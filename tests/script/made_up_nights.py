#!/usr/bin/env python3
"""Writes results.json of made-up sessions into the current directory, for baseline.txt: twelve `nights` that are alike, a `bad`
one, an `untrue` one, and `eight` runs in one session. Each run has one measure."""

import json
import pathlib


def run_of(number: int, off: float, verdict: str) -> dict:
    measure = {
        "name": "stacks of lto with its 3 frames", "kind": "stacks", "value": 100 - off, "unit": "%", "low": 99, "high": 100,
        "means": "stacks are cut", "of_truth": True, "time": False, "judged": True, "unavailable": "",
    }
    return {
        "id": f"chains-6.12-{number}", "case": "chains", "pattern": "6.12", "kernel": "6.12.48-amd64", "verdict": verdict,
        "expected": "pass", "reason": "fine", "stalls": [], "findings": [], "accelerator": "tcg", "settings": "feedbeef0123",
        "measures": [measure],
    }


def write(directory: str, day: int, off: float, runs: int = 1, verdict: str = "pass") -> None:
    path = pathlib.Path(directory)
    path.mkdir(parents=True)
    path.joinpath("results.json").write_text(json.dumps({
        "schema": 1, "name": "chains", "started": f"2026-11-{day:02}T12:00:00Z", "thaw": "0.1.0", "session": directory,
        "host_id": "here", "host": "a host", "planned": runs, "finished": True,
        "runs": [run_of(number, off, verdict) for number in range(runs)],
    }), encoding="utf-8")


for night in range(12):
    write(f"nights/{night:02}", night + 1, 0.05 + 0.01 * (night % 3))
write("bad", 20, 30)
write("untrue", 21, 30, verdict="fidelity")
write("eight", 15, 0.05, runs=8)
