// Numbers for strings and stacks, and their chunks.
//
// Stacks are written root first, each as what differs from the stack before it: stacks of one
// program share their outer frames, and a return address lies near its caller's.

#include "profiler/store/tables.h"

#include <algorithm>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "profiler/base/errors.h"
#include "profiler/store/varint.h"

namespace thaw {
namespace {

void append_varint(std::string& out, uint64_t value) {
  uint8_t bytes[kMaxVarintBytes];
  const uint8_t* const end = put_varint(bytes, value);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(end - bytes));
}

int64_t difference(uint64_t a, uint64_t b) {
  return static_cast<int64_t>(a - b);
}

}  // namespace

Interner::Found Interner::intern(const void* bytes, size_t length) {
  const XXH128_hash_t hash = XXH3_128bits(bytes, length);
  const auto [place, is_new] = ids_.try_emplace(Key{hash.low64, hash.high64}, next_);
  if (is_new) next_++;
  return {place->second, is_new};
}

void Interner::forget() {
  ids_ = decltype(ids_)();  // gives its memory back, as {} would not
  if (next_ > uint32_t{1} << 31) next_ = 1;
}

void PendingStrings::add(uint32_t id, std::string_view text) {
  if (lengths_.empty()) first_id_ = id;
  CHECK(id == first_id_ + lengths_.size(), "string {} after {}", id, first_id_);
  lengths_.push_back(static_cast<uint32_t>(text.size()));
  text_ += text;
}

std::string PendingStrings::take() {
  std::string payload;
  append_varint(payload, first_id_);
  append_varint(payload, lengths_.size());
  for (const uint32_t length : lengths_) append_varint(payload, length);
  payload += text_;
  lengths_.clear();
  text_.clear();
  return payload;
}

void PendingStacks::add(uint32_t id, std::span<const uint64_t> stack) {
  if (stacks_ == 0) first_id_ = id;
  CHECK(id == first_id_ + stacks_, "stack {} after {}", id, first_id_);
  stacks_++;
  frames_ += stack.size();
  const auto shared = static_cast<size_t>(
      std::ranges::mismatch(stack.rbegin(), stack.rend(), last_.rbegin(), last_.rend()).in1 -
      stack.rbegin());
  append_varint(bytes_, shared);
  append_varint(bytes_, stack.size() - shared);
  uint64_t caller = shared == 0 ? 0 : stack[stack.size() - shared];
  for (size_t at = stack.size() - shared; at-- > 0;) {
    append_varint(bytes_, zigzag(difference(stack[at], caller)));
    caller = stack[at];
  }
  last_.assign(stack.begin(), stack.end());
}

std::string PendingStacks::take() {
  std::string payload;
  append_varint(payload, first_id_);
  append_varint(payload, stacks_);
  payload += bytes_;
  stacks_ = 0;
  frames_ = 0;
  last_.clear();
  bytes_.clear();
  return payload;
}

bool IdRuns::add(uint64_t first_id, uint64_t count, size_t first_index) {
  constexpr uint64_t kIds = uint64_t{1} << 32;
  if (first_id == 0 || first_id >= kIds || count > kIds - first_id) return false;
  if (count == 0) return true;
  const auto next = runs_.lower_bound(first_id);
  if (next != runs_.end() && next->first < first_id + count) return false;
  if (next != runs_.begin()) {
    const auto& [first, run] = *std::prev(next);
    if (first + run.count > first_id) return false;
  }
  if (next != runs_.begin()) {
    auto& [first, run] = *std::prev(next);
    if (first + run.count == first_id && run.first_index + run.count == first_index) {
      run.count += count;  // a whole file is one run
      return true;
    }
  }
  runs_.emplace_hint(next, first_id, Run{count, first_index});
  return true;
}

std::optional<size_t> IdRuns::find(uint32_t id) const {
  auto after = runs_.upper_bound(id);
  if (after == runs_.begin()) return std::nullopt;
  const auto& [first, run] = *std::prev(after);
  if (id - first >= run.count) return std::nullopt;
  return run.first_index + static_cast<size_t>(id - first);
}

bool StringTable::add(std::string_view payload) {
  ByteReader reader(payload);
  const uint64_t first_id = reader.varint();
  const uint64_t count = reader.varint();
  if (count > reader.left()) return false;  // each has a length of a byte or more
  std::vector<size_t> ends;
  ends.reserve(count);
  size_t end = text_.size();
  uint64_t total = 0;
  for (uint64_t i = 0; i < count; i++) {
    const uint64_t length = reader.varint();
    if (!reader.ok() || length > payload.size()) return false;
    total += length;
    ends.push_back(end += length);
  }
  if (!reader.ok() || total != reader.left()) return false;
  if (!runs_.add(first_id, count, ends_.size())) return false;
  text_ += reader.bytes(total);
  ends_.insert(ends_.end(), ends.begin(), ends.end());
  return true;
}

std::string_view StringTable::get(uint32_t id) const {
  const auto index = runs_.find(id);
  if (!index) return {};
  const size_t start = *index == 0 ? 0 : ends_[*index - 1];
  return std::string_view(text_).substr(start, ends_[*index] - start);
}

namespace {

/// The next stack of a stacks chunk, root first, over the one before it. False when it makes no
/// sense.
bool read_stack(ByteReader& reader, std::vector<uint64_t>& stack) {
  const uint64_t shared = reader.varint();
  const uint64_t fresh = reader.varint();
  if (!reader.ok() || shared > stack.size() || fresh > kMaxStackFrames ||
      shared + fresh > kMaxStackFrames) {
    return false;
  }
  stack.resize(shared);
  for (uint64_t i = 0; i < fresh; i++) {
    const uint64_t caller = stack.empty() ? 0 : stack.back();
    stack.push_back(caller + static_cast<uint64_t>(reader.signed_varint()));
  }
  return reader.ok();
}

}  // namespace

bool StackTable::add(std::string_view payload) {
  ByteReader reader(payload);
  const uint64_t first_id = reader.varint();
  const uint64_t count = reader.varint();
  if (count > reader.left()) return false;
  std::vector<size_t> ends;
  std::vector<uint64_t> frames;
  std::vector<uint64_t> stack;
  for (uint64_t i = 0; i < count; i++) {
    if (!read_stack(reader, stack)) return false;
    frames.insert(frames.end(), stack.rbegin(), stack.rend());
    if (frames.size() > kMaxChunkFrames) return false;
    ends.push_back(frames_.size() + frames.size());
  }
  if (!reader.ok() || !reader.is_empty()) return false;
  if (!runs_.add(first_id, count, ends_.size())) return false;
  frames_.insert(frames_.end(), frames.begin(), frames.end());
  ends_.insert(ends_.end(), ends.begin(), ends.end());
  return true;
}

std::span<const uint64_t> StackTable::get(uint32_t id) const {
  const auto index = runs_.find(id);
  if (!index) return {};
  const size_t start = *index == 0 ? 0 : ends_[*index - 1];
  return std::span(frames_).subspan(start, ends_[*index] - start);
}

}  // namespace thaw
