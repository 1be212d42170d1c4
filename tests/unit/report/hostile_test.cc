// Captures that somebody made up: payloads with bytes changed under a right checksum. Checksums
// catch accidents; these get past them and into every decoder, analysis and report. Nothing may
// crash, hang or overflow (run under asan, too: ci/check asan).

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "profiler/analysis/timeline.h"
#include "profiler/base/files.h"
#include "profiler/report/compare.h"
#include "profiler/report/dump.h"
#include "profiler/report/export.h"
#include "profiler/report/freezes.h"
#include "profiler/report/info.h"
#include "profiler/report/profile.h"
#include "profiler/report/timeline.h"
#include "profiler/store/layout.h"
#include "tests/support/given_capture.h"
#include "tests/support/seed.h"

namespace thaw::test {

using Json = nlohmann::json;

struct Piece {
  ChunkType type{};
  std::string payload;
};

std::vector<Piece> pieces_of(std::string_view file) {
  std::vector<Piece> pieces;
  ChunkOpener opener;
  for (auto chunk = next_chunk(file, 0); chunk; chunk = next_chunk(file, chunk->end()))
    pieces.push_back(
        {static_cast<ChunkType>(chunk->header.type), std::string(*opener.open(*chunk))});
  return pieces;
}

std::string sealed(const std::vector<Piece>& pieces) {
  ChunkSealer sealer;
  std::string file;
  for (const Piece& piece : pieces) file += sealer.seal(piece.type, piece.payload);
  return file;
}

/// A small capture with something of everything.
std::vector<Piece> some_pieces() {
  GivenCapture given;
  given.header.features = {"tp_btf"};
  for (int64_t i = 0; i < 40; i++) {
    auto cpu = given.cpu(static_cast<uint32_t>(i % 2));
    cpu.at(i * 1_ms).sleeps_for(static_cast<int32_t>(i % 3 + 7)).wakes(8).woken(8);
    cpu.sample({0xffff0001, 0xffff0002}, {0x401000, static_cast<uint64_t>(i)});
  }
  given.cpu(0).slow_emit(EmitContext::nmi, 5_ms, {0x1}).stalls(3_ms, "heartbeat");
  given.cpu(1).names(EventKind::task_new, 9, "x", 8).names(EventKind::task_exec, 8, "y", 9);
  given.mappings = {{Pid(8), kStart, 0x400000, 0x2000, 0x1000, "/bin/true", "0123"},
                    {Pid(8), kStart + 1, 0, 0, 0, "", ""},
                    {Pid(9), kStart + 2, 0x401000, 0x1000, 0, "", ""}};
  given.functions = {{0xffffffff81000000, 0x100, "futex_wait", ""},
                     {0xffff0000, 0x10, "bpf_prog", "bpf"}};
  given.generated = {{Pid(9), 0x401000, 0x10, "py::f:a.py"}};
  NamedImageBuilder names("/bin/true", "0123");
  const NamedImageBuilder::Frame inner{{"inlined", "a.h", 3}, 4}, outer{{"f", "a.c", 7}, 9};
  names.add(0x1000, std::vector{inner, outer});
  names.add(0x2000, std::vector{outer});
  given.names = std::move(names).take();
  given.loses("ring_full", 3).emits(0, EmitContext::nmi, 5_ms).emits(1, EmitContext::task, 300);
  given.tally.switches = {{40, true}, {1, false}};
  given.ending.command_exit = 1;
  return pieces_of(given.bytes());
}

void spoil(std::string& payload, std::mt19937_64& random) {
  if (payload.empty()) return;
  const char kSpecial[] = {'\0', '\1', '\x7f', '\x80', '\xff'};
  for (uint64_t times = 1 + random() % 3; times > 0; times--) {
    const size_t at = random() % payload.size();
    switch (random() % 4) {
      case 0:
        payload[at] = static_cast<char>(random());
        break;
      case 1:
        payload[at] = kSpecial[random() % std::size(kSpecial)];
        break;
      case 2:  // a number becomes as large as it can be
        payload.replace(at, 1, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
        break;
      default:
        payload.erase(at, 1 + random() % 3);
        if (payload.empty()) return;
    }
  }
}

/// Everything that reads a capture. Returns how much it had to say.
size_t read_everything(const Capture& capture) {
  size_t bytes = info_text(capture, "x", 1).size() + info_json(capture).size();
  const auto freezes = find_freezes(capture, 0);
  const Profile profile = make_profile(capture);
  bytes += profile_text(capture, profile, 5).size() + profile_json(capture, profile).size();
  const auto threads = thread_times(capture);
  bytes += timeline_text(capture, threads, 5).size() + timeline_json(capture, threads).size();
  bytes += freezes_text(capture, freezes, 0).size() + freezes_json(capture, freezes, 0).size();
  dump(capture, [&](std::string_view lines) { bytes += lines.size(); });
  const SampledStacks samples = sampled_stacks(capture);
  const SampledStacks waits = waiting_stacks(capture);
  bytes += export_folded(samples).size() + export_folded(waits).size() +
           export_pprof(capture, samples).size() + export_pprof(capture, waits).size() +
           export_speedscope(capture, waits, "x").size() + export_perfetto(capture, samples).size();
  bytes += Json::parse(export_speedscope(capture, samples, "x")).size() +
           Json::parse(export_firefox(capture, samples)).size();
  const Comparison self = compare({Profiled{capture, profile}, Profiled{capture, profile}}, {});
  bytes += compare_text(self, {}).size() + compare_json(self, {}, 1).size();
  for (const ThreadTimeline& thread : build_timeline(capture))
    for (const Slice& slice : thread.slices) bytes += slice.end_ns > slice.start_ns;
  return bytes + damage_text(capture, "x").size();
}

TEST(HostileCapture, IsReadOrLeftOutButNeverCrashes) {
  std::mt19937_64 random(::test::seed());
  const std::vector<Piece> pieces = some_pieces();
  int damaged = 0, taken = 0;
  for (int trial = 0; trial < 1'500; trial++) {
    std::vector<Piece> spoiled = pieces;
    spoil(spoiled[random() % spoiled.size()].payload, random);
    if (random() % 8 == 0) spoiled[random() % spoiled.size()].type = spoiled.back().type;
    const auto capture = Capture::parse(sealed(spoiled), "x");
    ASSERT_TRUE(capture) << "one chunk of many cannot make all unreadable";
    EXPECT_GT(read_everything(*capture), 0u);
    ++(capture->damage().chunks != 0 ? damaged : taken);
  }
  // Both must be common, or the spoiling is too coarse or too fine to test anything.
  EXPECT_GT(damaged, 150);
  EXPECT_GT(taken, 150);
}

TEST(HostileCapture, WithTimesAtTheLimitOverflowsNothing) {
  GivenCapture given;
  given.header.start_ns = 0;
  for (const int64_t time_ns : {int64_t{0}, int64_t{1}, kMaxTimeNs}) {
    for (const EventKind kind : {EventKind::slow_emit, EventKind::stall, EventKind::sched_switch})
      given.cpu(0).add({.kind = kind, .time_ns = time_ns, .duration_ns = kMaxTimeNs});
  }
  given.tally.time_ns = given.ending.end_ns = kMaxTimeNs;
  given.tally.own_cpu_ns = ~uint64_t{0};
  EXPECT_GT(read_everything(given.capture()), 0u);
}

TEST(DamagedCapture, OfARealRecordingCanBeReportedOn) {
  const auto file = read_file(THAW_SOURCE_DIR "/tests/fixtures/v0-command.thaw");
  ASSERT_TRUE(file) << file.error().message;
  std::mt19937_64 random(::test::seed());
  for (int trial = 0; trial < 10; trial++) {
    std::string bytes = *file;
    if (trial % 2 == 0) bytes.resize(1'000 + random() % (bytes.size() - 1'000));
    if (trial % 2 == 1) bytes[random() % bytes.size()] ^= 0x10;
    const auto capture = Capture::parse(bytes, "x");
    ASSERT_TRUE(capture) << capture.error().message;
    EXPECT_GT(read_everything(*capture), 0u);
  }
}

}  // namespace thaw::test
