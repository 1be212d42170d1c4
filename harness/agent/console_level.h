#pragma once
// What of the kernel's messages goes to the console at once.

#include <string>

namespace lab {

/// While it lives, the kernel writes nothing to its console but what an oops or a panic says; all
/// of it is in the kernel's log, which the agent reads. A kernel that refuses it goes on as it was.
class QuietConsole {
 public:
  QuietConsole();
  ~QuietConsole();

 private:
  std::string before_;  ///< empty: nothing was changed
};

}  // namespace lab
