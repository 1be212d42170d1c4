// pprof's profile.proto (github.com/google/pprof, proto/profile.proto), gzipped as it is stored, or
// not. A location is an address with the functions there, inlined ones first: the last one's code
// it is. Who was sampled is not part of the format; the labels that are in use for it are read.

#include <map>

#include <zlib.h>

#include <protozero/pbf_message.hpp>

#include "profiler/base/pbf.h"
#include "profiler/profiles/builder.h"
#include "profiler/profiles/pprof_fields.h"
#include "profiler/profiles/reader.h"

namespace thaw {

namespace {

using namespace pprof;

/// A gigabyte of profile is none: the limit of what a small file may grow to.
constexpr size_t kMostBytes = size_t{1} << 30;

Result<std::string> gunzipped(std::string_view bytes) {
  if (!bytes.starts_with("\x1f\x8b")) return std::string(bytes);
  constexpr int kGzip = 16;  // added to the window's size: a gzip header, not zlib's own
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + kGzip) != Z_OK)
    return fail(ErrorKind::Environment, "zlib cannot begin");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::string piece(256 * 1024, '\0');
  int state = Z_OK;
  while (state == Z_OK && out.size() < kMostBytes) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END) return fail(ErrorKind::Corrupt, "its compression is damaged");
  return out;
}

template <class Field>
using Message = protozero::pbf_message<Field>;

struct Label {
  uint64_t key = 0;
  uint64_t text = 0;
  int64_t number = 0;
};
struct RawSample {
  std::vector<uint64_t> locations;
  std::vector<int64_t> values;
  std::vector<Label> labels;
};
struct Location {
  uint64_t mapping = 0;
  uint64_t address = 0;
  uint64_t function = 0;  ///< the last line's: what is there, not what was inlined
};

class PprofReader {
 public:
  void read(std::string_view bytes) {
    Message<ProfileField> profile(bytes.data(), bytes.size());
    while (profile.next()) take(profile);
  }

  Result<StackProfile> finish() {
    if (strings_.empty()) return fail(ErrorKind::Corrupt, "it is no profile of pprof");
    const size_t value = count_of_samples();
    for (const RawSample& raw : samples_) add(raw, value);
    StackProfile& profile = builder_.profile();
    profile.has_modules = profile.has_kernel = true;
    profile.has_threads = has_threads_ && !profile.samples.empty();
    // The writer says what it cut, as thaw does; then the others are whole.
    profile.has_reach = has_cuts_;
    if (has_cuts_)
      for (ProfileStack& stack : profile.stacks)
        if (stack.reach == StackReach::unknown) stack.reach = StackReach::whole;
    return std::move(profile);
  }

 private:
  void take(Message<ProfileField>& profile) {
    switch (profile.tag_and_type()) {
      case bytes_in(ProfileField::sample_type):
        return take_type(profile.get_view());
      case bytes_in(ProfileField::sample):
        return take_sample(profile.get_view());
      case bytes_in(ProfileField::mapping):
        return take_mapping(profile.get_view());
      case bytes_in(ProfileField::location):
        return take_location(profile.get_view());
      case bytes_in(ProfileField::function):
        return take_function(profile.get_view());
      case bytes_in(ProfileField::string_table):
        strings_.push_back(profile.get_string());
        return;
      default:
        profile.skip();
    }
  }

  void take_type(protozero::data_view bytes) {
    Message<ValueType> message(bytes);
    types_.push_back(0);
    while (message.next())
      if (message.tag_and_type() == number_in(ValueType::type))
        types_.back() = message.get_uint64();
      else
        message.skip();
  }

  /// Numbers stand alone or many in one field.
  template <class Number, class Read, class ReadMany>
  static void take_numbers(Message<SampleField>& message, std::vector<Number>& numbers, Read read,
                           ReadMany read_many) {
    if (message.wire_type() == protozero::pbf_wire_type::varint) {
      numbers.push_back(read(message));
    } else if (message.wire_type() == protozero::pbf_wire_type::length_delimited) {
      for (const auto number : read_many(message)) numbers.push_back(number);
    } else {
      message.skip();
    }
  }

  void take_sample(protozero::data_view bytes) {
    RawSample& sample = samples_.emplace_back();
    Message<SampleField> message(bytes);
    while (message.next()) {
      switch (message.tag()) {
        case SampleField::location_id:
          take_numbers(
              message, sample.locations, [](auto& field) { return field.get_uint64(); },
              [](auto& field) { return field.get_packed_uint64(); });
          break;
        case SampleField::value:
          take_numbers(
              message, sample.values, [](auto& field) { return field.get_int64(); },
              [](auto& field) { return field.get_packed_int64(); });
          break;
        case SampleField::label:
          if (message.wire_type() == protozero::pbf_wire_type::length_delimited)
            sample.labels.push_back(label_of(message.get_view()));
          else
            message.skip();
          break;
        default:
          message.skip();
      }
    }
  }

