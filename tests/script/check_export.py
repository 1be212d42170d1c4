#!/usr/bin/python3
"""Reads an exported file with other people's decoders and compares it with `thaw report`.

  check_export.py FORMAT FILE CAPTURE

FORMAT is folded, speedscope, firefox, pprof or perfetto. Protobuf is decoded by protoc's Python code from formats/*.proto,
JSON is held against a JSON Schema. What every format must have: as many samples as `thaw report --json` in all, and in
each function as many as it has there. Exit 0: it has; 1: it has not. Needs Debian's python3-protobuf,
python3-jsonschema and protobuf-compiler.
"""

import collections
import gzip
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

FORMATS = pathlib.Path(__file__).resolve().parent / "formats"


def thaw(*words: str) -> dict:
    return json.loads(subprocess.run(["thaw", *words, "--json"], check=True, capture_output=True, text=True).stdout)


def label(function: dict) -> str:
    if function["name"] != "?":
        return function["name"]
    module = function["module"]
    return "[unknown]" if module == "?" else module if module.startswith("[") else f"[{module}]"


def decoder(name: str):
    """The module that protoc makes of formats/NAME.proto."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["protoc", f"--proto_path={FORMATS}", f"--python_out={directory}", f"{name}.proto"], check=True)
        sys.path.insert(0, directory)
        return importlib.import_module(f"{name}_pb2")


def unknown_fields(message) -> list:
    """Numbers that the .proto does not have, anywhere below: a wrong number, or one of another type."""
    found = [(message.DESCRIPTOR.name, field.field_number) for field in message.UnknownFields()]
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for part in value if field.label == field.LABEL_REPEATED else [value]:
            found += unknown_fields(part)
    return found


def parsed(message_type, data: bytes):
    message = message_type()
    message.ParseFromString(data)
    wrong = unknown_fields(message)
    assert not wrong, f"fields that are not in the format: {sorted(set(wrong))}"
    return message


def folded(data: bytes):
    leaves = collections.Counter()
    total = 0
    for line in data.decode().splitlines():
        stack, count = line.rsplit(" ", 1)
        total += int(count)
        frames = stack.split(";")[1:]
        if frames:
            leaves[frames[-1].removesuffix("_[k]")] += int(count)
    return total, leaves


def speedscope(data: bytes):
    file = json.loads(data)
    jsonschema.validate(file, json.loads((FORMATS / "speedscope.schema.json").read_text()))
    frames = [frame["name"] for frame in file["shared"]["frames"]]
    weights = [weight for profile in file["profiles"] for weight in profile["weights"]]
    unit = CAPTURE["period_ns"] if file["profiles"][0]["unit"] == "nanoseconds" else 1
    leaves = collections.Counter()
    for profile in file["profiles"]:
        assert len(profile["samples"]) == len(profile["weights"])
        assert sum(profile["weights"]) == profile["endValue"] - profile["startValue"]
        for stack, weight in zip(profile["samples"], profile["weights"]):
            if stack:
                leaves[frames[stack[-1]]] += weight // unit
    return sum(weights) // unit, leaves


def columns(table: dict) -> None:
    """Every column of a table is as long as it says."""
    for name, column in table.items():
        if isinstance(column, list):
            assert len(column) == table["length"], f"column {name}"


def firefox(data: bytes):
    file = json.loads(data)
    jsonschema.validate(file, json.loads((FORMATS / "firefox.schema.json").read_text()))
    strings = file["shared"]["stringArray"]
    leaves = collections.Counter()
    total = 0
    for thread in file["threads"]:
        stacks, frames, functions = thread["stackTable"], thread["frameTable"], thread["funcTable"]
        for table in ("samples", "markers", "stackTable", "frameTable", "funcTable", "resourceTable"):
            columns(thread[table])
        for node, prefix in enumerate(stacks["prefix"]):
            assert prefix is None or prefix < node, "a caller comes before what it calls"
        for resource in functions["resource"]:
            assert resource == -1 or thread["resourceTable"]["lib"][resource] < len(file["libs"])
        assert thread["samples"]["time"] == sorted(thread["samples"]["time"])
        assert all(delta >= 0 for delta in thread["samples"]["threadCPUDelta"])
        for name, start, end in zip(thread["markers"]["name"], thread["markers"]["startTime"],
                                    thread["markers"]["endTime"]):
            assert strings[name].startswith(("wait: ", "freeze")) and start <= end
        for stack in thread["samples"]["stack"]:
            total += 1
            if stack is not None:
                leaves[strings[functions["name"][frames["func"][stacks["frame"][stack]]]]] += 1
    return total, leaves


def pprof(data: bytes):
    profile = parsed(decoder("pprof").Profile, gzip.decompress(data))
    text = profile.string_table
    assert text[0] == ""
    types = [(text[kind.type], text[kind.unit]) for kind in profile.sample_type]
    assert types in ([("samples", "count"), ("cpu", "nanoseconds")], [("samples", "count")]), types
    functions = {function.id: text[function.name] for function in profile.function}
    mappings = {mapping.id for mapping in profile.mapping} | {0}
    locations = {location.id: location for location in profile.location}
    assert 0 not in locations and 0 not in functions
    for location in profile.location:
        assert location.mapping_id in mappings and location.line
    leaves = collections.Counter()
    total = 0
    for sample in profile.sample:
        labels = sorted(text[one.key] for one in sample.label)
        assert [one for one in labels if one != "cut"] == ["pid", "thread", "tid"], labels
        total += sample.value[0]
        if len(types) == 2:
            assert sample.value[1] == sample.value[0] * profile.period
        if sample.location_id:
            leaves[functions[locations[sample.location_id[0]].line[0].function_id]] += sample.value[0]
    return total, leaves


def perfetto(data: bytes):
    trace = parsed(decoder("perfetto").Trace, data)
    names, frames, stacks, mappings = {}, {}, {}, set()
    events = collections.Counter()
    open_slices = collections.Counter()
    begun = set()
    leaves = collections.Counter()
    total = 0
    for packet in trace.packet:
        sequence = packet.trusted_packet_sequence_id
        if packet.sequence_flags & 1:
            begun.add(sequence)
        assert sequence in begun, "a sequence's first packet says that it begins"
        names.update((one.iid, one.str.decode()) for one in packet.interned_data.function_names)
        mappings.update(one.iid for one in packet.interned_data.mappings)
        for frame in packet.interned_data.frames:
            assert frame.mapping_id in mappings
            frames[frame.iid] = names[frame.function_name_id]
        for stack in packet.interned_data.callstacks:
            stacks[stack.iid] = [frames[frame] for frame in stack.frame_ids]
        for event in packet.ftrace_events.event:
            events.update(field.name for field, _ in event.ListFields() if field.name.startswith("sched_"))
        if packet.HasField("track_event"):
            step = 1 if packet.track_event.type == 1 else -1
            open_slices[packet.track_event.track_uuid] += step
            assert open_slices[packet.track_event.track_uuid] in (0, 1)
        if packet.HasField("perf_sample"):
            total += 1
            if packet.perf_sample.HasField("callstack_iid"):
                leaves[stacks[packet.perf_sample.callstack_iid][-1]] += 1
    assert not any(open_slices.values()), "every slice ends"
    recorded = thaw("info", CAPTURE["path"])["events"]
    for kind in ("sched_switch", "sched_waking", "sched_wakeup"):
        assert events[kind] == recorded.get(kind, 0), f"{kind}: {events[kind]}"
    return total, leaves


CAPTURE = {}


def main() -> int:
    if len(sys.argv) != 4 or sys.argv[1] not in ("folded", "speedscope", "firefox", "pprof", "perfetto"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    name, file, capture = sys.argv[1:]
    report = thaw("report", capture)
    wanted = collections.Counter()
    for function in report["functions"]:
        wanted[label(function)] += function["self"]
    CAPTURE.update(path=capture, period_ns=1_000_000_000 // max(1, thaw("info", capture)["sample_hz"]))
    data = pathlib.Path(file).read_bytes()
    total, leaves = globals()[name](gzip.decompress(data) if file.endswith(".gz") and name != "pprof" else data)
    wanted += collections.Counter()  # drops zeros
    if total != report["samples"] or leaves != wanted:
        print(f"{name}: {total} samples, not {report['samples']}; too few {wanted - leaves}, too many {leaves - wanted}")
        return 1
    print(f"{name}: {total} samples, {len(leaves)} functions, as `thaw report` has them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
