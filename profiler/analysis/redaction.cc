// Fails closed: a string is kept when every use of it is known to be harmless, a chunk when all of
// it is understood. Replacements are numbered by first use, since a hash of a short name can be
// guessed.

#include "profiler/analysis/redaction.h"

#include <algorithm>
#include <unordered_set>

#include "profiler/store/copy.h"
#include "profiler/store/facts_coding.h"

namespace thaw {

namespace {

/// The replacement of a text: the same again for the same.
std::string numbered(std::map<std::string, std::string, std::less<>>& known, std::string_view text,
                     std::string_view kind) {
  const auto found = known.find(text);
  if (found != known.end()) return found->second;
  return known.emplace(text, fmt::format("{}-{}", kind, known.size() + 1)).first->second;
}

bool is_task_name(EventKind kind) {
  return kind == EventKind::task_seen || kind == EventKind::task_new ||
         kind == EventKind::task_exec || kind == EventKind::task_rename;
}

}  // namespace

bool is_system_library(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view file = path.substr(slash + 1);
  std::string_view folder = path.substr(0, slash);
  const size_t last = folder.rfind('/');
  if (last != std::string_view::npos && folder.substr(last).ends_with("-linux-gnu"))
    folder = folder.substr(0, last);
  constexpr std::string_view kFolders[] = {"/lib", "/lib64", "/usr/lib", "/usr/lib64"};
  const bool is_library = (file.starts_with("lib") || file.starts_with("ld-")) &&
                          file.find(".so") != std::string_view::npos;
  return is_library && std::ranges::find(kFolders, folder) != std::end(kFolders);
}

bool is_kernel_thread_name(std::string_view name) {
  constexpr std::string_view kStarts[] = {
      "kworker/", "ksoftirqd/", "migration/", "cpuhp/",       "rcu_",
      "rcuo",     "kthreadd",   "kswapd",     "kcompactd",    "khugepaged",
      "ksmd",     "kauditd",    "khungtaskd", "oom_reaper",   "irq/",
      "watchdog", "jbd2/",      "ext4-",      "idle_inject/", "kdevtmpfs",
      "swapper/", "kblockd",    "writeback",  "scsi_",        "pool_workqueue"};
  return std::ranges::any_of(kStarts,
                             [&](std::string_view start) { return name.starts_with(start); });
}

Redaction::Redaction(const Capture& capture) : capture_(capture) {
  look_at_names();
}

/// A program can call its threads like the kernel's: a process that has mapped a file or has a user
/// stack is a program.
void Redaction::look_at_names() {
  std::unordered_set<Pid> programs;
  std::set<uint32_t> hidden;
  for (const Mapping& mapping : capture_.mappings()) programs.insert(mapping.pid);
  for (const Event& event : capture_.events())
    if (event.user_stack.value != 0) programs.insert(event.pid);
  for (const Event& event : capture_.events()) {
    const bool is_known = is_kernel_thread_name(capture_.text(event.name));
    const bool is_open = event.kind == EventKind::stall ||
                         (is_task_name(event.kind) && is_known && !programs.contains(event.pid));
    (is_open ? open_texts_ : hidden).insert(event.name.value);
  }
  for (const uint32_t id : hidden) open_texts_.erase(id);
}

std::string Redaction::text(uint32_t id, std::string_view text) {
  // The reader's own word: another string with this id is one that it did not take.
  const bool is_open = open_texts_.contains(id) && capture_.text(StringId(id)) == text;
  if (text.empty() || is_open) return std::string(text);
  return numbered(texts_, text, "name");
}

std::string Redaction::path(const std::string& path) {
  constexpr std::string_view kKernels[] = {"",        "[vdso]",    "[vsyscall]", "[heap]",
                                           "[stack]", "[uprobes]", "//anon"};
  if (std::ranges::find(kKernels, path) != std::end(kKernels) || is_system_library(path))
    return path;
  if (path.starts_with("[anon")) return "[anon]";
  return "/" + numbered(paths_, path, "image");
}

std::string Redaction::source_file(const std::string& file) {
  return file.empty() ? file : numbered(files_, file, "source");
}

/// "py::main:/home/me/app.py": words with a slash are files.
std::string Redaction::generated_name(std::string_view name) {
  constexpr std::string_view kBetween = " :()[]";
  std::string out;
  while (!name.empty()) {
    const std::string_view word = name.substr(0, name.find_first_of(kBetween));
    out += word.find('/') == std::string_view::npos ? std::string(word)
                                                    : source_file(std::string(word));
    name.remove_prefix(word.size());
    if (!name.empty()) out += name.front();
    name.remove_prefix(std::min<size_t>(1, name.size()));
  }
  return out;
}

std::string Redaction::mappings(std::vector<Mapping> mappings) {
  for (Mapping& mapping : mappings) mapping.path = path(mapping.path);
  return encode(std::span<const Mapping>(mappings));
}

std::string Redaction::generated(std::vector<GeneratedFunction> functions) {
  for (GeneratedFunction& function : functions) function.name = generated_name(function.name);
  return encode(std::span<const GeneratedFunction>(functions));
}

std::string Redaction::named(NamedImage image) {
  image.path = path(image.path);
  for (NamedFunction& function : image.functions) function.file = source_file(function.file);
  return encode(image);
}

std::optional<std::string> Redaction::change(ChunkType type, std::string_view payload) {
  switch (type) {
    case ChunkType::header: {
      auto header = decode_header(payload);
      if (!header) return std::nullopt;
      header->command.clear();
      return encode(*header);
    }
    case ChunkType::strings:
      return change_strings(
          payload, [this](uint32_t id, std::string_view text) { return this->text(id, text); });
    case ChunkType::mappings: {
      auto list = decode_mappings(payload);
      return list ? std::optional(mappings(std::move(*list))) : std::nullopt;
    }
    case ChunkType::generated: {
      auto list = decode_generated(payload);
      return list ? std::optional(generated(std::move(*list))) : std::nullopt;
    }
    case ChunkType::names: {
      auto image = decode_names(payload);
      return image ? std::optional(named(std::move(*image))) : std::nullopt;
    }
    // Written again, so that fields of a later version go.
    case ChunkType::tally: {
      const auto tally = decode_tally(payload);
      return tally ? std::optional(encode(*tally)) : std::nullopt;
    }
    case ChunkType::ending: {
      const auto ending = decode_ending(payload);
      return ending ? std::optional(encode(*ending)) : std::nullopt;
    }
    case ChunkType::functions: {
      const auto list = decode_functions(payload);
      return list ? std::optional(encode(std::span<const KernelFunction>(*list))) : std::nullopt;
    }
    case ChunkType::events:
    case ChunkType::stacks:
      return std::string(payload);
  }
  return std::nullopt;
}

}  // namespace thaw
