// A dummy software event per CPU whose only purpose is its side band: the kernel writes a record
// for every mmap of executable memory into its buffer, whoever maps it. The buffers are read where
// the rings are, every 20 ms.
//
// Mappings that were made before come from /proc/PID/maps. It is read after the events are open:
// what is mapped in between is seen twice, which costs nothing, instead of not at all.

#include "profiler/capture/mapping_watch.h"

#include <limits.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"
#include "profiler/capture/event_buffer.h"
#include "profiler/capture/perf_layout.h"
#include "profiler/capture/process_records.h"

namespace thaw {

namespace {

constexpr size_t kBufferBytes = 256 * 1024;

/// The kernel could tell build-ids itself, from v5.12 on (attr.build_id). It is not asked: it then
/// marks the record as one with a build-id for whoever else listens (perf_event_mmap_output() keeps
/// the mark for the next event), and perf 6.1, recording at the same time, aborts on what it takes
/// for one.
UniqueFd open_event(uint32_t cpu) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_DUMMY;
  attr.sample_type = kSampleIdType;
  attr.sample_id_all = 1;
  attr.mmap = 1;
  attr.mmap2 = 1;
  attr.comm = 1;
  attr.comm_exec = 1;
  attr.task = 1;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  attr.watermark = 1;
  attr.wakeup_watermark = kBufferBytes;  // never: it is polled
  return UniqueFd(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attr, -1, static_cast<int>(cpu), -1, PERF_FLAG_FD_CLOEXEC)));
}

}  // namespace

struct MappingWatch::State {
  std::vector<UniqueFd> events;
  std::vector<EventBuffer> buffers;
  uint64_t lost = 0;
  ProcessRecords records;

  void take(std::string_view record, std::vector<ProcessNews>& into);
};

MappingWatch::MappingWatch(std::unique_ptr<State> state) : state_(std::move(state)) {}
MappingWatch::MappingWatch(MappingWatch&&) noexcept = default;
MappingWatch::~MappingWatch() = default;

Result<MappingWatch> MappingWatch::open(const std::vector<uint32_t>& cpus) {
  auto state = std::make_unique<State>();
  for (const uint32_t cpu : cpus) {
    UniqueFd event = open_event(cpu);
    if (!event.is_valid() && errno == ENODEV) continue;  // it went offline just now
    if (!event.is_valid())
      return fail_errno(errno, fmt::format("cannot watch mappings on CPU {}", cpu));
    state->buffers.push_back(TRY(EventBuffer::map(event.get(), kBufferBytes)));
    state->events.push_back(std::move(event));
  }
  return MappingWatch(std::move(state));
}

void MappingWatch::State::take(std::string_view record, std::vector<ProcessNews>& into) {
  if (auto news = records.decode(record)) return into.push_back(std::move(*news));
  const auto loss = layout_of<lost_record>(record);
  if (loss && loss->header.type == PERF_RECORD_LOST) lost += loss->lost;
}

void MappingWatch::drain(std::vector<ProcessNews>& into) {
  const auto before = static_cast<std::ptrdiff_t>(into.size());
  for (EventBuffer& buffer : state_->buffers) {
    const auto take = [&](std::string_view record) { state_->take(record, into); };
    if (!buffer.drain(take)) state_->lost++;
  }
  std::ranges::stable_sort(into.begin() + before, into.end(), {},
                           [](const ProcessNews& news) { return news.mapping.time_ns; });
}

uint64_t MappingWatch::lost() const {
  return state_->lost;
}

std::vector<Mapping> parse_maps(std::string_view text, Pid pid, int64_t time_ns) {
  std::vector<Mapping> mappings;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    // START-END rwxp OFFSET MAJ:MIN INODE          PATH
    uint64_t start = 0, end = 0, offset = 0;
    char protection[5] = "";
    int name_at = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %4s %lx %*x:%*x %*u %n", &start, &end, protection,
                    &offset, &name_at) < 4 ||
        protection[2] != 'x' || end <= start)
      continue;
    mappings.push_back(
        {.pid = pid,
         .time_ns = time_ns,
         .address = start,
         .bytes = end - start,
         .file_offset = offset,
         .path = name_at > 0 ? line.substr(static_cast<size_t>(name_at), PATH_MAX) : std::string(),
         .build_id = {}});
  }
  return mappings;
}

void list_mappings(std::optional<int32_t> pid, int64_t time_ns, std::vector<Mapping>& into) {
  BuildIds build_ids;
  const auto add = [&](int32_t process) {
    const auto text = read_file(fmt::format("/proc/{}/maps", process));
    if (!text) return;
    for (Mapping& mapping : parse_maps(*text, Pid(process), time_ns)) {
      if (mapping.path.starts_with('/')) mapping.build_id = build_ids.of(mapping);
      into.push_back(std::move(mapping));
    }
  };
  if (pid) return add(*pid);
  std::error_code gone;
  for (std::filesystem::directory_iterator at("/proc", gone), end; !gone && at != end;
       at.increment(gone)) {
    const std::string name = at->path().filename();
    int32_t process = 0;
    const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), process);
    if (error == std::errc() && rest == name.data() + name.size()) add(process);
  }
}

}  // namespace thaw
