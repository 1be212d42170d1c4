// A file is never changed: its user may need it as it is. The copy has the same chunks in the same
// order, each sealed anew, since a chunk's number is under its checksum; the names go before the
// last tally, because nothing may stand between that and the ending.

#include "profiler/store/copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"
#include "profiler/store/tables.h"
#include "profiler/store/varint.h"

namespace thaw {

namespace {

struct Piece {
  ChunkView chunk;
  bool follows_damage = false;
};

/// What can be read of it.
std::vector<Piece> pieces_of(std::string_view file) {
  std::vector<Piece> pieces;
  uint64_t next_sequence = 0;
  for (size_t offset = 0; offset < file.size();) {
    const auto chunk = next_chunk(file, offset);
    if (!chunk) {
      // A killed recorder's last chunk: the end of the copy is a place of damage too.
      pieces.push_back({{}, true});
      break;
    }
    pieces.push_back({*chunk, chunk->offset != offset || chunk->header.sequence != next_sequence});
    next_sequence = uint64_t{chunk->header.sequence} + 1;
    offset = chunk->end();
  }
  return pieces;
}

bool is_type(const Piece& piece, ChunkType type) {
  return piece.chunk.header.type == static_cast<uint8_t>(type);
}

/// Which piece the names go before.
size_t place_for_names(const std::vector<Piece>& pieces) {
  const size_t count = pieces.size();
  const bool has_ending = count >= 2 && is_type(pieces[count - 1], ChunkType::ending) &&
                          is_type(pieces[count - 2], ChunkType::tally);
  if (has_ending) return count - 2;
  return count > 0 && is_type(pieces[count - 1], ChunkType::ending) ? count - 1 : count;
}

class Copier {
 public:
  Copier(UniqueFd fd, const CopyOptions& options) : fd_(std::move(fd)), options_(options) {}

  Status copy(const Piece& piece);
  Status write_names();
  Result<CopySummary> finish();

 private:
  Status write(ChunkType type, std::string_view payload);
  void leave_gap();

  UniqueFd fd_;
  const CopyOptions& options_;
  ChunkOpener opener_;
  ChunkSealer sealer_;
  CopySummary summary_;
  std::string header_;    ///< as in the original
  bool has_gap_ = false;  ///< behind the last chunk
};

void Copier::leave_gap() {
  sealer_.skip(1);
  has_gap_ = true;
}

Status Copier::write(ChunkType type, std::string_view payload) {
  if (type == ChunkType::header && header_.empty()) header_ = payload;
  std::optional<std::string> changed;
  if (options_.change) {
    changed = options_.change(type, payload);
    if (!changed || changed->size() > kMaxPayloadBytes) {
      summary_.chunks_left_out++;
      return {};
    }
    payload = *changed;
  }
  const std::string_view chunk = sealer_.seal(type, payload);
  summary_.bytes += chunk.size();
  has_gap_ = false;
  return write_all(fd_.get(), chunk);
}

Status Copier::copy(const Piece& piece) {
  if (piece.follows_damage) leave_gap();
  if (piece.chunk.payload.data() == nullptr) return {};
  const ChunkHeader& header = piece.chunk.header;
  const auto type = static_cast<ChunkType>(header.type);
  if (type == ChunkType::names) return {};
  const bool is_ours = header.version == kFormatVersion && header.flags == 0;
  const auto payload = is_ours ? opener_.open(piece.chunk) : std::nullopt;
  if (payload) return write(type, *payload);
  summary_.chunks_left_out++;
  leave_gap();
  return {};
}

Status Copier::write_names() {
  for (const NamedImage& image : options_.names) TRY(write(ChunkType::names, encode(image)));
  return {};
}

/// A gap shows by the chunk behind it.
Result<CopySummary> Copier::finish() {
  if (has_gap_) TRY(write(ChunkType::header, header_));
  if (::fsync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS)
    return fail_errno(errno, "cannot sync");
  if (::close(fd_.release()) != 0) return fail_errno(errno, "cannot close");
  return summary_;
}

Result<CopySummary> copy_pieces(const std::vector<Piece>& pieces, UniqueFd fd,
                                const CopyOptions& options) {
  Copier copier(std::move(fd), options);
  const size_t names_at = place_for_names(pieces);
  for (size_t i = 0; i < pieces.size(); i++) {
    if (i == names_at) TRY(copier.write_names());
    TRY(copier.copy(pieces[i]));
  }
  if (names_at == pieces.size()) TRY(copier.write_names());
  return copier.finish();
}

}  // namespace

Result<CopySummary> copy_capture(std::string_view file, const std::filesystem::path& path,
                                 const CopyOptions& options) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.is_valid() && errno == EEXIST)
    return fail(ErrorKind::User, "{} is there already; choose another name with -o", path.string());
  if (!fd.is_valid()) return fail_errno(errno, fmt::format("cannot create {}", path.string()));
  auto copied = copy_pieces(pieces_of(file), std::move(fd), options);
  if (copied) return copied;
  ::unlink(path.c_str());
  return std::unexpected(with_context(std::move(copied).error(), path.string()));
}

std::optional<std::string> change_strings(
    std::string_view payload,
    const std::function<std::string(uint32_t, std::string_view)>& change) {
  StringTable table;
  if (!table.add(payload)) return std::nullopt;
  ByteReader reader(payload);
  const auto first_id = static_cast<uint32_t>(reader.varint());
  const uint64_t count = reader.varint();
  PendingStrings changed;
  for (uint64_t i = 0; i < count; i++) {
    const auto id = static_cast<uint32_t>(first_id + i);
    changed.add(id, change(id, table.get(id)));
    if (changed.bytes() > kMaxPayloadBytes / 2) return std::nullopt;
  }
  return count == 0 ? std::string(payload) : changed.take();
}

}  // namespace thaw
