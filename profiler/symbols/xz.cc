// In pieces, so that memory follows what comes out and not what a header claims.

#include "profiler/symbols/xz.h"

#include <lzma.h>

#include <algorithm>

namespace thaw {

namespace {

constexpr size_t kPieceBytes = 1 << 20;

struct Decoder {
  lzma_stream stream = LZMA_STREAM_INIT;
  ~Decoder() { lzma_end(&stream); }
};

}  // namespace

std::optional<std::string> decompress_xz(std::string_view compressed, size_t most_bytes) {
  Decoder decoder;
  lzma_stream& stream = decoder.stream;
  if (lzma_stream_decoder(&stream, most_bytes, 0) != LZMA_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<const uint8_t*>(compressed.data());
  stream.avail_in = compressed.size();
  std::string out;
  while (true) {
    const size_t room = std::min(kPieceBytes, most_bytes - out.size());
    if (room == 0) return std::nullopt;
    const size_t before = out.size();
    out.resize(before + room);
    stream.next_out = reinterpret_cast<uint8_t*>(out.data()) + before;
    stream.avail_out = room;
    const lzma_ret result = lzma_code(&stream, LZMA_FINISH);
    out.resize(before + room - stream.avail_out);
    if (result == LZMA_STREAM_END) return out;
    if (result != LZMA_OK || (stream.avail_out != 0 && stream.avail_in == 0)) return std::nullopt;
  }
}

}  // namespace thaw
