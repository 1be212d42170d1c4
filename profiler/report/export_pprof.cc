// pprof's profile.proto (github.com/google/pprof, proto/profile.proto): tables that refer to each
// other by id from 1, strings by index.
//
// A location is an address; what the compiler inlined there are lines of it, the innermost first.
// Samples of one thread with one stack are one sample of pprof.

#include <map>
#include <unordered_map>

#include <protozero/pbf_builder.hpp>

#include "profiler/analysis/extent.h"
#include "profiler/profiles/pprof_fields.h"
#include "profiler/report/export.h"
#include "profiler/report/export_words.h"
#include "profiler/report/gzip.h"
#include "profiler/report/words.h"

namespace thaw {

namespace {

using namespace pprof;
using Builder = protozero::pbf_builder<ProfileField>;
template <class Field>
using Part = protozero::pbf_builder<Field>;

class PprofEncoder {
 public:
  PprofEncoder(const Capture& capture, const SampledStacks& stacks)
      : capture_(capture), stacks_(stacks), profile_(bytes_) {}
  std::string encode();

 private:
  int64_t string(const std::string& any_text);
  void add_type(ProfileField field, const char* type, const char* unit);
  void add_types();
  void add_samples();
  void add_sample(uint32_t thread, uint32_t stack, int64_t count, int64_t weight);
  void add_label(Part<SampleField>& sample, const char* key, const std::string& text);
  void add_label(Part<SampleField>& sample, const char* key, int64_t number);
  std::vector<uint64_t> locations_of(uint32_t stack);
  void add_location(std::span<const uint32_t> frames);
  uint64_t mapping_of(const StackFrame& frame);
  void add_functions();
  void add_strings();

