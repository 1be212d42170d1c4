#pragma once
// Names that a capture brings along, so that they are the same on every machine: what was found at
// each place of a file in which a recorded frame lies. Written by `thaw pack`, read by analysis.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thaw {

struct NamedFunction {
  std::string name;   ///< for people, demangled
  std::string file;   ///< where its source stands; "" unknown
  uint32_t line = 0;  ///< its first; 0 unknown

  friend auto operator<=>(const NamedFunction&, const NamedFunction&) = default;
};

/// One function of a place: the innermost of what is inlined there first, the real one last.
struct NamedFrame {
  uint32_t function = 0;  ///< index into the image's functions
  uint32_t line = 0;      ///< of the place, or of the call of what is inlined; 0 unknown

  friend bool operator==(const NamedFrame&, const NamedFrame&) = default;
};

/// The names of one file, or a part of them. A place that it does not have has no name.
struct NamedImage {
  struct Place {
    uint64_t file_offset = 0;
    uint32_t first_frame = 0;  ///< in `frames`; they end where those of the next place begin
    friend bool operator==(const Place&, const Place&) = default;
  };
  std::string path;  ///< these two as in its mappings
  std::string build_id;
  std::vector<NamedFunction> functions;
  std::vector<Place> places;  ///< by offset
  std::vector<NamedFrame> frames;

  /// Empty when nothing is known of the place.
  std::span<const NamedFrame> at(uint64_t file_offset) const;
  friend bool operator==(const NamedImage&, const NamedImage&) = default;
};

/// Puts places together into pieces that each fit into a chunk.
class NamedImageBuilder {
 public:
  NamedImageBuilder(std::string path, std::string build_id);

  /// A frame with its function in full.
  struct Frame {
    NamedFunction function;
    uint32_t line = 0;
  };
  /// Offsets must come in order, each once. Names and files are cut at 4 KiB, frames at 256.
  void add(uint64_t file_offset, std::span<const Frame> frames);
  /// At least one, even without a place. The builder is spent after it.
  std::vector<NamedImage> take() &&;

 private:
  uint32_t intern(NamedFunction function);
  void begin_piece();

  std::vector<NamedImage> pieces_;
  std::map<NamedFunction, uint32_t> ids_;  ///< of the last piece
  size_t bytes_ = 0;                       ///< of the last piece, about
};

/// The payload of a chunk: one image or one piece of it.
std::string encode(const NamedImage& image);
/// Nothing for bytes that are no such payload.
std::optional<NamedImage> decode_names(std::string_view bytes);

/// A reader takes no more from one chunk.
inline constexpr size_t kMaxNamedPlaces = 65'536;
inline constexpr size_t kMaxNamedFunctions = 65'536;
inline constexpr size_t kMaxNamedFrames = 262'144;

}  // namespace thaw
