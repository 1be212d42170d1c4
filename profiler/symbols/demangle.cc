// Rust first: its legacy names are valid C++ ones, with a hash that says nothing.

#include "profiler/symbols/demangle.h"

#include <cxxabi.h>
#include <stdlib.h>

#include <memory>

#include <libiberty/demangle.h>

namespace thaw {

namespace {

constexpr size_t kLongestName = 4 * 1024;

struct Freer {
  void operator()(char* text) const { ::free(text); }
};

}  // namespace

std::string demangle(std::string_view name) {
  if (!name.starts_with("_") || name.size() > kLongestName) return std::string(name);
  const std::string copy(name);
  using Text = std::unique_ptr<char, Freer>;
  if (const Text rust(rust_demangle(copy.c_str(), DMGL_NO_OPTS)); rust != nullptr)
    return rust.get();
  if (!name.starts_with("_Z")) return copy;
  int status = 0;
  const Text plain(abi::__cxa_demangle(copy.c_str(), nullptr, nullptr, &status));
  return status == 0 && plain != nullptr ? std::string(plain.get()) : copy;
}

}  // namespace thaw