  const Capture& capture_;
  const SampledStacks& stacks_;
  std::string bytes_;
  Builder profile_;
  std::map<std::string, int64_t> string_ids_{{"", 0}};
  std::vector<std::string> strings_{""};
  std::vector<bool> has_location_;  ///< by frame: the outermost one at its address
  std::unordered_map<const Mapping*, uint64_t> mapping_ids_;  ///< null: the kernel
};

int64_t PprofEncoder::string(const std::string& any_text) {
  const std::string text = printable(any_text);  // strings of protobuf must be UTF-8
  const auto [entry, is_new] = string_ids_.try_emplace(text, static_cast<int64_t>(strings_.size()));
  if (is_new) strings_.push_back(text);
  return entry->second;
}

void PprofEncoder::add_type(ProfileField field, const char* type, const char* unit) {
  const int64_t type_id = string(type);
  const int64_t unit_id = string(unit);
  Part<ValueType> value(profile_, field);
  value.add_int64(ValueType::type, type_id);
  value.add_int64(ValueType::unit, unit_id);
}

void PprofEncoder::add_types() {
  const int64_t period = period_ns(capture_.header());
  if (stacks_.kind == SampledStacks::Kind::waits) {
    add_type(ProfileField::sample_type, "waits", "count");
    add_type(ProfileField::sample_type, "delay", "nanoseconds");
    profile_.add_int64(ProfileField::default_sample_type, string("delay"));
    return;
  }
  add_type(ProfileField::sample_type, "samples", "count");
  if (period == 0) return;
  add_type(ProfileField::sample_type, "cpu", "nanoseconds");
  add_type(ProfileField::period_type, "cpu", "nanoseconds");
  profile_.add_int64(ProfileField::period, period);
  profile_.add_int64(ProfileField::default_sample_type, string("cpu"));
}

uint64_t PprofEncoder::mapping_of(const StackFrame& frame) {
  if (frame.mapping == nullptr && !frame.is_kernel) return 0;
  const auto [entry, is_new] = mapping_ids_.try_emplace(frame.mapping, mapping_ids_.size() + 1);
  if (!is_new) return entry->second;
  const bool is_file = frame.mapping != nullptr;
  // The kernel's half of the address space; its name is the one that pprof knows it by.
  const Mapping kernel{
      .address = uint64_t{1} << 63, .bytes = ~uint64_t{0} >> 1, .path = "[kernel.kallsyms]"};
  const Mapping& from = is_file ? *frame.mapping : kernel;
  const int64_t path = string(from.path);
  const int64_t build_id = string(from.build_id);
  Part<MappingField> mapping(profile_, ProfileField::mapping);
  mapping.add_uint64(MappingField::id, entry->second);
  mapping.add_uint64(MappingField::memory_start, from.address);
  mapping.add_uint64(MappingField::memory_limit, from.address + from.bytes);
  mapping.add_uint64(MappingField::file_offset, from.file_offset);
  mapping.add_int64(MappingField::filename, path);
  mapping.add_int64(MappingField::build_id, build_id);
  mapping.add_bool(MappingField::has_functions, true);
  mapping.add_bool(MappingField::has_inline_frames, true);
  return entry->second;
}

/// Of one address: the functions inlined there, then the one that has it. Its id is the latter's.
void PprofEncoder::add_location(std::span<const uint32_t> frames) {
  const uint32_t outermost = frames.back();
  if (has_location_[outermost]) return;
  has_location_[outermost] = true;
  const uint64_t mapping = mapping_of(stacks_.frames[outermost]);
  Part<LocationField> location(profile_, ProfileField::location);
  location.add_uint64(LocationField::id, outermost + 1);
  location.add_uint64(LocationField::mapping_id, mapping);
  location.add_uint64(LocationField::address, stacks_.frames[outermost].address);
  for (const uint32_t frame : frames) {
    Part<LineField> line(location, LocationField::line);
    line.add_uint64(LineField::function_id, stacks_.frames[frame].function + 1);
  }
}

std::vector<uint64_t> PprofEncoder::locations_of(uint32_t stack) {
  const std::span<const uint32_t> frames = stacks_.stack(stack);
  std::vector<uint64_t> ids;
  size_t first = 0;
  for (size_t i = 0; i < frames.size(); i++) {
    if (stacks_.frames[frames[i]].is_inlined && i + 1 < frames.size()) continue;
    add_location(frames.subspan(first, i + 1 - first));
    ids.push_back(frames[i] + 1);
    first = i + 1;
  }
  return ids;
}

void PprofEncoder::add_label(Part<SampleField>& sample, const char* key, const std::string& text) {
  Part<LabelField> label(sample, SampleField::label);
  label.add_int64(LabelField::key, string(key));
  label.add_int64(LabelField::str, string(text));
}

void PprofEncoder::add_label(Part<SampleField>& sample, const char* key, int64_t number) {
  Part<LabelField> label(sample, SampleField::label);
  label.add_int64(LabelField::key, string(key));
  label.add_int64(LabelField::num, number);
}

void PprofEncoder::add_sample(uint32_t thread, uint32_t stack, int64_t count, int64_t weight) {
  const std::vector<uint64_t> locations = locations_of(stack);
  const int64_t period = period_ns(capture_.header());
  const bool is_wait = stacks_.kind == SampledStacks::Kind::waits;
  std::vector<int64_t> values{count};
  if (is_wait || period != 0) values.push_back(is_wait ? weight : count * period);
  const SampledThread& who = stacks_.threads[thread];
  Part<SampleField> sample(profile_, ProfileField::sample);
  sample.add_packed_uint64(SampleField::location_id, locations.begin(), locations.end());
  sample.add_packed_int64(SampleField::value, values.begin(), values.end());
  add_label(sample, "thread", label_of(who.tid, who.name));
  add_label(sample, "pid", int64_t{who.pid.value});
  add_label(sample, "tid", int64_t{who.tid.value});
  if (const std::string cut = cut_words(stacks_.user_end(stack)); !cut.empty())
    add_label(sample, "cut", cut);
}

void PprofEncoder::add_samples() {
  struct Sum {
    int64_t count = 0;
    int64_t weight = 0;
  };
  std::map<std::pair<uint32_t, uint32_t>, Sum> sums;
  for (const StackSample& sample : stacks_.samples) {
    Sum& sum = sums[{sample.thread, sample.stack}];
    sum.count++;
    sum.weight += sample.weight;
  }
  has_location_.resize(stacks_.frames.size());
  for (const auto& [at, sum] : sums) add_sample(at.first, at.second, sum.count, sum.weight);
}

void PprofEncoder::add_functions() {
  for (size_t id = 0; id < stacks_.functions.size(); id++) {
    const int64_t name = string(label_of(stacks_.functions[id]));
    Part<FunctionField> function(profile_, ProfileField::function);
    function.add_uint64(FunctionField::id, id + 1);
    function.add_int64(FunctionField::name, name);
    function.add_int64(FunctionField::system_name, name);
  }
}

void PprofEncoder::add_strings() {
  for (const std::string& text : strings_) profile_.add_string(ProfileField::string_table, text);
}

std::string PprofEncoder::encode() {
  const Header& header = capture_.header();
  add_types();
  add_samples();
  add_functions();
  profile_.add_int64(ProfileField::time_nanos, header.start_unix_ns);
  profile_.add_int64(ProfileField::duration_nanos, end_ns(capture_) - start_ns(capture_));
  const std::string by = fmt::format("recorded by thaw {}, clock {}, kernel {}",
                                     header.thaw_version, header.clock, header.kernel);
  profile_.add_int64(ProfileField::comment, string(by));
  add_strings();
  return gzip(bytes_);
}

}  // namespace

std::string export_pprof(const Capture& capture, const SampledStacks& stacks) {
  return PprofEncoder(capture, stacks).encode();
}

}  // namespace thaw
