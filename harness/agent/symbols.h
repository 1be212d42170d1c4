#pragma once
// What the lab needs to name a stack of this guest from outside, collected before the load.

#include <string>
#include <thread>

namespace lab {

/// Reads the kernel's symbols on a thread of its own, from construction on, while the subject
/// starts: 0.15 to 0.35 s under TCG.
class SymbolCollector {
 public:
  SymbolCollector();
  ~SymbolCollector() { join(); }
  SymbolCollector(const SymbolCollector&) = delete;
  SymbolCollector& operator=(const SymbolCollector&) = delete;

  /// Kernel, BPF programs and maps as harness/run/stacks/symbols.h reads them. Programs and maps
  /// are those that are loaded now.
  std::string text();

 private:
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  std::string kernel_;
  std::thread thread_;
};

}  // namespace lab
