// Letters and meanings of the taint bits: Documentation/admin-guide/tainted-kernels.rst.

#include "harness/verdict/kernel_notes.h"

#include <array>

#include <fmt/format.h>

namespace lab {

namespace {

constexpr std::array<const char*, 20> kTaints{"P: a proprietary module",
                                              "F: a module was forced in",
                                              "S: out of specification",
                                              "R: a module was forced out",
                                              "M: a machine check",
                                              "B: a bad page",
                                              "U: a program asked for it",
                                              "D: it died (oops)",
                                              "A: an ACPI table was overridden",
                                              "W: it warned",
                                              "C: a staging driver",
                                              "I: a firmware bug was worked around",
                                              "O: a module from outside the tree",
                                              "E: an unsigned module",
                                              "L: a soft lockup",
                                              "K: a live patch",
                                              "X: the distribution's own bit",
                                              "T: built with struct randomization",
                                              "N: an in-kernel test",
                                              "J: a firmware control was changed"};

std::string taint_text(uint64_t bits) {
  std::string text;
  for (size_t bit = 0; bit < 64; bit++) {
    if (!(bits >> bit & 1)) continue;
    if (!text.empty()) text += "; ";
    text += bit < kTaints.size() ? kTaints[bit] : fmt::format("bit {}", bit);
  }
  return text;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::vector<std::string> kernel_notes(const KernelSeen& kernel) {
  std::vector<std::string> notes;
  if (const uint64_t added = kernel.after.taint & ~kernel.before.taint; added != 0)
    notes.push_back(fmt::format("the kernel tainted itself: {}", taint_text(added)));
  const uint64_t rate = kernel.after.max_sample_rate;
  if (rate != 0 && rate < kernel.before.max_sample_rate)
    notes.push_back(
        fmt::format("perf events took too long: the kernel lowered "
                    "kernel.perf_event_max_sample_rate from {} to {}",
                    kernel.before.max_sample_rate, rate));
  for (const ProgramSeen& program : kernel.programs) {
    if (program.misses.value_or(0) > 0)
      notes.push_back(
          fmt::format("the kernel left out {} runs of BPF program '{}': it, or another one, ran "
                      "already on that CPU",
                      *program.misses, program.name));
    if (!program.said.empty())
      notes.push_back(fmt::format("the kernel to BPF program '{}': {}", program.name,
                                  first_line(program.said)));
  }
  return notes;
}

}  // namespace lab
