"""The mutants' cases: which load shows what each is wrong in, and which kind of measure must say so.

A case is recorded with `thaw-mutant record` or, to see that a true profiler passes the same, with `thaw record`; `thaw
fidelity` holds the capture against the load's own truth, and the kinds of the measures that are not good are the answer.
"""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

RECORD = "-a --clock cpu-clock --max-overhead 100 --ring-mib 32"


@dataclasses.dataclass
class Case:
    load: str  # a command that prints its truth
    caught: str  # the kind of measure that must fail
    also: tuple[str, ...] = ()  # kinds that may fail with it, since they look at the same thing
    record: str = RECORD
    tolerance: float = 0.5  # in percent; some kernels that run as guests switch past every tracepoint (live/fidelity_test.cc)
    pauses_s: float = 0  # so long the recorder is stopped in the middle of the load


CASES = {
    "drop-samples": Case("spin --threads 2 --seconds 2", "counts"),
    # A tenth of a CPU's samples is missing in all, a fifth in one of the seconds.
    "drop-cpu": Case("spin --threads 2 --seconds 2", "gaps", also=("rate", "skew")),
    # With no sample in a function that it names, the truth about shares holds against nothing.
    "skip-leaf": Case("spin --threads 2 --seconds 2", "stacks", also=("shares",)),
    # Samples of others that are charged to the load have stacks of others, and come before it began.
    "late-thread": Case("spin --threads 4 --seconds 2", "order", also=("stacks", "symbols", "shares", "skew", "clock")),
    "fast-clock": Case("spin --threads 2 --seconds 2", "clock"),
    "lose-brief-threads": Case("brief --seconds 2", "threads"),
    "cut-stacks": Case("chains --only recursion-60,no-frame-pointers --seconds 2", "stacks"),
    # Losses of events, and no samples whose holes would be measured, too.
    "double-loss": Case(
        "switchstorm --pairs 4 --seconds 1.5",
        "losses",
        record="-a --clock none --max-overhead 100 --ring-mib 1 --no-switch-stacks --no-waker-stacks",
        pauses_s=0.5,
    ),
    "tick-phase": Case("in-step 2", "skew", also=("shares",)),
    # Who was woken by itself waits for nobody that the truth knows.
    "swap-waker": Case("waits --over pipe --seconds 1", "wakers", also=("waits", "time", "order")),
}


def come_first() -> None:
    """Makes a process a session of its own, which the scheduler gives its part of the CPUs as a whole, and a large one: a
    load that does not run on a busy machine, or that its recorder crowds out, shows nothing."""
    os.setsid()
    try:
        with open("/proc/self/autogroup", "w", encoding="ascii") as autogroup:
            autogroup.write("-10")
    except OSError:
        os.nice(-10)


@dataclasses.dataclass
class Outcome:
    seed: int
    wrong: dict[str, list[str]]  # by kind: each measure that is not good, in words
    failure: str = ""  # why there is no answer

    @property
    def kinds(self) -> set[str]:
        return set(self.wrong)


