// Asks libsolv, which knows Debian's order: epochs, tildes and digits that count as numbers. The
// pool it wants holds nothing but the choice of that order.

#include "harness/provision/version.h"

#include <string>

#include "harness/provision/solv.h"
#include "profiler/base/errors.h"

namespace lab {
namespace {

const Pool* debian_order() {
  // Made once, never freed, and only read afterwards: usable from every thread.
  static const Pool* pool = [] {
    Pool* made = pool_create();
    const int previous = pool_setdisttype(made, DISTTYPE_DEB);
    CHECK(previous >= 0, "libsolv was built without Debian's order of versions");
    return made;
  }();
  return pool;
}

}  // namespace

std::strong_ordering compare_versions(std::string_view left, std::string_view right) {
  const int order = pool_evrcmp_str(debian_order(), std::string(left).c_str(),
                                    std::string(right).c_str(), EVRCMP_COMPARE);
  return order <=> 0;
}

std::string source_version(std::string_view version) {
  for (const std::string_view mark : {"~bpo", "~deb"})
    if (const size_t at = version.rfind(mark); at != std::string_view::npos)
      return std::string(version.substr(0, at));
  return std::string(version);
}

}  // namespace lab
