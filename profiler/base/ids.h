#pragma once
// Integers that cannot be mixed up. Thaw says pid for a process (the kernel's tgid) and tid for a
// thread (the kernel's pid); the translation happens once, in bpf/.

#include <compare>
#include <cstdint>
#include <functional>

#include <fmt/format.h>

namespace thaw {

template <class Tag, class Rep>
struct Id {
  Rep value{};

  constexpr Id() = default;
  constexpr explicit Id(Rep v) : value(v) {}
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

using Tid = Id<struct TidTag, int32_t>;
using Pid = Id<struct PidTag, int32_t>;
using CpuId = Id<struct CpuTag, uint32_t>;
/// Index of an interned stack in a capture; 0 means no stack.
using StackId = Id<struct StackTag, uint32_t>;
/// Index of an interned string in a capture; 0 means the empty string.
using StringId = Id<struct StringTag, uint32_t>;

}  // namespace thaw

template <class Tag, class Rep>
struct std::hash<thaw::Id<Tag, Rep>> {
  size_t operator()(const thaw::Id<Tag, Rep>& id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};

template <class Tag, class Rep>
struct fmt::formatter<thaw::Id<Tag, Rep>> : fmt::formatter<Rep> {
  template <class Context>
  auto format(const thaw::Id<Tag, Rep>& id, Context& context) const {
    return fmt::formatter<Rep>::format(id.value, context);
  }
};
