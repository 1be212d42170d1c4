#!/usr/bin/env python3
"""Checks that the forges' files are YAML and call nothing but ci/*.

  check_workflows.py ROOT

What a forge runs must be what a person can run: each command is a file of ci/ that is there and may be executed, in one
line, without shell around it. Prints what is not so; exit 1 then.
"""

import os
import pathlib
import re
import sys

import yaml

COMMAND = re.compile(r"^(ci/\w+)( [\w./=-]+)*$")


def github_commands(path: pathlib.Path, document: dict) -> list[str]:
    # YAML 1.1 reads the key `on` as true.
    if "name" not in document or True not in document:
        raise ValueError(f"{path.name}: a workflow has a name and says on what it runs")
    steps = [step for job in document["jobs"].values() for step in job["steps"]]
    for step in steps:
        if ("run" in step) == ("uses" in step):
            raise ValueError(f"{path.name}: a step runs or uses something: {step}")
        if "uses" in step and not re.fullmatch(r"actions/[\w/-]+@v\d+", step["uses"]):
            raise ValueError(f"{path.name}: uses {step['uses']}, which is nobody's we know")
    return [step["run"] for step in steps if "run" in step]


def gitlab_commands(path: pathlib.Path, document: dict) -> list[str]:
    jobs = {name: job for name, job in document.items() if isinstance(job, dict) and "script" in job}
    for name, job in jobs.items():
        if job.get("stage") not in document["stages"]:
            raise ValueError(f"{path.name}: {name} is in no stage")
    return [command for job in jobs.values() for command in job["script"]]


def check(root: pathlib.Path, path: pathlib.Path) -> tuple[list[str], int]:
    read = gitlab_commands if path.name == ".gitlab-ci.yml" else github_commands
    try:
        commands = read(path, yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        return [f"{path.name}: {error}"], 0
    wrong = [] if commands else [f"{path.name}: runs nothing"]
    for command in commands:
        match = COMMAND.match(command)
        if match is None:
            wrong.append(f"{path.name}: '{command}' is no call of ci/*")
        elif not os.access(root / match[1], os.X_OK):
            wrong.append(f"{path.name}: there is no program {match[1]}")
    return wrong, len(commands)


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__.strip())
        return 2
    root = pathlib.Path(sys.argv[1])
    files = sorted((root / ".github/workflows").glob("*.yml")) + [root / ".gitlab-ci.yml"]
    wrong, total = [], 0
    for path in files:
        complaints, count = check(root, path)
        wrong, total = wrong + complaints, total + count
    print("\n".join(wrong + [f"{len(files)} files, {total} commands, {len(wrong)} wrong"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
