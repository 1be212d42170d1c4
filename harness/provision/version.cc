// Asks libsolv, which knows all three orders: epochs, tildes and digits that count as numbers. The
// pools it wants hold nothing but the choice of an order.

#include "harness/provision/version.h"

#include <charconv>
#include <string>

#include "harness/provision/solv.h"
#include "profiler/base/errors.h"

namespace lab {
namespace {

const Pool* make_pool(int type) {
  Pool* made = pool_create();
  const int previous = pool_setdisttype(made, type);
  CHECK(previous >= 0, "libsolv was built without the order of versions number {}", type);
  return made;
}

const Pool* pool_of(VersionOrder order) {
  // Made once, never freed, and only read afterwards: usable from every thread.
  static const std::array<const Pool*, 3> pools = {make_pool(DISTTYPE_DEB), make_pool(DISTTYPE_RPM),
                                                   make_pool(DISTTYPE_ARCH)};
  return pools[static_cast<size_t>(order)];
}

constexpr std::array<std::string_view, 3> kOrders = {"debian", "rpm", "arch"};

}  // namespace

std::string_view name_of(VersionOrder order) {
  return kOrders[static_cast<size_t>(order)];
}

VersionOrder version_order(std::string_view name) {
  for (size_t i = 0; i < kOrders.size(); ++i)
    if (kOrders[i] == name) return static_cast<VersionOrder>(i);
  return VersionOrder::Debian;
}

std::strong_ordering compare_versions(std::string_view left, std::string_view right,
                                      VersionOrder order) {
  const int result = pool_evrcmp_str(pool_of(order), std::string(left).c_str(),
                                     std::string(right).c_str(), EVRCMP_COMPARE);
  return result <=> 0;
}

std::array<unsigned long, 3> upstream_numbers(std::string_view version) {
  if (const size_t colon = version.find(':'); colon != std::string_view::npos)
    version.remove_prefix(colon + 1);
  std::array<unsigned long, 3> numbers{};
  const char* next = version.data();
  const char* const end = next + version.size();
  for (unsigned long& number : numbers) {
    const auto read = std::from_chars(next, end, number);
    if (read.ec != std::errc() || read.ptr == end || *read.ptr != '.') break;
    next = read.ptr + 1;
  }
  return numbers;
}

std::string source_version(std::string_view version) {
  for (const std::string_view mark : {"~bpo", "~deb"})
    if (const size_t at = version.rfind(mark); at != std::string_view::npos)
      return std::string(version.substr(0, at));
  return std::string(version);
}

}  // namespace lab
