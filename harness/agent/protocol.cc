// The frame of the agent's protocol, for both ends. The checksum is there because a virtio-serial
// port has no framing of its own and a guest that crashes stops in the middle of a write: what
// follows a torn frame must not be taken for data.

#include "harness/agent/protocol.h"

#include <bit>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace lab {

namespace {

static_assert(std::endian::native == std::endian::little, "frames are written as they are");

constexpr std::string_view kMark = "THA";
constexpr size_t kCheckedFrom = 4;  // type, zeros, length
constexpr size_t kSumAt = 12;

void put32(char* at, uint32_t value) {
  std::memcpy(at, &value, sizeof value);
}

uint32_t get32(const char* at) {
  uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

uint32_t checksum(const char* header, std::string_view payload) {
  XXH32_state_t state;
  XXH32_reset(&state, 0);
  XXH32_update(&state, header + kCheckedFrom, kSumAt - kCheckedFrom);
  XXH32_update(&state, payload.data(), payload.size());
  return XXH32_digest(&state);
}

}  // namespace

std::string encode(FrameType type, std::string_view payload) {
  std::string frame(kFrameHeaderBytes, '\0');
  std::memcpy(frame.data(), kMark.data(), kMark.size());
  frame[kMark.size()] = kProtocolVersion;
  frame[kCheckedFrom] = static_cast<char>(type);
  put32(frame.data() + 8, static_cast<uint32_t>(payload.size()));
  put32(frame.data() + kSumAt, checksum(frame.data(), payload));
  frame += payload;
  return frame;
}

void FrameReader::skip(size_t bytes) {
  at_ += bytes;
  skipped_bytes_ += bytes;
}

std::optional<Frame> FrameReader::next() {
  // Consumed bytes are dropped in pieces: once per frame would make a long file quadratic.
  if (at_ > 65536) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  while (buffer_.size() - at_ >= kFrameHeaderBytes) {
    const std::string_view left = std::string_view(buffer_).substr(at_);
    if (!left.starts_with(kMark)) {
      const size_t mark = left.find(kMark, 1);
      // The last two bytes may be the beginning of a mark.
      skip(mark == std::string_view::npos ? left.size() - (kMark.size() - 1) : mark);
      continue;
    }
    if (left[kMark.size()] != kProtocolVersion) {
      foreign_version_ = static_cast<unsigned char>(left[kMark.size()]);
      skip(kMark.size());
      continue;
    }
    const uint32_t length = get32(left.data() + 8);
    // Checked before the sum is: a length that is damage would make the reader wait for bytes that
    // never come.
    if (length > kMaxFrameBytes ||
        left.substr(kCheckedFrom + 1, 3) != std::string_view("\0\0\0", 3)) {
      skip(kMark.size());
      continue;
    }
    if (left.size() < kFrameHeaderBytes + length) return std::nullopt;
    const std::string_view payload = left.substr(kFrameHeaderBytes, length);
    if (checksum(left.data(), payload) != get32(left.data() + kSumAt)) {
      skip(kMark.size());
      continue;
    }
    Frame frame{static_cast<FrameType>(left[kCheckedFrom]), std::string(payload)};
    at_ += kFrameHeaderBytes + length;
    return frame;
  }
  return std::nullopt;
}

}  // namespace lab
