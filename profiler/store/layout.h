#pragma once
// The frame around every piece of a capture file: chunk header, checksum, compression. What the
// payloads mean is in columns.h, tables.h and facts_coding.h. FORMAT.md is the specification.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thaw {

/// 8 bytes that no text file and no file mangled by a line-ending conversion has.
inline constexpr std::string_view kMagic{"\x89Thaw\r\n\x1a", 8};
inline constexpr uint8_t kFormatVersion = 0;
inline constexpr size_t kChunkHeaderBytes = 32;

/// A payload is never larger, compressed or not: a reader allocates at most this for any input. The
/// writer stays far below; the largest chunks it makes are 32,768 events or 1 MiB of stacks.
inline constexpr uint32_t kMaxPayloadBytes = 16 * 1024 * 1024;
/// The largest NR_CPUS of an x86-64 kernel. CPU numbers in a capture are below it.
inline constexpr uint32_t kMaxCpus = 8192;
/// Times of CLOCK_MONOTONIC and durations in a capture are from 0 to this, 146 years: whoever reads
/// them may add two and subtract any.
inline constexpr int64_t kMaxTimeNs = (int64_t{1} << 62) - 1;
constexpr bool is_time(int64_t ns) {
  return ns >= 0 && ns <= kMaxTimeNs;
}

/// Values are stored in files: append only.
enum class ChunkType : uint8_t {
  header = 1,
  events = 2,
  strings = 3,
  stacks = 4,
  tally = 5,
  ending = 6,
  mappings = 7,
  functions = 8,
  generated = 9,
  names = 10,
};

enum class Codec : uint8_t { stored = 0, zstd = 1 };

/// The fixed part in front of a payload.
struct ChunkHeader {
  uint8_t type = 0;  ///< a ChunkType, or one of a later version
  Codec codec = Codec::stored;
  uint8_t version = kFormatVersion;
  uint8_t flags = 0;  ///< none defined; a reader skips a chunk with a flag it does not know
  uint32_t payload_bytes = 0;  ///< as in the file
  uint32_t raw_bytes = 0;      ///< after decompression
  uint32_t sequence = 0;       ///< 0, 1, 2 … in file order
};

/// Makes chunks ready to be written. Keeps its buffers and the compressor between chunks.
class ChunkSealer {
 public:
  ChunkSealer();
  ChunkSealer(ChunkSealer&&) noexcept;
  ChunkSealer& operator=(ChunkSealer&&) noexcept;
  ~ChunkSealer();

  /// Header, checksum and compressed payload as one piece, valid until the next call. `payload` is
  /// at most kMaxPayloadBytes.
  std::string_view seal(ChunkType type, std::string_view payload);
  /// Gives a sealed chunk the number that follows: one that was held back, and others left out.
  void renumber(std::string& chunk);
  /// The next chunk gets number 0.
  void restart() { sequence_ = 0; }
  /// The next chunk follows `count` that are missing: a reader will say so.
  void skip(uint32_t count) { sequence_ += count; }

 private:
  struct Compressor;
  std::unique_ptr<Compressor> compressor_;
  std::vector<char> buffer_;
  uint32_t sequence_ = 0;
};

/// One undamaged chunk of a file.
struct ChunkView {
  ChunkHeader header;
  size_t offset = 0;  ///< of its first magic byte
  std::string_view payload;

  size_t end() const { return offset + kChunkHeaderBytes + payload.size(); }
};

/// The chunk at `offset`, if magic, lengths and checksum all hold.
std::optional<ChunkView> chunk_at(std::string_view file, size_t offset);

/// The first undamaged chunk at or after `offset`: how reading goes on behind damage.
std::optional<ChunkView> next_chunk(std::string_view file, size_t offset);

/// Undoes compression. Keeps its buffer and the decompressor between chunks.
class ChunkOpener {
 public:
  ChunkOpener();
  ~ChunkOpener();

  /// The payload as it was given to seal(), valid until the next call. Nothing when it is not
  /// exactly as long as the header says or the codec is unknown.
  std::optional<std::string_view> open(const ChunkView& chunk);

 private:
  struct Decompressor;
  std::unique_ptr<Decompressor> decompressor_;
  std::vector<char> buffer_;
};

}  // namespace thaw
