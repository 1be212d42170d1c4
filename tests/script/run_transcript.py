#!/usr/bin/env python3
"""Runs CLI transcripts: a command, what it must print, and how it must end.

  run_transcript.py --bin DIRECTORY TRANSCRIPT.txt…

A transcript is text that reads like a terminal. Lines are:

  $ COMMAND              run by bash in a fresh empty directory, with DIRECTORY, DIRECTORY/workloads and
                         DIRECTORY/../tests first in PATH
  out: TEXT              a line of stdout contains TEXT; lines must come in this order
  err: TEXT              the same of stderr
  out~ REGEX, err~ REGEX a line matches
  out! TEXT, err! TEXT   no line contains TEXT
  out= N, err= N         exactly N lines
  exit: CODE             the exit code; 0 when not written
  needs: PROGRAM         before the first command: skip the file when the program is not there
  # …                    a comment

A command also finds this runner, as $RUNNER. Commands of one file share the directory, in order. A mismatch prints the whole output and the line of the transcript.
Exit 0: as written; 1: not; 77: skipped.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
TIMEOUT_S = 60  # a transcript that takes longer hangs
LINE = re.compile(r"^(out|err|exit)([:~!=]) ?(.*)$")


class Step:
    def __init__(self, number: int, command: str):
        self.number, self.command = number, command
        self.expectations = []  # (line number, stream, operator, text)


def parse(path: pathlib.Path) -> tuple[list[Step], list[str]]:
    steps, needs = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.match(line)
        if line.startswith("$ "):
            steps.append(Step(number, line[2:]))
        elif line.startswith("needs: ") and not steps:
            needs.append(line[7:].strip())
        elif match and steps and (match[1] != "exit" or match[2] == ":"):
            steps[-1].expectations.append((number, match[1], match[2], match[3]))
        else:
            raise ValueError(f"{path}:{number}: cannot read '{line}'")
    if not steps:
        raise ValueError(f"{path}: no command in it")
    return steps, needs


def disagreements(step: Step, code: int, streams: dict[str, list[str]]) -> list[str]:
    wrong = []
    at = {"out": 0, "err": 0}  # where the next ordered match may be
    expected_code = 0
    for number, stream, operator, text in step.expectations:
        if stream == "exit":
            expected_code = int(text)
            continue
        lines = streams[stream]
        if operator == "=" and len(lines) != int(text):
            wrong.append(f"line {number}: {stream} has {len(lines)} lines, not {text}")
        elif operator == "!" and any(text in line for line in lines):
            wrong.append(f"line {number}: {stream} must not contain '{text}'")
        elif operator in ":~":
            hit = next(
                (i for i in range(at[stream], len(lines))
                 if (text in lines[i] if operator == ":" else re.search(text, lines[i]))), None)
            if hit is None:
                wrong.append(f"line {number}: {stream} lacks '{text}' after its line {at[stream]}")
            else:
                at[stream] = hit + 1
    if code != expected_code:
        wrong.append(f"exit code {code}, not {expected_code}")
    return wrong


def run_step(step: Step, directory: str, environment: dict[str, str]) -> list[str]:
    try:
        done = subprocess.run(["bash", "-c", step.command], cwd=directory, env=environment, text=True,
                              errors="replace", capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return [f"still running after {TIMEOUT_S} s"]
    streams = {"out": done.stdout.splitlines(), "err": done.stderr.splitlines()}
    wrong = disagreements(step, done.returncode, streams)
    if wrong:
        for name, lines in streams.items():
            wrong += [f"  {name}| {line}" for line in lines]
    return wrong


def run_transcript(path: pathlib.Path, bin_directory: pathlib.Path) -> int:
    try:
        steps, needs = parse(path)
    except (OSError, ValueError) as error:
        print(f"FAIL: {error}")
        return 1
    ours = (bin_directory, bin_directory / "workloads", bin_directory.parent / "tests")
    search = ":".join([*map(str, ours), os.environ.get("PATH", "")])
    for program in needs:
        if shutil.which(program, path=search) is None:
            print(f"SKIP: {path.name} needs {program}")
            return SKIPPED
    # NO_COLOR and a fixed locale: transcripts compare words, not dress.
    environment = dict(os.environ, PATH=search, LC_ALL="C.UTF-8", NO_COLOR="1",
                       RUNNER=os.path.abspath(__file__))
    with tempfile.TemporaryDirectory(prefix="transcript-") as directory:
        environment["THAW_HISTORY"] = f"{directory}/history.sqlite"  # never this user's own
        for step in steps:
            wrong = run_step(step, directory, environment)
            if wrong:
                print(f"FAIL: {path}:{step.number}: $ {step.command}")
                print("\n".join(f"  {line}" for line in wrong))
                return 1
    print(f"ok: {path.name}: {len(steps)} commands")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="directory of the built programs")
    parser.add_argument("transcripts", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    results = [run_transcript(path, arguments.bin.resolve()) for path in arguments.transcripts]
    if 1 in results:
        return 1
    return SKIPPED if SKIPPED in results else 0


if __name__ == "__main__":
    sys.exit(main())
