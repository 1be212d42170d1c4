// One pass over the events. The outermost frame of a stack that was cut is where the walk gave up:
// the file that it lies in is to blame where the reason is a property of code.

#include "profiler/analysis/stack_ends.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "profiler/analysis/address_space.h"

namespace thaw {

namespace {

bool is_of_code(StackEnd end) {
  return end == StackEnd::no_unwind_info || end == StackEnd::unsupported ||
         end == StackEnd::unmapped;
}

std::string module_of(const Mapping* mapping) {
  if (mapping == nullptr) return "?";
  if (mapping->path.empty()) return "memory";
  if (!mapping->path.starts_with('/')) return mapping->path;
  return std::filesystem::path(mapping->path).filename().string();
}

}  // namespace

StackEnds stack_ends(const Capture& capture) {
  StackEnds ends;
  const AddressSpaces spaces(capture);
  std::map<std::pair<StackEnd, std::string>, uint64_t> modules;
  for (const Event& event : capture.events()) {
    if (event.user_stack.value == 0 && event.user_end == StackEnd::unknown) continue;
    const auto end = static_cast<size_t>(event.user_end);
    ends.by_end[end]++;
    if (event.kind != EventKind::sample) continue;
    ends.of_samples[end]++;
    const auto frames = capture.stack(event.user_stack);
    if (!is_of_code(event.user_end) || frames.empty()) continue;
    const uint64_t last = frames.size() == 1 ? frames.back() : frames.back() - 1;
    const uint32_t program = spaces.program_at(event.pid, event.time_ns);
    modules[{event.user_end, module_of(spaces.find(program, last))}]++;
  }
  for (const auto& [key, stacks] : modules) ends.modules.push_back({key.second, key.first, stacks});
  std::ranges::stable_sort(ends.modules, std::greater(), &EndsInModule::stacks);
  return ends;
}

}  // namespace thaw
