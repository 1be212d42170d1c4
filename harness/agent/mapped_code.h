#pragma once
// Which process has which code where, now.

#include <string>

namespace lab {

/// Of every process, by pid:
///   process PID NAME
///   code START END OFFSET PATH    hexadecimal; a file that is mapped to be executed
std::string mapped_code();

}  // namespace lab
