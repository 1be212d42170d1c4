#!/usr/bin/env python3
"""Types lines into a zsh and presses Tab; prints what each has become, one a line.

  zsh_tab.py FOLDER-OF-COMPLETIONS LINE…

zsh completes only where it edits, so it gets a terminal. Each line is awaited before the next is typed.
"""

import os
import pathlib
import pty
import select
import sys
import tempfile
import time

SETUP = """
fpath=({folder} $fpath); autoload -U compinit; compinit -u -D
typed() {{ print -r -- "$BUFFER" >>{answers}; BUFFER= }}
zle -N typed; bindkey '^X^T' typed; bindkey '^I' complete-word
print ready >>{answers}
"""
PATIENCE_S = 50  # below the transcript's own limit


def wait_for_lines(terminal: int, answers: pathlib.Path, count: int) -> None:
    end = time.monotonic() + PATIENCE_S
    seen = b""
    while time.monotonic() < end:
        if len(answers.read_text().splitlines()) >= count:
            return
        if select.select([terminal], [], [], 0.05)[0]:
            seen += os.read(terminal, 65536)  # an unread terminal would stop zsh
    sys.exit(f"zsh did not answer line {count}; its terminal says:\n{seen.decode(errors='replace')}")


def main() -> int:
    folder, lines = os.path.abspath(sys.argv[1]), sys.argv[2:]
    with tempfile.TemporaryDirectory() as directory:
        answers = pathlib.Path(directory, "answers")
        answers.touch()
        setup = pathlib.Path(directory, "setup")
        setup.write_text(SETUP.format(folder=folder, answers=answers))
        child, terminal = pty.fork()
        if child == 0:
            os.environ.update(TERM="dumb", HOME=directory)
            os.execvp("zsh", ["zsh", "-f", "-i"])
        os.write(terminal, f" . {setup}\r".encode())
        wait_for_lines(terminal, answers, 1)
        for number, line in enumerate(lines, 2):
            os.write(terminal, f"{line}\t\x18\x14".encode())
            wait_for_lines(terminal, answers, number)
        os.write(terminal, b"exit\r")
        os.close(terminal)
        os.waitpid(child, 0)
        print("\n".join(line.rstrip() for line in answers.read_text().splitlines()[1:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
