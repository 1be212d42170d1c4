#pragma once
// What a capture tells about its machine and its user, taken out of it; what it tells about time
// stays.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "profiler/store/layout.h"
#include "profiler/store/reader.h"

namespace thaw {

/// Decides what each name of a capture becomes, equal names to equal ones.
///
/// Hidden: the recorded command; paths, but for libraries in the system's folders; names of
/// processes and threads, but for the kernel's own; lines of the kernel's log; names of source
/// files, in debug information and in what compilers told; chunks of types that are not known here.
/// Kept: functions, build-ids, process and thread numbers, times, addresses, the kernel's release,
/// its modules and BPF programs. The capture must outlive it.
class Redaction {
 public:
  explicit Redaction(const Capture& capture);

  /// The payload of a chunk without what is hidden. Nothing when it makes no sense or cannot be
  /// looked into.
  std::optional<std::string> change(ChunkType type, std::string_view payload);

 private:
  void look_at_names();
  std::string path(const std::string& path);
  std::string source_file(const std::string& file);
  std::string generated_name(std::string_view name);
  std::string text(uint32_t id, std::string_view text);
  std::string mappings(std::vector<Mapping> mappings);
  std::string generated(std::vector<GeneratedFunction> functions);
  std::string named(NamedImage image);

  const Capture& capture_;
  std::set<uint32_t> open_texts_;  ///< strings that may be seen
  std::map<std::string, std::string, std::less<>> paths_;
  std::map<std::string, std::string, std::less<>> files_;
  std::map<std::string, std::string, std::less<>> texts_;
};

/// Whether a path is a library where a distribution puts its own:
/// "/usr/lib/x86_64-linux-gnu/libc.so.6".
bool is_system_library(std::string_view path);
/// Whether the kernel gives this name to threads of its own: "kworker/0:1".
bool is_kernel_thread_name(std::string_view name);

}  // namespace thaw
