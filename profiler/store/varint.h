#pragma once
// Numbers of variable length, as FORMAT.md defines them: LEB128, and zigzag for signed ones. All
// arithmetic is modulo 2^64, so that no input can overflow.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thaw {

inline constexpr int kMaxVarintBytes = 10;

constexpr uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

/// Writes at `out`, which must have room for kMaxVarintBytes. Returns the byte after.
inline uint8_t* put_varint(uint8_t* out, uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<uint8_t>(value);
  return out;
}

/// Reads numbers from bytes that may be anything. After the first impossible read ok() is false and
/// every read gives 0, so that a decoder needs to ask once per item only.
class ByteReader {
 public:
  ByteReader() = default;
  explicit ByteReader(std::string_view bytes)
      : at_(reinterpret_cast<const uint8_t*>(bytes.data())), end_(at_ + bytes.size()) {}

  bool ok() const { return ok_; }
  bool is_empty() const { return at_ == end_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  uint8_t byte() {
    if (at_ == end_) return failed();
    return *at_++;
  }

  uint64_t varint() {
    if (at_ != end_ && *at_ < 0x80) return *at_++;
    uint64_t value = 0;
    for (int shift = 0; shift < 7 * kMaxVarintBytes; shift += 7) {
      if (at_ == end_) return failed();
      const uint8_t next = *at_++;
      value |= uint64_t{next & 0x7fu} << shift;
      if (next < 0x80) return value;
    }
    return failed();
  }

  int64_t signed_varint() { return unzigzag(varint()); }

  /// The next `count` bytes; a view into what the reader was made of.
  std::string_view bytes(uint64_t count) {
    if (count > left()) {
      failed();
      return {};
    }
    const std::string_view result(reinterpret_cast<const char*>(at_), count);
    at_ += count;
    return result;
  }

 private:
  uint8_t failed() {
    ok_ = false;
    at_ = end_;
    return 0;
  }

  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  bool ok_ = true;
};

}  // namespace thaw
