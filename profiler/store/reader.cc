// The reading end: walks the chunks of a file and puts together what is undamaged.
//
// Damage is expected (a killed recorder, a full disk, a bad sector) and never an error as long as
// one chunk is readable: the walk goes on at the next magic whose checksum holds. What was skipped
// is counted in bytes and places, and what is missing without a trace shows as a gap in the
// sequence numbers. A chunk whose checksum holds but whose payload makes no sense counts as damage
// too.

#include "profiler/store/reader.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <stdexcept>

#include "profiler/base/files.h"
#include "profiler/store/columns.h"
#include "profiler/store/facts_coding.h"
#include "profiler/store/layout.h"

namespace thaw {
namespace {

constexpr size_t kMaxReasons = 16;

/// False, and nothing appended, when there is nothing to append.
template <class Item>
bool append(std::optional<std::vector<Item>> items, std::vector<Item>& to) {
  if (!items) return false;
  to.insert(to.end(), std::make_move_iterator(items->begin()),
            std::make_move_iterator(items->end()));
  return true;
}

}  // namespace

/// One walk over a file.
class Capture::Loader {
 public:
  Loader(std::string_view file, Samples samples) : file_(file), samples_(samples) {}
  /// Hands frequent events over instead of keeping them, and lists their chunks.
  Loader(std::string_view file, const StreamedCapture::Visit& visit, std::vector<size_t>& chunks)
      : file_(file), samples_(Samples::among_events), visit_(&visit), chunks_(&chunks) {}

  /// False when there was not one readable chunk.
  bool walk();
  /// Why there was none, after the name of the file.
  std::string refusal() const;
  Capture take() { return std::move(capture_); }

 private:
  void skip(size_t from, size_t to);
  void check_sequence(const ChunkView& chunk);
  bool take_chunk(const ChunkView& chunk);
  bool take_events(std::string_view payload);
  bool hand_over_events(std::string_view payload);
  bool take_payload(const ChunkHeader& chunk, std::string_view payload);
  void report(uint64_t bytes, std::string reason);

