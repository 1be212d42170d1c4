#pragma once
// What of the kernel's messages goes to the console at once.

#include <string>

namespace lab {

/// While it lives, the kernel writes nothing to its console, not even of an oops or a panic:
/// console_verbose() does nothing at level 0. So only where every instruction is counted and the
/// same guest can be had again without. A kernel that refuses it goes on as it was.
class QuietConsole {
 public:
  QuietConsole();
  ~QuietConsole();

 private:
  std::string before_;  ///< empty: nothing was changed
};

}  // namespace lab
