// A dummy software event per CPU whose only purpose is its side band: the kernel writes a record
// for every mmap of executable memory into its buffer, whoever maps it. The buffers are read where
// the rings are, every 20 ms.
//
// Mappings that were made before come from /proc/PID/maps. It is read after the events are open:
// what is mapped in between is seen twice, which costs nothing, instead of not at all.

#include "profiler/capture/mapping_watch.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <utility>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"
#include "profiler/symbols/elf_image.h"

namespace thaw {

namespace {

constexpr size_t kBufferBytes = 256 * 1024;

/// PERF_RECORD_MMAP2; the file's name and the sample id follow.
struct mmap2_record {
  perf_event_header header;
  uint32_t pid;
  uint32_t tid;
  uint64_t address;
  uint64_t bytes;
  uint64_t file_offset;
  uint32_t device_major;
  uint32_t device_minor;
  uint64_t inode;
  uint64_t inode_generation;
  uint32_t protection;
  uint32_t flags;
};

/// What sample_id_all puts behind each record, with the sample_type below.
struct sample_id {
  uint32_t pid;
  uint32_t tid;
  uint64_t time_ns;
};

/// PERF_RECORD_FORK and PERF_RECORD_EXIT.
struct task_record {
  perf_event_header header;
  uint32_t pid, parent_pid;
  uint32_t tid, parent_tid;
  uint64_t time_ns;
};

struct lost_record {
  perf_event_header header;
  uint64_t id;
  uint64_t lost;
};

struct Buffer {
  UniqueFd event;
  void* pages = MAP_FAILED;
  size_t bytes = 0;

  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : event(std::move(other.event)),
        pages(std::exchange(other.pages, MAP_FAILED)),
        bytes(other.bytes) {}
  ~Buffer() {
    if (pages != MAP_FAILED) ::munmap(pages, bytes);
  }
};

/// The kernel could tell build-ids itself, from v5.12 on (attr.build_id). It is not asked: it then
/// marks the record as one with a build-id for whoever else listens (perf_event_mmap_output() keeps
/// the mark for the next event), and perf 6.1, recording at the same time, aborts on what it takes
/// for one.
UniqueFd open_event(uint32_t cpu) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_DUMMY;
  attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
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

/// A file, whatever its name.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t generation = 0;
  auto operator<=>(const FileId&) const = default;
};

/// Of files, each read once.
class BuildIds {
 public:
  /// Of the file that is mapped, by way of the process while it lives; else of what is at its path,
  /// if that is the same file. "" when it has none, or is gone.
  const std::string& of(const FileId& file, const Mapping& mapping) {
    const auto [entry, is_new] = known_.try_emplace(file);
    if (is_new) entry->second = read(file, mapping);
    return entry->second;
  }

 private:
  static std::string read(const FileId& file, const Mapping& mapping) {
    const std::string mapped = fmt::format("/proc/{}/map_files/{:x}-{:x}", mapping.pid,
                                           mapping.address, mapping.address + mapping.bytes);
    if (::access(mapped.c_str(), R_OK) == 0) return ElfImage::build_id_of(mapped);
    struct stat facts {};
    if (::stat(mapping.path.c_str(), &facts) != 0 || facts.st_ino != file.inode) return "";
    return ElfImage::build_id_of(mapping.path);
  }

  std::map<FileId, std::string> known_;
};

/// PERF_RECORD_COMM of an exec: the old program is gone, the new one is not mapped yet.
std::optional<Mapping> decode_exec(std::string_view record) {
  sample_id id;
  if (record.size() < sizeof(perf_event_header) + sizeof id) return std::nullopt;
  std::memcpy(&id, record.data() + record.size() - sizeof id, sizeof id);
  return Mapping{.pid = Pid(static_cast<int32_t>(id.pid)),
                 .time_ns = static_cast<int64_t>(id.time_ns),
                 .path = {},
                 .build_id = {}};
}

/// Nothing for threads: they have their process's memory, and leave it.
std::optional<ProcessNews> decode_task(std::string_view record) {
  task_record task;
  if (record.size() < sizeof task) return std::nullopt;
  std::memcpy(&task, record.data(), sizeof task);
  const bool is_fork = task.header.type == PERF_RECORD_FORK;
  if (is_fork ? task.pid == task.parent_pid : task.pid != task.tid) return std::nullopt;
  const auto pid_of = [](uint32_t pid) { return Pid(static_cast<int32_t>(pid)); };
  ProcessNews news{is_fork ? ProcessNews::forked : ProcessNews::exited, {}, {}};
  news.mapping.pid = pid_of(task.pid);
  news.mapping.time_ns = static_cast<int64_t>(task.time_ns);
  if (is_fork) news.parent = pid_of(task.parent_pid);
  return news;
}

/// Nothing for a record that is too short for what it says.
std::optional<Mapping> decode_mapping(std::string_view record, BuildIds& build_ids) {
  mmap2_record fixed;
  sample_id id;
  if (record.size() < sizeof fixed + sizeof id) return std::nullopt;
  std::memcpy(&fixed, record.data(), sizeof fixed);
  std::memcpy(&id, record.data() + record.size() - sizeof id, sizeof id);
  std::string_view name = record.substr(sizeof fixed, record.size() - sizeof fixed - sizeof id);
  name = name.substr(0, name.find('\0'));
  Mapping mapping{.pid = Pid(static_cast<int32_t>(fixed.pid)),
                  .time_ns = static_cast<int64_t>(id.time_ns),
                  .address = fixed.address,
                  .bytes = fixed.bytes,
                  .file_offset = fixed.file_offset,
                  .path = name == "//anon" ? std::string() : std::string(name),
                  .build_id = {}};
  if (mapping.path.starts_with('/')) {
    const FileId file{::makedev(fixed.device_major, fixed.device_minor), fixed.inode,
                      fixed.inode_generation};
    mapping.build_id = build_ids.of(file, mapping);
  }
  return mapping;
}

}  // namespace

