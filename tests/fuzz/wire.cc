// Fuzzes the decoding of records from the kernel. What is decoded must be fit for a file: it goes
// through a writer, and what was written must be undamaged to the reader.

#include <cstring>

#include "profiler/base/errors.h"
#include "profiler/capture/decode.h"
#include "profiler/store/reader.h"
#include "profiler/wire/event.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/scratch_directory.h"

namespace {

/// A record of the type with `frames` behind it; every field 1 but those of the header.
template <class Record>
std::string record(uint8_t kind, uint16_t frames = 0) {
  Record record;
  std::memset(&record, 0, sizeof record);
  record.header.size_bytes = static_cast<uint16_t>(sizeof record + frames * 8);
  record.header.kind = kind;
  record.header.time_ns = 1'000'000;
  if constexpr (requires { record.kernel_frames; }) record.kernel_frames = frames;
  std::string bytes(reinterpret_cast<const char*>(&record), sizeof record);
  return bytes + std::string(frames * size_t{8}, '\x81');
}

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> seeds{record<sched_switch_event>(EVENT_SCHED_SWITCH),
                                              record<sched_wake_event>(EVENT_SCHED_WAKING),
                                              record<sched_wake_event>(EVENT_SCHED_WAKEUP),
                                              record<task_event>(EVENT_TASK_NEW),
                                              record<task_event>(EVENT_TASK_EXIT),
                                              record<sample_event>(EVENT_SAMPLE, 5),
                                              record<slow_emit_event>(EVENT_SLOW_EMIT, 3)};
  return seeds;
}

void run(std::string_view input) {
  static const test::ScratchDirectory directory;
  const std::filesystem::path file = directory / "a.thaw";
  std::filesystem::remove(file);
  auto writer = thaw::Writer::create(file, {});
  CHECK(writer.has_value());
  const auto event = thaw::decode(input.data(), static_cast<uint32_t>(input.size()), *writer);
  if (!event) return;
  CHECK(writer->add(*event).has_value());
  CHECK(writer->finish({}, {}).has_value());
  const auto capture = thaw::Capture::load(file);
  CHECK(capture.has_value());
  CHECK(capture->damage().chunks == 0, "{}", fmt::join(capture->damage().reasons, ";"));
  CHECK(capture->events().size() == 1);
  CHECK(capture->events()[0] == *event);
}

}  // namespace

int main(int argc, char** argv) {
  return fuzz::main(argc, argv, {"wire", seeds(), run});
}
