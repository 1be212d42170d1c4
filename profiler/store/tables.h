#pragma once
// Strings and stacks: each is stored once and referred to by a number. On the writing side
// Interner finds the number; on the reading side StringTable and StackTable give back what it
// stands for. Ids start at 1; a chunk says the first of the ids it carries, so a lost chunk costs
// only its own.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace thaw {

/// The strings and stacks of one chunk never take more: a reader can rely on it.
inline constexpr uint64_t kMaxChunkFrames = 128 * 1024;

/// Gives every distinct sequence of bytes a number. Keeps a 128-bit hash, not the bytes: with a
/// hundred million of them, two collide with a probability of 10^-23.
class Interner {
 public:
  explicit Interner(uint32_t first = 1) : next_(first) {}
  struct Found {
    uint32_t id;
    bool is_new;
  };
  Found intern(const void* bytes, size_t length);
  uint32_t size() const { return static_cast<uint32_t>(ids_.size()); }
  /// What comes again gets a new number. Numbers go on; half of them are enough for what is not
  /// forgotten yet, so that in the second half they begin again.
  void forget();

 private:
  struct Key {
    uint64_t low, high;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const { return key.low; }
  };
  boost::unordered_flat_map<Key, uint32_t, Hash> ids_;
  uint32_t next_;
};

/// New strings or stacks, waiting for their chunk.
class PendingStrings {
 public:
  bool is_empty() const { return lengths_.empty(); }
  size_t bytes() const { return text_.size() + 2 * lengths_.size(); }
  /// Ids must follow each other. `text` is at most kMaxStringBytes.
  void add(uint32_t id, std::string_view text);
  /// The payload of their chunk; nothing is pending afterwards.
  std::string take();

 private:
  uint32_t first_id_ = 0;
  std::vector<uint32_t> lengths_;
  std::string text_;
};

class PendingStacks {
 public:
  bool is_empty() const { return stacks_ == 0; }
  uint64_t frames() const { return frames_; }
  void add(uint32_t id, std::span<const uint64_t> stack);
  std::string take();

 private:
  uint32_t first_id_ = 0;
  uint32_t stacks_ = 0;
  uint64_t frames_ = 0;
  std::vector<uint64_t> last_;
  std::string bytes_;
};

/// Longer strings are cut: the longest that Thaw stores itself are kernel log lines.
inline constexpr size_t kMaxStringBytes = 64 * 1024;
/// Frames per stack; deeper ones lose their outer end. The kernel itself gives 127.
inline constexpr size_t kMaxStackFrames = 1024;

/// Which ids a file has, in runs: memory follows what is there, not how large an id claims to be.
class IdRuns {
 public:
  /// False when one of these ids is there already, or is 0, or is beyond 2^32.
  bool add(uint64_t first_id, uint64_t count, size_t first_index);
  /// Where the item with this id is in its table.
  std::optional<size_t> find(uint32_t id) const;

 private:
  struct Run {
    uint64_t count;
    size_t first_index;
  };
  std::map<uint64_t, Run> runs_;
};

class StringTable {
 public:
  /// Takes the payload of a strings chunk. False, and nothing taken, when it makes no sense.
  bool add(std::string_view payload);
  std::string_view get(uint32_t id) const;

 private:
  IdRuns runs_;
  std::vector<size_t> ends_;
  std::string text_;
};

class StackTable {
 public:
  bool add(std::string_view payload);
  std::span<const uint64_t> get(uint32_t id) const;

 private:
  IdRuns runs_;
  std::vector<size_t> ends_;
  std::vector<uint64_t> frames_;
};

}  // namespace thaw
