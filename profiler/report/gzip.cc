// One member, made in memory by zlib in pieces: an export may be larger than what zlib counts in
// one call.

#include "profiler/report/gzip.h"

#include <algorithm>
#include <limits>

#include <zlib.h>

#include "profiler/base/errors.h"

namespace thaw {

std::string gzip(std::string_view bytes) {
  constexpr int kGzip = 16;  // added to the window's size: a gzip header, not zlib's own
  z_stream stream{};
  const int begun = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzip, 8,
                                 Z_DEFAULT_STRATEGY);
  CHECK(begun == Z_OK, "deflateInit2: {}", begun);
  std::string out;
  std::string piece(256 * 1024, '\0');
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    if (stream.avail_in == 0) {
      const size_t taken = std::min<size_t>(bytes.size(), std::numeric_limits<uInt>::max() / 2);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream.avail_in = static_cast<uInt>(taken);
      bytes.remove_prefix(taken);
    }
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    CHECK(state == Z_OK || state == Z_STREAM_END, "deflate: {}", state);
    out.append(piece, 0, piece.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

}  // namespace thaw
