#!/usr/bin/env python3
"""Holds the manual pages and completions of a program against its own --help.

  check_documents.py PROGRAM SHARE

SHARE is what `PROGRAM --documents SHARE` wrote. The help is read from outside, as a person sees it, so that what CLI11
prints and what the documents say are compared, not a table with itself. Each command and each option that a help names
must be in a page, and in each shell's completion. Prints what is missing; exit 1 then.
"""

import pathlib
import re
import subprocess
import sys

# An option's line begins with two spaces and "-"; names end where the value or the description begins.
OPTION = re.compile(r"^  (-\S*)", re.M)
COMMAND = re.compile(r"^  ([a-z]\S*)  +\S", re.M)


def help_of(program: str, path: tuple[str, ...]) -> tuple[set[str], list[str]]:
    text = subprocess.run([program, *path, "--help"], capture_output=True, text=True, check=True).stdout
    commands = []
    if "\nSubcommands:\n" in text:
        commands = COMMAND.findall(text.split("\nSubcommands:\n", 1)[1])
    options = set()
    for names in OPTION.findall(text.split("\nSubcommands:\n", 1)[0]):
        for name in names.split(","):
            options.add(re.match(r"--?[A-Za-z][\w-]*", name)[0])
    return options, commands


def bold(name: str) -> str:
    return "\\fB" + name.replace("-", "\\-") + "\\fR"


class Documents:
    def __init__(self, program: str, share: pathlib.Path):
        self.program, self.share = program, share
        read = lambda name: (share / name).read_text(encoding="utf-8")
        self.bash = read(f"bash-completion/completions/{program}").splitlines()
        self.zsh = read(f"zsh/site-functions/_{program}")
        self.fish = read(f"fish/vendor_completions.d/{program}.fish").splitlines()

    def page(self, path: tuple[str, ...]) -> str:
        name = "-".join([self.program, *path[:1]])
        return (self.share / "man/man1" / f"{name}.1").read_text(encoding="utf-8")

    def bash_arms(self, path: tuple[str, ...]) -> str:
        key = '    "' + "".join(f" {word}" for word in path) + '") '
        return "\n".join(line for line in self.bash if line.startswith(key))

    def zsh_function(self, path: tuple[str, ...]) -> str:
        name = "_" + "_".join([self.program, *path])
        return self.zsh.split(f"{name}() {{\n", 1)[1].split("\n}\n", 1)[0]

    def fish_lines(self, path: tuple[str, ...]) -> str:
        key = f'__{self.program}_is_at "' + "".join(f" {word}" for word in path) + '"'
        return "\n".join(line for line in self.fish if key in line)

    def lacks_option(self, path: tuple[str, ...], name: str) -> list[str]:
        fish = f" -l {name[2:]} " if name.startswith("--") else f" -s {name[1:]} "
        found = {
            "manual": bold(name) in self.page(path),
            "bash": re.search(rf'["\s]{re.escape(name)}["\s]', self.bash_arms(path)),
            "zsh": re.search(rf"[)*]{re.escape(name)}[=\[]", self.zsh_function(path)),
            "fish": fish in self.fish_lines(path) + " ",
        }
        return [where for where, is_there in found.items() if not is_there]

    def lacks_command(self, path: tuple[str, ...], name: str) -> list[str]:
        page = self.page(path)
        found = {
            "manual": f"{self.program}\\-{name} (1)" in page if not path else f" {name}\n" in page,
            "bash": re.search(rf'["\s]{name}["\s]', self.bash_arms(path)),
            "zsh": f"'{name}:" in self.zsh_function(path),
            "fish": f" -a {name} " in self.fish_lines(path),
        }
        return [where for where, is_there in found.items() if not is_there]


def check(documents: Documents, path: tuple[str, ...], counts: dict[str, int]) -> list[str]:
    options, commands = help_of(documents.program, path)
    where = " ".join([documents.program, *path])
    missing = []
    for name in sorted(options):
        counts["options"] += 1
        missing += [f"{where}: {name} is not in the {place}" for place in documents.lacks_option(path, name)]
    for name in commands:
        counts["commands"] += 1
        missing += [f"{where}: {name} is not in the {place}" for place in documents.lacks_command(path, name)]
        missing += check(documents, (*path, name), counts)
    return missing


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__.strip())
        return 2
    counts = {"commands": 0, "options": 0}
    missing = check(Documents(sys.argv[1], pathlib.Path(sys.argv[2])), (), counts)
    print("\n".join(missing + [f"{counts['commands']} commands, {counts['options']} options, {len(missing)} missing"]))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
