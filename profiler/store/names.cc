// Names of places ↔ protobuf wire format. FORMAT.md lists the same numbers.
//
// Not symbol tables but answers: inlined functions, lines, names made from unwind tables and those
// of debug packages all come out as they would here, and a library of 100 MB costs what was seen of
// it.

#include "profiler/store/names.h"

#include <algorithm>

#include "profiler/base/pbf.h"

namespace thaw {

namespace {

constexpr size_t kPieceBytes = 4 << 20;
constexpr size_t kLongestText = 4 * 1024;
constexpr size_t kMostFrames = 256;

enum class ImageField : protozero::pbf_tag_type { path = 1, build_id = 2, function = 3, place = 4 };
enum class FunctionField : protozero::pbf_tag_type { name = 1, file = 2, line = 3 };
enum class PlaceField : protozero::pbf_tag_type { file_offset = 1, functions = 2, lines = 3 };

NamedFunction decode_function(protozero::data_view bytes) {
  NamedFunction function;
  protozero::pbf_message<FunctionField> message(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_in(FunctionField::name):
        function.name = message.get_string();
        break;
      case bytes_in(FunctionField::file):
        function.file = message.get_string();
        break;
      case number_in(FunctionField::line):
        function.line = message.get_uint32();
        break;
      default:
        message.skip();
    }
  }
  return function;
}

void decode_place(protozero::data_view bytes, NamedImage& image) {
  NamedImage::Place place{.first_frame = static_cast<uint32_t>(image.frames.size())};
  protozero::iterator_range<protozero::pbf_reader::const_uint32_iterator> functions, lines;
  protozero::pbf_message<PlaceField> message(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case number_in(PlaceField::file_offset):
        place.file_offset = message.get_uint64();
        break;
      case bytes_in(PlaceField::functions):
        functions = message.get_packed_uint32();
        break;
      case bytes_in(PlaceField::lines):
        lines = message.get_packed_uint32();
        break;
      default:
        message.skip();
    }
  }
  auto line = lines.begin();
  for (const uint32_t function : functions) {
    if (line == lines.end() || image.frames.size() == kMaxNamedFrames) throw protozero::exception{};
    image.frames.push_back({function, *line++});
  }
  image.places.push_back(place);
}

/// What encode() never writes.
bool makes_sense(const NamedImage& image) {
  const auto is_there = [&](const NamedFrame& frame) {
    return frame.function < image.functions.size();
  };
  return std::ranges::all_of(image.frames, is_there) &&
         std::ranges::is_sorted(image.places, std::ranges::less_equal(),
                                &NamedImage::Place::file_offset);
}

}  // namespace

std::span<const NamedFrame> NamedImage::at(uint64_t file_offset) const {
  const auto place = std::ranges::lower_bound(places, file_offset, {}, &Place::file_offset);
  if (place == places.end() || place->file_offset != file_offset) return {};
  const size_t end = place + 1 == places.end() ? frames.size() : (place + 1)->first_frame;
  return std::span(frames).subspan(place->first_frame, end - place->first_frame);
}

NamedImageBuilder::NamedImageBuilder(std::string path, std::string build_id) {
  pieces_.push_back({.path = std::move(path),
                     .build_id = std::move(build_id),
                     .functions = {},
                     .places = {},
                     .frames = {}});
}

void NamedImageBuilder::begin_piece() {
  pieces_.push_back({.path = pieces_.front().path,
                     .build_id = pieces_.front().build_id,
                     .functions = {},
                     .places = {},
                     .frames = {}});
  ids_.clear();
  bytes_ = 0;
}

uint32_t NamedImageBuilder::intern(NamedFunction function) {
  function.name.resize(std::min(function.name.size(), kLongestText));
  function.file.resize(std::min(function.file.size(), kLongestText));
  auto& functions = pieces_.back().functions;
  const auto [entry, is_new] =
      ids_.try_emplace(std::move(function), static_cast<uint32_t>(functions.size()));
  if (is_new) {
    functions.push_back(entry->first);
    bytes_ += entry->first.name.size() + entry->first.file.size() + 16;
  }
  return entry->second;
}

void NamedImageBuilder::add(uint64_t file_offset, std::span<const Frame> frames) {
  frames = frames.first(std::min(frames.size(), kMostFrames));
  const auto is_full = [&](const NamedImage& piece) {
    return bytes_ > kPieceBytes || piece.places.size() == kMaxNamedPlaces ||
           piece.functions.size() + frames.size() > kMaxNamedFunctions ||
           piece.frames.size() + frames.size() > kMaxNamedFrames;
  };
  if (is_full(pieces_.back())) begin_piece();
  NamedImage& piece = pieces_.back();
  piece.places.push_back({file_offset, static_cast<uint32_t>(piece.frames.size())});
  for (const Frame& frame : frames) {
    const uint32_t function = intern(frame.function);
    piece.frames.push_back({function, frame.line});
  }
  bytes_ += 12 + 8 * frames.size();
}

std::vector<NamedImage> NamedImageBuilder::take() && {
  return std::move(pieces_);
}

std::string encode(const NamedImage& image) {
  std::string bytes;
  protozero::pbf_builder<ImageField> message(bytes);
  message.add_string(ImageField::path, image.path);
  message.add_string(ImageField::build_id, image.build_id);
  for (const NamedFunction& function : image.functions) {
    protozero::pbf_builder<FunctionField> item(message, ImageField::function);
    item.add_string(FunctionField::name, function.name);
    item.add_string(FunctionField::file, function.file);
    item.add_uint32(FunctionField::line, function.line);
  }
  std::vector<uint32_t> functions, lines;
  for (const NamedImage::Place& place : image.places) {
    functions.clear();
    lines.clear();
    for (const NamedFrame& frame : image.at(place.file_offset)) {
      functions.push_back(frame.function);
      lines.push_back(frame.line);
    }
    protozero::pbf_builder<PlaceField> item(message, ImageField::place);
    item.add_uint64(PlaceField::file_offset, place.file_offset);
    item.add_packed_uint32(PlaceField::functions, functions.begin(), functions.end());
    item.add_packed_uint32(PlaceField::lines, lines.begin(), lines.end());
  }
  return bytes;
}

std::optional<NamedImage> decode_names(std::string_view bytes) {
  try {
    NamedImage image;
    protozero::pbf_message<ImageField> message({bytes.data(), bytes.size()});
    while (message.next()) {
      switch (message.tag_and_type()) {
        case bytes_in(ImageField::path):
          image.path = message.get_string();
          break;
        case bytes_in(ImageField::build_id):
          image.build_id = message.get_string();
          break;
        case bytes_in(ImageField::function):
          if (image.functions.size() == kMaxNamedFunctions) return std::nullopt;
          image.functions.push_back(decode_function(message.get_view()));
          break;
        case bytes_in(ImageField::place):
          if (image.places.size() == kMaxNamedPlaces) return std::nullopt;
          decode_place(message.get_view(), image);
          break;
        default:
          message.skip();
      }
    }
    return makes_sense(image) ? std::optional(std::move(image)) : std::nullopt;
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

}  // namespace thaw
