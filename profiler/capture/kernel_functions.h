#pragma once
// The names of kernel code, as the running kernel tells them.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "profiler/store/images.h"

namespace thaw {

/// The functions in which `addresses` lie, by address. From /proc/kallsyms, which shows addresses
/// to root alone: empty otherwise. Some 50 ms.
std::vector<KernelFunction> kernel_functions(std::vector<uint64_t> addresses);

/// The same from the text of a kallsyms. An address is taken for a place to return to as well: the
/// call before it may be the last thing in its function. Pure.
std::vector<KernelFunction> find_functions(std::string_view kallsyms,
                                           std::vector<uint64_t> addresses);

}  // namespace thaw