  std::string_view file_;
  Samples samples_;
  const StreamedCapture::Visit* visit_ = nullptr;
  std::vector<size_t>* chunks_ = nullptr;
  size_t offset_ = 0;          ///< of the current chunk
  std::vector<Event> events_;  ///< of the current chunk
  Capture capture_;
  ChunkOpener opener_;
  uint64_t next_sequence_ = 0;
  bool was_damaged_ = false;  ///< right before the current chunk
  bool has_header_ = false;
  std::optional<uint64_t> tally_sequence_;  ///< of the chunk that the tally is from
  std::optional<uint8_t> other_version_;    ///< of a chunk that this version cannot read
  size_t readable_ = 0;
};

void Capture::Loader::report(uint64_t bytes, std::string reason) {
  Damage& damage = capture_.damage_;
  damage.bytes += bytes;
  damage.chunks++;
  if (damage.reasons.size() < kMaxReasons) damage.reasons.push_back(std::move(reason));
}

void Capture::Loader::skip(size_t from, size_t to) {
  if (from == to) return;
  was_damaged_ = true;
  report(to - from, to == file_.size()
                        ? fmt::format("the last {} bytes, from byte {} on, are no whole chunk",
                                      to - from, from)
                        : fmt::format("{} bytes from byte {} on are damaged", to - from, from));
}

/// Damage that left bytes behind was reported already.
void Capture::Loader::check_sequence(const ChunkView& chunk) {
  const uint64_t sequence = chunk.header.sequence;
  if (sequence != next_sequence_ && !was_damaged_) {
    report(0, sequence > next_sequence_
                  ? fmt::format("{} chunks before byte {} are missing", sequence - next_sequence_,
                                chunk.offset)
                  : fmt::format("the chunk at byte {} is out of order", chunk.offset));
  }
  next_sequence_ = sequence + 1;
  was_damaged_ = false;
}

bool Capture::Loader::take_events(std::string_view payload) {
  uint64_t& unknown = capture_.damage_.unknown_events;
  if (visit_ != nullptr) return hand_over_events(payload);
  if (samples_ == Samples::among_events) return decode_events(payload, capture_.events_, unknown);
  std::vector<Sample> samples;
  if (!decode_events(payload, capture_.events_, unknown, &samples)) return false;
  if (!samples.empty()) capture_.samples_.push_back(std::move(samples));
  return true;
}

bool Capture::Loader::hand_over_events(std::string_view payload) {
  events_.clear();
  if (!decode_events(payload, events_, capture_.damage_.unknown_events)) return false;
  const auto rest = std::stable_partition(
      events_.begin(), events_.end(), [](const Event& event) { return is_frequent(event.kind); });
  capture_.events_.insert(capture_.events_.end(), rest, events_.end());
  if (rest == events_.begin()) return true;
  chunks_->push_back(offset_);
  (*visit_)(std::span(events_.begin(), rest));
  return true;
}

bool Capture::Loader::take_payload(const ChunkHeader& chunk, std::string_view payload) {
  switch (static_cast<ChunkType>(chunk.type)) {
    case ChunkType::header: {
      auto header = decode_header(payload);
      if (header && !has_header_) capture_.header_ = std::move(*header);
      has_header_ |= header.has_value();
      return header.has_value();
    }
    case ChunkType::events:
      return take_events(payload);
    case ChunkType::strings:
      return capture_.strings_.add(payload);
    case ChunkType::stacks:
      return capture_.stacks_.add(payload);
    case ChunkType::tally: {
      auto tally = decode_tally(payload);
      if (!tally) return false;
      capture_.tally_ = std::move(*tally);
      tally_sequence_ = chunk.sequence;
      return true;
    }
    case ChunkType::ending: {
      auto ending = decode_ending(payload);
      if (!ending) return false;
      capture_.ending_ = std::move(*ending);
      // The writer puts nothing between the last tally and the ending.
      capture_.has_last_tally_ = tally_sequence_ && *tally_sequence_ + 1 == chunk.sequence;
      return true;
    }
    case ChunkType::mappings:
      return append(decode_mappings(payload), capture_.mappings_);
    case ChunkType::functions:
      return append(decode_functions(payload), capture_.functions_);
    case ChunkType::generated:
      return append(decode_generated(payload), capture_.generated_);
    case ChunkType::names: {
      auto names = decode_names(payload);
      if (!names) return false;
      capture_.names_.push_back(std::move(*names));
      return true;
    }
  }
  return true;  // of a later version: not damaged, and nothing for us
}

/// False for a chunk that this version cannot read.
bool Capture::Loader::take_chunk(const ChunkView& chunk) {
  if (chunk.header.version != kFormatVersion || chunk.header.flags != 0) {
    if (chunk.header.version != kFormatVersion) other_version_ = chunk.header.version;
    report(chunk.end() - chunk.offset,
           fmt::format("the chunk at byte {} is of format version {}, flags {}; this is version {}",
                       chunk.offset, chunk.header.version, chunk.header.flags, kFormatVersion));
    return false;
  }
  const auto payload = opener_.open(chunk);
  if (payload && take_payload(chunk.header, *payload)) return true;
  report(chunk.end() - chunk.offset,
         fmt::format("the chunk at byte {} makes no sense", chunk.offset));
  return false;
}

bool Capture::Loader::walk() {
  size_t offset = 0;
  while (offset < file_.size()) {
    const auto chunk = next_chunk(file_, offset);
    skip(offset, chunk ? chunk->offset : file_.size());
    if (!chunk) break;
    check_sequence(*chunk);
    offset_ = chunk->offset;
    if (take_chunk(*chunk)) readable_++;
    offset = chunk->end();
  }
  std::ranges::sort(capture_.functions_, {}, &KernelFunction::address);
  if (readable_ != 0 && !has_header_) report(0, "no header is readable: kernel and clock unknown");
  return readable_ != 0;
}

std::string Capture::Loader::refusal() const {
  if (file_.empty()) return "is empty";
  if (other_version_) {
    return fmt::format(
        "is a capture of format version {}, this thaw reads version {}; use the thaw that made it",
        *other_version_, kFormatVersion);
  }
  if (file_.find(kMagic.substr(0, 5)) == std::string_view::npos) return "is not a Thaw capture";
  return "is damaged: not one part of it is readable";
}

Result<Capture> Capture::walked(Loader loader, std::string_view name) {
  try {
    if (loader.walk()) return loader.take();
    return fail(ErrorKind::Corrupt, "{} {}", name, loader.refusal());
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::Environment, "{} does not fit into memory", name);
  } catch (const std::length_error&) {
    return fail(ErrorKind::Environment, "{} does not fit into memory", name);
  }
}

Result<Capture> Capture::parse(std::string_view bytes, std::string_view name, Samples samples) {
  return walked(Loader(bytes, samples), name);
}

std::string_view Capture::text(StringId id) const {
  return strings_.get(id.value);
}

std::span<const uint64_t> Capture::stack(StackId id) const {
  return stacks_.get(id.value);
}

Result<Capture> Capture::load(const std::filesystem::path& path, Samples samples) {
  const std::string bytes = TRY(read_file(path));
  return parse(bytes, path.string(), samples);
}

Result<StreamedCapture> StreamedCapture::parse(std::string bytes, std::string_view name,
                                               const Visit& visit) {
  StreamedCapture streamed;
  streamed.bytes_ = std::make_unique<std::string>(std::move(bytes));
  streamed.capture_ = std::make_unique<Capture>(
      TRY(Capture::walked(Capture::Loader(*streamed.bytes_, visit, streamed.chunks_), name)));
  return streamed;
}

Result<StreamedCapture> StreamedCapture::open(const std::filesystem::path& path,
                                              const Visit& visit) {
  return parse(TRY(read_file(path)), path.string(), visit);
}

void StreamedCapture::visit(size_t chunk, const Visit& visit) const {
  ChunkOpener opener;
  std::vector<Event> events;
  uint64_t unknown = 0;
  const auto view = chunk_at(*bytes_, chunks_[chunk]);
  const auto payload = view ? opener.open(*view) : std::nullopt;
  if (!payload || !decode_events(*payload, events, unknown)) return;  // was readable before
  std::erase_if(events, [](const Event& event) { return !is_frequent(event.kind); });
  visit(events);
}

}  // namespace thaw
