#pragma once
// What the kernel prints from now on, where nobody keeps its console.

#include <functional>
#include <string>
#include <string_view>

namespace lab {

/// A record of /dev/kmsg as a line of a console, "[    1.234567] text"; empty for what is no
/// record. Pure.
std::string console_line(std::string_view record);

/// Hands lines to `use`, from a thread of its own, until the process ends. Without the right to
/// read /dev/kmsg: nothing.
void follow_kernel_log(std::function<void(std::string_view)> use);

}  // namespace lab
