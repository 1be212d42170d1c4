// What each format says of a capture whose every number is known. That other people's readers agree
// is for tests/script/export.txt and tests/ui/readers.

#include "profiler/report/export.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <map>
#include <nlohmann/json.hpp>
#include <protozero/pbf_reader.hpp>

#include "profiler/report/gzip.h"
#include "profiler/report/perfetto_parts.h"
#include "tests/support/made_up_captures.h"

namespace thaw::test {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

std::string gunzipped(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  std::string out(64 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

class Export : public testing::Test {
 protected:
  const Capture capture_ = busy_capture().capture();
  const SampledStacks samples_ = sampled_stacks(capture_);
};

TEST_F(Export, StacksAreStoredOnceAndThreadsBusiestFirst) {
  EXPECT_EQ(samples_.samples.size(), 12u) << "the idle CPU's is nobody's";
  EXPECT_EQ(samples_.stack_count(), 5u);
  ASSERT_EQ(samples_.threads.size(), 3u);
  EXPECT_EQ(samples_.threads[0].name, "main");
  EXPECT_EQ(samples_.threads[0].weight, 7);
  EXPECT_EQ(samples_.threads[1].process, "main") << "of worker;1";
  EXPECT_TRUE(std::ranges::is_sorted(samples_.samples, {}, &StackSample::time_ns));
}

TEST_F(Export, FoldedLinesGoFromTheThreadToTheLeaf) {
  EXPECT_EQ(export_folded(samples_),
            "main 1\n"
            "main;[app];[app] 5\n"
            "main;[app];[app];do_syscall_64_[k];clear_page_[k] 1\n"
            "other;[unknown] 2\n"
            "worker:1;[app];[vdso] 3\n");
}

TEST_F(Export, FoldedWaitsAreMicrosecondsAndBeginWithTheScheduler) {
  const std::string folded = export_folded(waiting_stacks(capture_));
  EXPECT_THAT(folded,
              HasSubstr("main;[app];do_syscall_64_[k];pipe_read_[k];__schedule_[k] 12000\n"));
  EXPECT_THAT(folded, Not(HasSubstr("on_sched_switch")));
}

TEST_F(Export, SpeedscopeHasAProfilePerThread) {
  const Json file = Json::parse(export_speedscope(capture_, samples_, "busy.thaw"));
  ASSERT_EQ(file["profiles"].size(), 3u);
  const Json& main = file["profiles"][0];
  EXPECT_EQ(main["name"], "main (7)");
  EXPECT_EQ(main["unit"], "nanoseconds");
  EXPECT_EQ(main["weights"], Json({5'000'000, 1'000'000, 1'000'000})) << "five in a row are one";
  EXPECT_EQ(main["endValue"], 7'000'000);
  const Json& frames = file["shared"]["frames"];
  std::vector<std::string> names;
  for (const Json& frame : main["samples"][1]) names.push_back(frames[frame.get<size_t>()]["name"]);
  EXPECT_THAT(names, ElementsAre("[app]", "[app]", "do_syscall_64", "clear_page"));
  EXPECT_EQ(main["samples"][2], Json::array());
}

TEST_F(Export, WithoutARateSpeedscopeCounts) {
  GivenCapture given = busy_capture();
  given.header.clock = "nmi";
  given.header.sample_hz = 0;
  const Capture capture = given.capture();
  const Json file = Json::parse(export_speedscope(capture, sampled_stacks(capture), "a"));
  EXPECT_EQ(file["profiles"][0]["unit"], "none");
  EXPECT_EQ(file["profiles"][0]["endValue"], 7);
}

TEST_F(Export, FirefoxKnowsSamplesCpuUseAndWaits) {
  const Json file = Json::parse(export_firefox(capture_, samples_));
  EXPECT_EQ(file["meta"]["interval"], 1.0);
  ASSERT_EQ(file["threads"].size(), 4u) << "three threads, and the freezes";
  const Json& main = file["threads"][0];
  EXPECT_EQ(main["name"], "main");
  EXPECT_EQ(main["isMainThread"], true);
  EXPECT_EQ(main["samples"]["length"], 7);
  EXPECT_EQ(main["samples"]["stack"][6], nullptr) << "no stack was recorded";
  EXPECT_EQ(main["samples"]["time"][1], 2.0);
  EXPECT_EQ(main["samples"]["threadCPUDelta"][1], 1'000'000);
  EXPECT_EQ(main["markers"]["length"], 1);
  EXPECT_EQ(main["markers"]["data"][0],
            Json({{"type", "wait"}, {"reason", "pipe"}, {"waker", "worker;1 (8)"}}));
  EXPECT_EQ(file["shared"]["stringArray"][main["markers"]["name"][0].get<size_t>()], "wait: pipe");
  EXPECT_EQ(main["markers"]["startTime"][0], 8.0);
  EXPECT_EQ(main["markers"]["endTime"][0], 20.0);
  EXPECT_EQ(file["threads"][1]["isMainThread"], false);
  EXPECT_EQ(file["threads"][1]["processName"], "main");
}

TEST_F(Export, FirefoxSpellsBuildIdsAsItsSymbolServersDo) {
  const Json file = Json::parse(export_firefox(capture_, samples_));
  for (const Json& lib : file["libs"])
    if (lib["name"] == "app") {
      EXPECT_EQ(lib["breakpadId"], "67452301AB89EFCD0123456789ABCDEF0");
      EXPECT_EQ(lib["codeId"], "0123456789abcdef0123456789abcdef01234567");
    }
  EXPECT_EQ(file["libs"].size(), 4u) << "app, [vdso], the kernel, unknown";
}

TEST_F(Export, FirefoxFreezesAreARowOfTheirOwn) {
  GivenCapture given = busy_capture();
  given.header.sample_hz = 0;  // few samples are no silence then
  const Capture capture = given.capture();
  const Json file = Json::parse(export_firefox(capture, sampled_stacks(capture)));
  const Json& row = file["threads"].back();
  EXPECT_EQ(row["name"], "Freezes");
  EXPECT_EQ(row["markers"]["data"][0]["cpus"], "1");
  EXPECT_EQ(row["markers"]["startTime"][0], 30.0);
  EXPECT_EQ(row["markers"]["endTime"][0], 42.0);
}

TEST_F(Export, PprofValuesAreSamplesAndTime) {
  const std::string bytes = gunzipped(export_pprof(capture_, samples_));
  int64_t samples = 0, nanoseconds = 0;
  protozero::pbf_reader profile(bytes);
  while (profile.next(2)) {
    protozero::pbf_reader sample = profile.get_message();
    while (sample.next(2)) {
      std::vector<int64_t> values;
      for (const int64_t value : sample.get_packed_int64()) values.push_back(value);
      ASSERT_EQ(values.size(), 2u);
      samples += values[0];
      nanoseconds += values[1];
    }
  }
  EXPECT_EQ(samples, 12);
  EXPECT_EQ(nanoseconds, 12'000'000);
}

TEST_F(Export, WithoutARatePprofHasNoTime) {
  GivenCapture given = busy_capture();
  given.header.sample_hz = 0;
  const Capture capture = given.capture();
  const std::string bytes = gunzipped(export_pprof(capture, sampled_stacks(capture)));
  EXPECT_THAT(bytes, Not(HasSubstr("nanoseconds")));
}

TEST_F(Export, EqualCapturesGiveEqualFiles) {
  const Capture again = busy_capture().capture();
  const SampledStacks samples = sampled_stacks(again);
  EXPECT_EQ(export_pprof(again, samples), export_pprof(capture_, samples_));
  EXPECT_EQ(export_firefox(again, samples), export_firefox(capture_, samples_));
  EXPECT_EQ(export_perfetto(again, samples), export_perfetto(capture_, samples_));
}

/// Packets of a trace by the number of their content.
std::map<uint32_t, size_t> packets_of(const std::string& trace) {
  std::map<uint32_t, size_t> count;
  protozero::pbf_reader reader(trace);
  while (reader.next(1)) {
    protozero::pbf_reader packet = reader.get_message();
    while (packet.next()) {
      count[packet.tag()]++;
      packet.skip();
    }
  }
  return count;
}

TEST_F(Export, PerfettoHasEverySampleAndEverySlice) {
  std::map<uint32_t, size_t> count = packets_of(export_perfetto(capture_, samples_));
  EXPECT_EQ(count[66], 12u) << "perf_sample";
  EXPECT_EQ(count[1], 2u) << "ftrace_events: a bundle per CPU";
  EXPECT_EQ(count[11], 4u) << "track_event: a wait with a stack and a freeze, begin and end";
  EXPECT_EQ(count[6], 1u) << "clock_snapshot";
}

class ExportOfACutStack : public testing::Test {
 protected:
  const Capture capture_ = cut_capture().capture();
  const SampledStacks samples_ = sampled_stacks(capture_);
};

TEST_F(ExportOfACutStack, FoldedHasAFrameForWhatIsMissing) {
  EXPECT_EQ(export_folded(samples_),
            "main;[app];[app] 1\n"
            "main;[cut: no unwind info];[app];[app] 1\n");
}

TEST_F(ExportOfACutStack, FoldedWaitsTellWhatTheBrakeLeftOut) {
  GivenCapture given;
  auto cpu = given.cpu(0).ran(7);
  cpu.at(1_ms).blocks_unseen_for(8).at(3_ms).wakes(7).woken(7).switch_to(7);
  EXPECT_THAT(export_folded(waiting_stacks(given.capture())),
              HasSubstr("thread 7;[cut: not taken to save its cost] 2000\n"));
}

TEST_F(ExportOfACutStack, SpeedscopeHasAnOutermostFrame) {
  const Json file = Json::parse(export_speedscope(capture_, samples_, "a"));
  const Json& main = file["profiles"][0];
  EXPECT_EQ(main["endValue"], 2'000'000);
  EXPECT_EQ(main["samples"][0].size(), 2u);
  ASSERT_EQ(main["samples"][1].size(), 3u);
  const size_t outermost = main["samples"][1][0];
  EXPECT_EQ(file["shared"]["frames"][outermost]["name"], "[cut: no unwind info]");
}

TEST_F(ExportOfACutStack, FirefoxHasARootForIt) {
  const Json file = Json::parse(export_firefox(capture_, samples_));
  const Json& main = file["threads"][0];
  EXPECT_EQ(main["samples"]["length"], 2);
  std::vector<std::string> names;
  for (Json node = main["samples"]["stack"][1]; !node.is_null();
       node = main["stackTable"]["prefix"][node.get<size_t>()]) {
    const Json& frame = main["stackTable"]["frame"][node.get<size_t>()];
    const Json& function = main["frameTable"]["func"][frame.get<size_t>()];
    const Json& name = main["funcTable"]["name"][function.get<size_t>()];
    names.push_back(file["shared"]["stringArray"][name.get<size_t>()]);
  }
  EXPECT_THAT(names, ElementsAre("[app]", "[app]", "[cut: no unwind info]"));
  EXPECT_NE(main["samples"]["stack"][0], main["samples"]["stack"][1]);
}

TEST_F(ExportOfACutStack, PprofHasALabel) {
  const std::string bytes = gunzipped(export_pprof(capture_, samples_));
  EXPECT_THAT(bytes, HasSubstr("no unwind info"));
  std::vector<size_t> labels;
  protozero::pbf_reader profile(bytes);
  while (profile.next(2)) {
    protozero::pbf_reader sample = profile.get_message();
    labels.push_back(0);
    while (sample.next(3)) {
      sample.skip();
      labels.back()++;
    }
  }
  EXPECT_THAT(labels, UnorderedElementsAre(3u, 4u)) << "thread, pid, tid, and why it was cut";
}

TEST_F(ExportOfACutStack, PerfettoHasItsUnwindError) {
  const std::string trace = export_perfetto(capture_, samples_);
  std::vector<int32_t> errors;
  protozero::pbf_reader reader(trace);
  while (reader.next(1)) {
    protozero::pbf_reader packet = reader.get_message();
    while (packet.next(66)) {
      protozero::pbf_reader sample = packet.get_message();
      errors.push_back(-1);
      while (sample.next(16)) errors.back() = sample.get_enum();
    }
  }
  EXPECT_THAT(errors, ElementsAre(-1, 3)) << "UNWIND_ERROR_UNWIND_INFO";
}

TEST(PerfettoState, IsWhatTheTracepointWrites) {
  EXPECT_EQ(perfetto::reported_state(0), 0) << "R";
  EXPECT_EQ(perfetto::reported_state(1), 1) << "S";
  EXPECT_EQ(perfetto::reported_state(2), 2) << "D";
  EXPECT_EQ(perfetto::reported_state(0x402), 0x80) << "I, a kernel thread without work";
  EXPECT_EQ(perfetto::reported_state(0x80), 0x10) << "X";
  EXPECT_EQ(perfetto::reported_state(0x2001), 1) << "S, freezable";
  EXPECT_EQ(perfetto::reported_state(0x102), 2) << "D, killable";
  EXPECT_EQ(perfetto::reported_state(0x200), 0) << "waking is not reported";
}

TEST(Gzip, GivesBackWhatItTook) {
  EXPECT_EQ(gunzipped(gzip("")), "");
  const std::string text(3 << 20, 'a');
  EXPECT_EQ(gunzipped(gzip(text + "b")), text + "b");
  EXPECT_LT(gzip(text).size(), 10'000u);
}

}  // namespace thaw::test