struct MappingWatch::State {
  std::vector<Buffer> buffers;
  std::string record;  ///< one that wraps around the end, in one piece
  uint64_t lost = 0;
  BuildIds build_ids;

  void take(std::string_view bytes, std::vector<ProcessNews>& into);
  void drain(const Buffer& buffer, std::vector<ProcessNews>& into);
};

MappingWatch::MappingWatch(std::unique_ptr<State> state) : state_(std::move(state)) {}
MappingWatch::MappingWatch(MappingWatch&&) noexcept = default;
MappingWatch::~MappingWatch() = default;

Result<MappingWatch> MappingWatch::open(const std::vector<uint32_t>& cpus) {
  auto state = std::make_unique<State>();
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  for (const uint32_t cpu : cpus) {
    Buffer buffer;
    buffer.event = open_event(cpu);
    if (!buffer.event.is_valid() && errno == ENODEV) continue;  // it went offline just now
    if (!buffer.event.is_valid())
      return fail_errno(errno, fmt::format("cannot watch mappings on CPU {}", cpu));
    buffer.bytes = page + kBufferBytes;
    buffer.pages =
        ::mmap(nullptr, buffer.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, buffer.event.get(), 0);
    if (buffer.pages == MAP_FAILED)
      return fail_errno(errno, fmt::format("cannot map the mapping buffer of CPU {}", cpu));
    state->buffers.push_back(std::move(buffer));
  }
  return MappingWatch(std::move(state));
}

void MappingWatch::State::take(std::string_view bytes, std::vector<ProcessNews>& into) {
  perf_event_header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.type == PERF_RECORD_COMM && (header.misc & PERF_RECORD_MISC_COMM_EXEC) != 0) {
    if (auto begun = decode_exec(bytes))
      into.push_back({ProcessNews::mapped, std::move(*begun), {}});
  } else if (header.type == PERF_RECORD_MMAP2) {
    if (auto mapping = decode_mapping(bytes, build_ids))
      into.push_back({ProcessNews::mapped, std::move(*mapping), {}});
  } else if (header.type == PERF_RECORD_FORK || header.type == PERF_RECORD_EXIT) {
    if (auto news = decode_task(bytes)) into.push_back(std::move(*news));
  } else if (header.type == PERF_RECORD_LOST && bytes.size() >= sizeof(lost_record)) {
    lost_record record;
    std::memcpy(&record, bytes.data(), sizeof record);
    lost += record.lost;
  }
}

void MappingWatch::State::drain(const Buffer& buffer, std::vector<ProcessNews>& into) {
  auto* control = static_cast<perf_event_mmap_page*>(buffer.pages);
  const char* data = static_cast<const char*>(buffer.pages) + (buffer.bytes - kBufferBytes);
  // The kernel's side of the protocol is in include/uapi/linux/perf_event.h, data_head.
  const uint64_t head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
  uint64_t tail = control->data_tail;
  while (head - tail >= sizeof(perf_event_header)) {
    const size_t at = tail % kBufferBytes;
    perf_event_header header;  // eight bytes, aligned to eight: never split
    std::memcpy(&header, data + at, sizeof header);
    if (header.size < sizeof header || header.size > head - tail) {
      lost++;  // what is left makes no sense
      break;
    }
    const size_t first = std::min<size_t>(header.size, kBufferBytes - at);
    if (first == header.size) {
      take({data + at, first}, into);
    } else {
      record.assign(data + at, first).append(data, header.size - first);
      take(record, into);
    }
    tail += header.size;
  }
  __atomic_store_n(&control->data_tail, head, __ATOMIC_RELEASE);
}

void MappingWatch::drain(std::vector<ProcessNews>& into) {
  const auto before = static_cast<std::ptrdiff_t>(into.size());
  for (const Buffer& buffer : state_->buffers) state_->drain(buffer, into);
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
      // The file that is mapped, whatever stands at its path by now, or in another root.
      struct stat file {};
      const std::string mapped = fmt::format("/proc/{}/map_files/{:x}-{:x}", process,
                                             mapping.address, mapping.address + mapping.bytes);
      if (mapping.path.starts_with('/') && ::stat(mapped.c_str(), &file) == 0)
        mapping.build_id = build_ids.of({file.st_dev, file.st_ino, 0}, mapping);
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
