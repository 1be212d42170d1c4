#pragma once
// Reads a capture file whole: every undamaged chunk, and how much was damaged.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/store/event.h"
#include "profiler/store/facts.h"
#include "profiler/store/images.h"
#include "profiler/store/names.h"
#include "profiler/store/sample.h"
#include "profiler/store/tables.h"

namespace thaw {

/// What the reader had to skip. A truncated last chunk is normal for a killed capture and still
/// counted here.
struct Damage {
  uint64_t bytes = 0;                ///< bytes of the file that could not be used
  uint64_t chunks = 0;               ///< damaged places; a chunk missing without a trace is one too
  uint64_t unknown_events = 0;       ///< of kinds of a later version: undamaged, left out
  std::vector<std::string> reasons;  ///< one sentence each, at most the first 16
};

/// Where the samples of a capture are.
enum class Samples : uint8_t {
  among_events,
  apart,  ///< with each_sample() alone: a third of the memory, for who needs no order with the rest
};

/// A capture in memory. Immutable after load(); any number of threads may read it.
class Capture {
 public:
  /// Fails with Corrupt when not one chunk is readable, with Environment when the file cannot be
  /// read or does not fit into memory. A damaged chunk costs that chunk: interned strings and
  /// stacks it carried read as "" and empty; without any readable header chunk the header is empty.
  /// Events of CPUs ≥ kMaxCpus (layout.h) or of unknown kinds never come out of here; times and
  /// durations are from 0 to kMaxTimeNs.
  static Result<Capture> load(const std::filesystem::path& path,
                              Samples samples = Samples::among_events);
  static Result<Capture> parse(std::string_view bytes, std::string_view name,
                               Samples samples = Samples::among_events);

  const Header& header() const { return header_; }
  /// The last readable tally; absent when the capture was killed before the first one.
  const std::optional<Tally>& tally() const { return tally_; }
  /// Whether tally() is the one written at the very end: it then covers every event of the file.
  /// False without an ending, and when damage has taken the last tally.
  bool has_last_tally() const { return has_last_tally_; }
  /// Absent when the capture did not end properly: it is then incomplete.
  const std::optional<Ending>& ending() const { return ending_; }
  const Damage& damage() const { return damage_; }
  /// In file order: ordered within each CPU, not between CPUs; see analysis/merge.h.
  const std::vector<Event>& events() const { return events_; }
  /// Of each chunk; none when they are among the events.
  const std::vector<std::vector<Sample>>& samples_apart() const { return samples_; }
  /// Calls `visit` with every Sample, wherever they are, in file order.
  template <class Visit>
  void each_sample(Visit visit) const {
    for (const std::vector<Sample>& chunk : samples_)
      for (const Sample& sample : chunk) visit(sample);
    for (const Event& event : events_)
      if (event.kind == EventKind::sample) visit(sample_of(event));
  }

  /// In file order.
  const std::vector<Mapping>& mappings() const { return mappings_; }
  /// Those in which a frame of the capture lies, by address. Empty when the capture was killed.
  const std::vector<KernelFunction>& functions() const { return functions_; }
  /// In which a frame of the capture lies, in file order.
  const std::vector<GeneratedFunction>& generated() const { return generated_; }
  /// Of `thaw pack`: every file in which a frame lies, some in several pieces. Empty otherwise.
  const std::vector<NamedImage>& names() const { return names_; }

  std::string_view text(StringId id) const;
  std::span<const uint64_t> stack(
      StackId id) const;  ///< leaf first; empty for 0 or when its chunk was damaged

 private:
  class Loader;
  friend class StreamedCapture;
  static Result<Capture> walked(Loader loader, std::string_view name);
  Header header_;
  std::optional<Tally> tally_;
  bool has_last_tally_ = false;
  std::optional<Ending> ending_;
  Damage damage_;
  std::vector<Event> events_;
  std::vector<std::vector<Sample>> samples_;  ///< by chunk: a large vector is copied as it grows
  std::vector<Mapping> mappings_;
  std::vector<KernelFunction> functions_;
  std::vector<GeneratedFunction> generated_;
  std::vector<NamedImage> names_;
  StringTable strings_;
  StackTable stacks_;
};

/// A capture whose frequent events stay in its file, for those who take them chunk by chunk and
/// need not hold them all: ten million events are 640 MB.
class StreamedCapture {
 public:
  /// Events of one chunk: of each CPU in order, between CPUs not. Valid during the call.
  using Visit = std::function<void(std::span<const Event>)>;

  /// Fails as Capture::load(). `visit` is called with the frequent events of each chunk, in file
  /// order.
  static Result<StreamedCapture> open(const std::filesystem::path& path, const Visit& visit);
  static Result<StreamedCapture> parse(std::string bytes, std::string_view name,
                                       const Visit& visit);
  StreamedCapture(StreamedCapture&&) noexcept = default;
  StreamedCapture& operator=(StreamedCapture&&) noexcept = default;

  /// Everything but frequent events; see is_frequent(). Not moved with this object.
  const Capture& capture() const { return *capture_; }
  size_t chunks() const { return chunks_.size(); }
  /// Once more: the frequent events of one chunk. Chunks are as `visit` had them.
  void visit(size_t chunk, const Visit& visit) const;
  /// The file is not needed any more.
  void drop() { bytes_.reset(), chunks_.clear(); }

 private:
  StreamedCapture() = default;
  std::unique_ptr<std::string> bytes_;  ///< its address stays when this object moves
  std::unique_ptr<Capture> capture_;
  std::vector<size_t> chunks_;  ///< where the readable ones with frequent events begin
};

}  // namespace thaw
