#pragma once
// The guest kernel's names for its addresses, as the agent sent them before the load.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab {

/// A function and how far into it an address lies.
struct Place {
  std::string_view function;
  uint64_t offset = 0;
  bool is_program = false;  ///< a BPF program; the function is its name
};

/// A BPF map of the guest.
struct GuestMap {
  uint32_t id = 0;
  uint32_t type = 0;  ///< enum bpf_map_type
  std::string name;
};

/// Immutable after parse(); what it returns points into it. The text, one line each:
///   ADDRESS NAME               a function or a variable of the kernel or a module
///   P ADDRESS BYTES NAME       a BPF program's code
///   M ID TYPE NAME             a BPF map
/// Addresses are hexadecimal. Lines of other shapes are skipped.
class Symbols {
 public:
  static Symbols parse(std::string_view text);

  bool is_empty() const { return functions_.empty(); }
  /// The function that holds the address; nothing for one that lies in none. A kernel function
  /// reaches to the next one, but no further than 1 MiB.
  std::optional<Place> find(uint64_t address) const;
  /// Where the first function behind the address begins; nothing when there is none.
  std::optional<uint64_t> after(uint64_t address) const;
  /// The address of a name; nothing when there is none.
  std::optional<uint64_t> address(std::string_view name) const;
  const std::vector<GuestMap>& maps() const { return maps_; }

 private:
  struct Entry {
    uint64_t start = 0;
    uint64_t bytes = 0;  ///< 0: to the next one
    uint32_t name_at = 0;
    uint32_t name_bytes = 0;
    bool is_program = false;
  };
  std::string_view name_of(const Entry& entry) const {
    return std::string_view(names_).substr(entry.name_at, entry.name_bytes);
  }
  void add(std::string_view line);

  std::string names_;
  std::vector<Entry> functions_;  ///< by address
  std::vector<GuestMap> maps_;
};

}  // namespace lab
