// Fuzzes the reader and all that reads a capture: analysis and reports. An input is a list of
// chunks: type byte, two bytes of length, payload. They are sealed here, because no random change
// gets past a checksum; an input that begins with 0xff is a file as it is.

#include "profiler/store/reader.h"

#include "profiler/analysis/redaction.h"
#include "profiler/analysis/timeline.h"
#include "profiler/base/errors.h"
#include "profiler/report/compare.h"
#include "profiler/report/dump.h"
#include "profiler/report/export.h"
#include "profiler/report/freezes.h"
#include "profiler/report/info.h"
#include "profiler/report/profile.h"
#include "profiler/report/timeline.h"
#include "profiler/store/layout.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/given_capture.h"

namespace {

std::string sealed(std::string_view input) {
  thaw::ChunkSealer sealer;
  std::string file;
  while (input.size() >= 3) {
    const auto type = static_cast<thaw::ChunkType>(input[0]);
    const size_t length = static_cast<unsigned char>(input[1]) |
                          static_cast<size_t>(static_cast<unsigned char>(input[2])) << 8;
    input.remove_prefix(3);
    const std::string_view payload = input.substr(0, length);
    file += sealer.seal(type, payload);
    input.remove_prefix(payload.size());
  }
  return file;
}

/// The inverse, for seeds.
std::string opened(std::string_view file) {
  std::string input;
  thaw::ChunkOpener opener;
  for (auto chunk = thaw::next_chunk(file, 0); chunk;
       chunk = thaw::next_chunk(file, chunk->end())) {
    const std::string_view payload = *opener.open(*chunk);
    CHECK(payload.size() < 65'536);
    input += static_cast<char>(chunk->header.type);
    input += static_cast<char>(payload.size());
    input += static_cast<char>(payload.size() >> 8);
    input += payload;
  }
  return input;
}

void run(std::string_view input) {
  const bool is_file = input.starts_with('\xff');
  const auto capture =
      thaw::Capture::parse(is_file ? std::string(input.substr(1)) : sealed(input), "x");
  if (!capture) {
    CHECK(capture.error().message.find('\n') == std::string::npos);
    return;
  }
  (void)thaw::info_text(*capture, "x", 1);
  (void)thaw::info_json(*capture);
  (void)thaw::damage_text(*capture, "x");
  const auto freezes = thaw::find_freezes(*capture, 0);
  (void)thaw::freezes_text(*capture, freezes, 0);
  (void)thaw::freezes_json(*capture, freezes, 0);
  const thaw::Profile profile = thaw::make_profile(*capture);
  (void)thaw::profile_text(*capture, profile, 5);
  (void)thaw::profile_json(*capture, profile);
  const auto threads = thaw::thread_times(*capture);
  (void)thaw::timeline_text(*capture, threads, 5);
  (void)thaw::timeline_json(*capture, threads);
  thaw::dump(*capture, [](std::string_view) {});
  const thaw::SampledStacks samples = thaw::sampled_stacks(*capture);
  (void)thaw::export_folded(thaw::waiting_stacks(*capture));
  (void)thaw::export_pprof(*capture, samples);
  (void)thaw::export_speedscope(*capture, samples, "x");
  (void)thaw::export_firefox(*capture, samples);
  (void)thaw::export_perfetto(*capture, samples);
  const thaw::Profiled side{*capture, profile};
  const thaw::Comparison same = thaw::compare({side, side}, {});
  (void)thaw::compare_text(same, {});
  (void)thaw::compare_json(same, {}, 1);
  thaw::Redaction redaction(*capture);
  thaw::ChunkOpener opener;
  const std::string file = is_file ? std::string(input.substr(1)) : sealed(input);
  for (auto chunk = thaw::next_chunk(file, 0); chunk; chunk = thaw::next_chunk(file, chunk->end()))
    if (const auto payload = opener.open(*chunk))
      (void)redaction.change(static_cast<thaw::ChunkType>(chunk->header.type), *payload);
}

std::string some_capture() {
  using namespace thaw::test;
  GivenCapture given;
  given.header.features = {"tp_btf"};
  for (int64_t i = 0; i < 20; i++) {
    auto cpu = given.cpu(static_cast<uint32_t>(i % 2));
    cpu.at(i * 1_ms).sleeps_for(static_cast<int32_t>(i % 3 + 7)).wakes(8).woken(8);
    cpu.sample({0xffff0001, 0xffff0002}, {0x401000, static_cast<uint64_t>(i)});
  }
  given.cpu(0).slow_emit(thaw::EmitContext::nmi, 5_ms, {0x1}).stalls(3_ms, "heartbeat");
  given.cpu(1).names(thaw::EventKind::task_new, 9, "x", 8);
  given.mappings = {{thaw::Pid(8), kStart, 0x400000, 0x2000, 0x1000, "/bin/true", "0123"},
                    {thaw::Pid(8), kStart + 1, 0, 0, 0, "", ""},
                    {thaw::Pid(9), kStart + 2, 0x401000, 0x1000, 0, "", ""}};
  given.functions = {{0xffffffff81000000, 0x100, "futex_wait", ""},
                     {0xffff0000, 0x10, "bpf_prog", "bpf"}};
  given.generated = {{thaw::Pid(9), 0x401000, 0x10, "py::f:a.py"}};
  thaw::NamedImageBuilder names("/bin/true", "0123");
  const thaw::NamedImageBuilder::Frame inner{{"inlined", "a.h", 3}, 4}, outer{{"f", "a.c", 7}, 9};
  names.add(0x1000, std::vector{inner, outer});
  given.names = std::move(names).take();
  given.loses("ring_full", 3).emits(0, thaw::EmitContext::nmi, 5_ms);
  given.tally.switches = {{40, true}, {1, false}};
  return given.bytes();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string file = some_capture();
  return fuzz::main(argc, argv, {"reader", {opened(file), '\xff' + file}, run});
}
