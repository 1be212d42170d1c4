// A compiler uses memory again: of several functions over an address the last that it told of is
// taken, which for earlier samples can be wrong. A capture has only the functions in which a frame
// lies, some hundreds, so they are searched from the end; each address is asked for once.

#include "profiler/analysis/generated_code.h"

#include <algorithm>

namespace thaw {

GeneratedCode::GeneratedCode(const Capture& capture) {
  for (const GeneratedFunction& function : capture.generated())
    of_process_[function.pid].push_back(&function);
}

const GeneratedFunction* GeneratedCode::find(Pid pid, uint64_t address) const {
  const auto functions = of_process_.find(pid);
  if (functions == of_process_.end()) return nullptr;
  const auto found = std::ranges::find_if(
      functions->second.rbegin(), functions->second.rend(), [&](const GeneratedFunction* function) {
        return address >= function->address && address - function->address < function->bytes;
      });
  return found == functions->second.rend() ? nullptr : *found;
}

}  // namespace thaw