class Laboratory:
    """Where trials run: the built programs, and a directory for captures that goes away."""

    def __init__(self, build: str):
        build = pathlib.Path(build).resolve()
        self.thaw = build / "bin" / "thaw"
        self.mutant = build / "tests" / "thaw-mutant"
        folders = [build / "bin", build / "bin" / "workloads", build / "tests"]
        self.environment = {**os.environ, "PATH": ":".join([*map(str, folders), os.environ["PATH"]])}
        self._directory = tempfile.TemporaryDirectory(prefix="thaw-mutants-")
        self.directory = pathlib.Path(self._directory.name)

    def can_record(self) -> str:
        """Why no recording is possible here; "" when one is."""
        doctor = subprocess.run([self.thaw, "doctor"], capture_output=True, text=True, check=False)
        if doctor.returncode != 0:
            return doctor.stdout + doctor.stderr
        return "" if os.geteuid() == 0 else "it takes root to record the whole machine"

    def lacks(self, case: Case) -> str:
        """Why this load cannot run here; "" when it can."""
        name = case.load.split()[0]
        found = any((pathlib.Path(folder) / name).exists() for folder in self.environment["PATH"].split(":"))
        return "" if found else f"there is no {name}"

    def trial(self, case: Case, mutant: str | None, seed: int) -> Outcome:
        """One recording with a seed of its own; the true profiler without a mutant."""
        capture, truth = self.directory / "c.thaw", self.directory / "truth.json"
        capture.unlink(missing_ok=True)
        program = [self.mutant if mutant else self.thaw, "record", "--seed", str(seed), "-o", capture]
        environment = self.environment | ({"THAW_MUTANT": mutant} if mutant else {})
        recorder = subprocess.Popen(
            [*program, *case.record.split()],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=come_first,
        )
        first = recorder.stderr.readline()
        if "recording" not in first:
            recorder.kill()
            return Outcome(seed, {}, first + recorder.communicate()[1])
        try:
            self._load(case, truth, recorder)
        except (subprocess.SubprocessError, OSError) as error:
            return Outcome(seed, {}, str(error))
        finally:
            recorder.send_signal(signal.SIGINT)
            words = recorder.communicate(timeout=60)[1]
        if recorder.returncode != 0:
            return Outcome(seed, {}, words)
        return self._judged(case, seed, capture, truth)

    def _load(self, case: Case, truth: pathlib.Path, recorder: subprocess.Popen) -> None:
        with open(truth, "w", encoding="utf-8") as out:
            load = subprocess.Popen(case.load.split(), env=self.environment, stdout=out, preexec_fn=come_first)
            if case.pauses_s:
                time.sleep(0.3)
                recorder.send_signal(signal.SIGSTOP)
                time.sleep(case.pauses_s)
                recorder.send_signal(signal.SIGCONT)
            if load.wait(timeout=60) != 0:
                raise OSError(f"{case.load}: exit {load.returncode}")

    def _judged(self, case: Case, seed: int, capture: pathlib.Path, truth: pathlib.Path) -> Outcome:
        command = [self.thaw, "fidelity", capture, "--truth", truth, "--json", "--tolerance", str(case.tolerance)]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        try:
            measures = json.loads(answer.stdout)["measures"]
        except (json.JSONDecodeError, KeyError):
            return Outcome(seed, {}, answer.stdout + answer.stderr)
        wrong: dict[str, list[str]] = {}
        for one in measures:
            if not one["ok"]:
                words = f'{one["name"]}: {one["value"]:g} {one["unit"]}, good from {one["low"]:g} to {one["high"]:g}'
                wrong.setdefault(one["kind"], []).append(words)
        return Outcome(seed, wrong)

    def keep(self, name: str) -> pathlib.Path:
        """Moves the last capture and truth out of the directory that goes away."""
        kept = pathlib.Path(tempfile.mkdtemp(prefix=f"thaw-{name}-"))
        for file in ("c.thaw", "truth.json"):
            if (self.directory / file).exists():
                (self.directory / file).rename(kept / file)
        return kept


def is_named(case: Case, outcome: Outcome) -> bool:
    """Whether the mutant was caught by its measure, and no measure of another kind cried wolf."""
    return case.caught in outcome.kinds and outcome.kinds <= {case.caught, *case.also}


def words_of(outcome: Outcome) -> str:
    lines = [f"    {kind}: {words}" for kind, all_words in outcome.wrong.items() for words in all_words]
    return "\n".join(lines) or "    every measure is good"


def upper_bound(failures: int, trials: int, confidence: float = 0.95) -> float:
    """The largest probability that so few failures do not refute: Clopper and Pearson's, one-sided."""
    if failures >= trials:
        return 1.0

    def at_most(p: float) -> float:
        term = (1 - p) ** trials
        total = term
        for k in range(failures):
            term *= (trials - k) / (k + 1) * p / (1 - p)
            total += term
        return total

    low, high = 0.0, 1 - 1e-12
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(middle) > 1 - confidence else (low, middle)
    return high
