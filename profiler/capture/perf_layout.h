#pragma once
// Records in a perf event's buffer, as include/uapi/linux/perf_event.h describes them in comments.
// Every event that Thaw reads puts the same sample_id behind its records.

#include <linux/perf_event.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace thaw {

/// Of attr.sample_type: what makes the sample_id below.
inline constexpr uint64_t kSampleIdType = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;

/// What attr.sample_id_all puts behind each record that is no sample; a sample begins with it.
struct sample_id {
  uint32_t pid;
  uint32_t tid;
  uint64_t time_ns;
  uint32_t cpu;
  uint32_t pad;
};

/// PERF_RECORD_MMAP2; the file's name follows.
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

/// PERF_RECORD_COMM; the name follows.
struct comm_record {
  perf_event_header header;
  uint32_t pid;
  uint32_t tid;
};

/// PERF_RECORD_FORK and PERF_RECORD_EXIT.
struct task_record {
  perf_event_header header;
  uint32_t pid, parent_pid;
  uint32_t tid, parent_tid;
  uint64_t time_ns;
};

/// PERF_RECORD_SWITCH_CPU_WIDE: who comes, or who went. PERF_RECORD_SWITCH is the header alone.
struct switch_record {
  perf_event_header header;
  uint32_t other_pid;
  uint32_t other_tid;
};

struct lost_record {
  perf_event_header header;
  uint64_t id;
  uint64_t lost;
};

/// Nothing when the record is shorter.
template <class T>
std::optional<T> layout_of(std::string_view record, size_t at = 0) {
  if (record.size() < at || record.size() - at < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, record.data() + at, sizeof value);
  return value;
}

/// Of a record whose fixed part is a T.
template <class T>
std::optional<sample_id> sample_id_of(std::string_view record) {
  if (record.size() < sizeof(T) + sizeof(sample_id)) return std::nullopt;
  return layout_of<sample_id>(record, record.size() - sizeof(sample_id));
}

/// The text between the fixed part, which is a T, and the sample_id; it ends with a zero.
template <class T>
std::string_view text_of(std::string_view record) {
  record.remove_prefix(sizeof(T));
  record.remove_suffix(sizeof(sample_id));
  return record.substr(0, record.find('\0'));
}

}  // namespace thaw