  static Label label_of(protozero::data_view bytes) {
    Label label;
    Message<LabelField> message(bytes);
    while (message.next()) {
      switch (message.tag_and_type()) {
        case number_in(LabelField::key):
          label.key = message.get_uint64();
          break;
        case number_in(LabelField::str):
          label.text = message.get_uint64();
          break;
        case number_in(LabelField::num):
          label.number = message.get_int64();
          break;
        default:
          message.skip();
      }
    }
    return label;
  }

  void take_mapping(protozero::data_view bytes) {
    uint64_t id = 0;
    uint64_t file = 0;
    Message<MappingField> message(bytes);
    while (message.next()) {
      if (message.tag_and_type() == number_in(MappingField::id))
        id = message.get_uint64();
      else if (message.tag_and_type() == number_in(MappingField::filename))
        file = message.get_uint64();
      else
        message.skip();
    }
    mappings_[id] = file;
  }

  void take_location(protozero::data_view bytes) {
    uint64_t id = 0;
    Location location;
    Message<LocationField> message(bytes);
    while (message.next()) {
      switch (message.tag_and_type()) {
        case number_in(LocationField::id):
          id = message.get_uint64();
          break;
        case number_in(LocationField::mapping_id):
          location.mapping = message.get_uint64();
          break;
        case number_in(LocationField::address):
          location.address = message.get_uint64();
          break;
        case bytes_in(LocationField::line):
          location.function = function_in(message.get_view());
          break;
        default:
          message.skip();
      }
    }
    locations_[id] = location;
  }

  static uint64_t function_in(protozero::data_view bytes) {
    uint64_t function = 0;
    Message<LineField> message(bytes);
    while (message.next())
      if (message.tag_and_type() == number_in(LineField::function_id))
        function = message.get_uint64();
      else
        message.skip();
    return function;
  }

  void take_function(protozero::data_view bytes) {
    uint64_t id = 0;
    uint64_t name = 0;
    Message<FunctionField> message(bytes);
    while (message.next()) {
      if (message.tag_and_type() == number_in(FunctionField::id))
        id = message.get_uint64();
      else if (message.tag_and_type() == number_in(FunctionField::name))
        name = message.get_uint64();
      else
        message.skip();
    }
    functions_[id] = name;
  }

  std::string text(uint64_t id) const { return id < strings_.size() ? strings_[id] : ""; }

  /// Which of a sample's values says how often it was seen.
  size_t count_of_samples() const {
    for (size_t at = 0; at < types_.size(); at++)
      if (const std::string type = text(types_[at]); type == "samples" || type == "sample")
        return at;
    return 0;
  }

  uint32_t function_at(uint64_t id) {
    const auto found = locations_.find(id);
    const Location location = found == locations_.end() ? Location{} : found->second;
    const auto mapping = mappings_.find(location.mapping);
    const std::string path = mapping == mappings_.end() ? "" : text(mapping->second);
    ProfileFunction function{"?", path.substr(path.rfind('/') + 1), false};
    function.is_kernel = location.address >> 63 != 0 || path.starts_with("[kernel");
    if (function.is_kernel) function.module = "kernel";
    if (const auto name = functions_.find(location.function); name != functions_.end())
      function.name = text(name->second);
    // Some writers name an unknown function by its file.
    if (function.name.empty() || function.name.starts_with('[')) function.name = "?";
    return builder_.function(std::move(function));
  }

  void add(const RawSample& raw, size_t value) {
    if (value >= raw.values.size() || raw.values[value] <= 0) return;
    ProfileSample sample;
    sample.count = static_cast<uint64_t>(raw.values[value]);
    StackReach reach = StackReach::unknown;
    bool has_tid = false;
    for (const Label& label : raw.labels) {
      const std::string key = text(label.key);
      if (key == "pid") sample.pid.value = static_cast<int32_t>(label.number);
      if (key == "tid" || key == "thread_id")
        sample.tid.value = static_cast<int32_t>(label.number), has_tid = true;
      if (key == "thread") sample.thread = text(label.text);
      if (key == "cut") reach = StackReach::cut, has_cuts_ = true;
    }
    has_threads_ = has_threads_ && has_tid;
    std::vector<uint32_t> frames;
    for (const uint64_t location : raw.locations) frames.push_back(function_at(location));
    builder_.add(std::move(sample), std::move(frames), reach);
  }

  ProfileBuilder builder_{"pprof"};
  std::vector<std::string> strings_;
  std::vector<uint64_t> types_;
  std::vector<RawSample> samples_;
  std::map<uint64_t, uint64_t> mappings_;
  std::map<uint64_t, Location> locations_;
  std::map<uint64_t, uint64_t> functions_;
  bool has_threads_ = true;
  bool has_cuts_ = false;
};

}  // namespace

Result<StackProfile> read_pprof(std::string_view bytes) {
  const std::string plain = TRY(gunzipped(bytes));
  PprofReader reader;
  try {
    reader.read(plain);
  } catch (const protozero::exception& error) {
    return fail(ErrorKind::Corrupt, "it is no profile of pprof: {}", error.what());
  }
  return reader.finish();
}

}  // namespace thaw
