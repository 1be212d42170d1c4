// The side band of a perf event: PERF_RECORD_MMAP2, _COMM of an exec, _FORK and _EXIT.

#include "profiler/capture/process_records.h"

#include <sys/sysmacros.h>

#include <string>
#include <utility>

#include "profiler/capture/perf_layout.h"

namespace thaw {
namespace {

Pid pid_of(uint32_t pid) {
  return Pid(static_cast<int32_t>(pid));
}

/// PERF_RECORD_COMM of an exec: the old program is gone, the new one is not mapped yet.
std::optional<ProcessNews> decode_exec(std::string_view record) {
  const auto id = sample_id_of<comm_record>(record);
  if (!id) return std::nullopt;
  ProcessNews news;
  news.mapping.pid = pid_of(id->pid);
  news.mapping.time_ns = static_cast<int64_t>(id->time_ns);
  return news;
}

/// Nothing for threads: they have their process's memory, and leave it.
std::optional<ProcessNews> decode_task(std::string_view record) {
  const auto task = layout_of<task_record>(record);
  if (!task) return std::nullopt;
  const bool is_fork = task->header.type == PERF_RECORD_FORK;
  if (is_fork ? task->pid == task->parent_pid : task->pid != task->tid) return std::nullopt;
  ProcessNews news{is_fork ? ProcessNews::forked : ProcessNews::exited, {}, {}};
  news.mapping.pid = pid_of(task->pid);
  news.mapping.time_ns = static_cast<int64_t>(task->time_ns);
  if (is_fork) news.parent = pid_of(task->parent_pid);
  return news;
}

std::optional<ProcessNews> decode_mapping(std::string_view record, BuildIds& build_ids) {
  const auto id = sample_id_of<mmap2_record>(record);
  if (!id) return std::nullopt;
  const auto fixed = *layout_of<mmap2_record>(record);
  const std::string_view name = text_of<mmap2_record>(record);
  Mapping mapping{.pid = pid_of(fixed.pid),
                  .time_ns = static_cast<int64_t>(id->time_ns),
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
  return ProcessNews{ProcessNews::mapped, std::move(mapping), {}};
}

}  // namespace

std::optional<ProcessNews> ProcessRecords::decode(std::string_view record) {
  const auto header = *layout_of<perf_event_header>(record);
  switch (header.type) {
    case PERF_RECORD_COMM:
      if ((header.misc & PERF_RECORD_MISC_COMM_EXEC) == 0) return std::nullopt;
      return decode_exec(record);
    case PERF_RECORD_MMAP2:
      return decode_mapping(record, build_ids_);
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
      return decode_task(record);
    default:
      return std::nullopt;
  }
}

}  // namespace thaw
