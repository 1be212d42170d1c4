// Samples as from Perfetto's own sampler: each names a stack, stacks name frames, frames a function
// and a mapping. All of these are told first, each once.
//
// Every frame must have a mapping there: the kernel's is called "/kernel" as Perfetto calls it, and
// code that nobody knows lies in "/unknown".

#include <optional>

#include "profiler/analysis/extent.h"
#include "profiler/report/export_words.h"
#include "profiler/report/perfetto_parts.h"
#include "profiler/report/words.h"

namespace thaw::perfetto {

namespace {

constexpr uint64_t kKernelMapping = 1;
constexpr uint64_t kUnknownMapping = 2;

/// "4f7a…" → its bytes. The capture's reader takes anything for a build-id: what is no digit counts
/// as some other.
std::string bytes_of(const std::string& hex) {
  const auto digit = [](char c) { return (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10) & 15; };
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return out;
}

/// In the words of Perfetto's sampler, which has no error for a stack that is whole.
std::optional<UnwindError> unwind_error(StackEnd end) {
  switch (end) {
    case StackEnd::unknown:
    case StackEnd::complete:
      return std::nullopt;
    case StackEnd::too_deep:
      return UnwindError::max_frames_exceeded;
    case StackEnd::no_unwind_info:
      return UnwindError::unwind_info;
    case StackEnd::unmapped:
      return UnwindError::invalid_map;
    case StackEnd::unreadable:
    case StackEnd::copy_too_short:
      return UnwindError::memory_invalid;
    case StackEnd::unsupported:
      return UnwindError::unsupported;
    case StackEnd::compat:
      return UnwindError::bad_arch;
    case StackEnd::shed:
      return UnwindError::unknown;
  }
  return UnwindError::unknown;
}

class Samples {
 public:
  Samples(const Capture& capture, const SampledStacks& samples, Trace& trace)
      : capture_(capture), samples_(samples), trace_(trace) {}
  void add();

 private:
  void interned(Flags flags, auto fill);
  void begin();
  void add_mappings();
  void add_mapping(Message<InternedField>& data, uint64_t iid, const Mapping& mapping);
  void add_frames();
  void add_stacks();
  void add_sample(const StackSample& sample);
  uint64_t mapping_of(const StackFrame& frame) const;

  const Capture& capture_;
  const SampledStacks& samples_;
  Trace& trace_;
  std::unordered_map<const Mapping*, uint64_t> mapping_ids_;
};

void Samples::interned(Flags flags, auto fill) {
  trace_.packet(Sequence::samples, start_ns(capture_), flags, [&](Message<PacketField>& packet) {
    Message<InternedField> data(packet, PacketField::interned_data);
    fill(data);
  });
}

void add_text(Message<InternedField>& data, InternedField table, uint64_t iid,
              const std::string& text) {
  Message<TextField> message(data, table);
  message.add_uint64(TextField::iid, iid);
  message.add_bytes(TextField::str, text);
}

void Samples::begin() {
  const Header& header = capture_.header();
  trace_.packet(
      Sequence::samples, start_ns(capture_), Flags::begins, [&](Message<PacketField>& packet) {
        Message<DefaultsField> defaults(packet, PacketField::defaults);
        Message<PerfDefaultsField> perf(defaults, DefaultsField::perf_sample);
        Message<TimebaseField> timebase(perf, PerfDefaultsField::timebase);
        if (header.sample_hz != 0) timebase.add_uint64(TimebaseField::frequency, header.sample_hz);
        const Counter counter = header.clock == "cycles" ? Counter::cpu_cycles : Counter::cpu_clock;
        timebase.add_int32(TimebaseField::counter, static_cast<int32_t>(counter));
      });
}

/// The mapping's path and build-id have its number too.
void Samples::add_mapping(Message<InternedField>& data, uint64_t iid, const Mapping& mapping) {
  // A path is told as its parts, and read with a "/" before each.
  add_text(data, InternedField::mapping_paths, iid,
           mapping.path.starts_with('/') ? printable(mapping.path.substr(1))
           : mapping.path.empty()        ? "memory"
                                         : printable(mapping.path));
  add_text(data, InternedField::build_ids, iid, bytes_of(mapping.build_id));
  Message<MappingField> message(data, InternedField::mappings);
  message.add_uint64(MappingField::iid, iid);
  message.add_uint64(MappingField::build_id, iid);
  message.add_uint64(MappingField::start, mapping.address);
  message.add_uint64(MappingField::end, mapping.address + mapping.bytes);
  message.add_uint64(MappingField::path_string_ids, iid);
  message.add_uint64(MappingField::exact_offset, mapping.file_offset);
}

void Samples::add_mappings() {
  interned(Flags::refers_back, [&](Message<InternedField>& data) {
    add_mapping(data, kKernelMapping, {.path = "kernel"});
    add_mapping(data, kUnknownMapping, {.path = "unknown"});
    for (const StackFrame& frame : samples_.frames) {
      if (frame.mapping == nullptr) continue;
      const uint64_t iid = kUnknownMapping + 1 + mapping_ids_.size();
      if (mapping_ids_.try_emplace(frame.mapping, iid).second)
        add_mapping(data, iid, *frame.mapping);
    }
  });
}

uint64_t Samples::mapping_of(const StackFrame& frame) const {
  if (frame.is_kernel) return kKernelMapping;
  return frame.mapping == nullptr ? kUnknownMapping : mapping_ids_.at(frame.mapping);
}

void Samples::add_frames() {
  interned(Flags::refers_back, [&](Message<InternedField>& data) {
    for (size_t id = 0; id < samples_.functions.size(); id++)
      add_text(data, InternedField::function_names, id + 1, label_of(samples_.functions[id]));
    for (size_t id = 0; id < samples_.frames.size(); id++) {
      const StackFrame& frame = samples_.frames[id];
      const uint64_t in_file = frame.mapping == nullptr ? frame.address
                                                        : frame.address - frame.mapping->address +
                                                              frame.mapping->file_offset;
      Message<FrameField> message(data, InternedField::frames);
      message.add_uint64(FrameField::iid, id + 1);
      message.add_uint64(FrameField::function_name_id, frame.function + 1);
      message.add_uint64(FrameField::mapping_id, mapping_of(frame));
      message.add_uint64(FrameField::rel_pc, in_file);
    }
  });
}

void Samples::add_stacks() {
  interned(Flags::refers_back, [&](Message<InternedField>& data) {
    for (uint32_t id = 0; id < samples_.stack_count(); id++) {
      const std::span<const uint32_t> stack = samples_.stack(id);
      if (stack.empty()) continue;
      Message<StackField> message(data, InternedField::callstacks);
      message.add_uint64(StackField::iid, id + 1);
      for (auto frame = stack.rbegin(); frame != stack.rend(); ++frame)
        message.add_uint64(StackField::frame_ids, *frame + 1);
    }
  });
}

void Samples::add_sample(const StackSample& sample) {
  const SampledThread& thread = samples_.threads[sample.thread];
  const std::span<const uint32_t> stack = samples_.stack(sample.stack);
  trace_.packet(Sequence::samples, sample.time_ns, Flags::refers_back,
                [&](Message<PacketField>& packet) {
                  Message<PerfSampleField> message(packet, PacketField::perf_sample);
                  message.add_uint32(PerfSampleField::cpu, sample.cpu.value);
                  message.add_uint32(PerfSampleField::pid, static_cast<uint32_t>(thread.pid.value));
                  message.add_uint32(PerfSampleField::tid, static_cast<uint32_t>(thread.tid.value));
                  if (const auto error = unwind_error(samples_.user_end(sample.stack)))
                    message.add_int32(PerfSampleField::unwind_error, static_cast<int32_t>(*error));
                  if (stack.empty()) return;
                  const bool in_kernel = samples_.frames[stack.front()].is_kernel;
                  const CpuMode mode = in_kernel ? CpuMode::kernel : CpuMode::user;
                  message.add_uint64(PerfSampleField::callstack_iid, sample.stack + 1);
                  message.add_int32(PerfSampleField::cpu_mode, static_cast<int32_t>(mode));
                });
}

void Samples::add() {
  if (samples_.samples.empty()) return;
  begin();
  add_mappings();
  add_frames();
  add_stacks();
  // Beyond this point nothing is named any more.
  for (const StackSample& sample : samples_.samples) add_sample(sample);
}

}  // namespace

void add_samples(const Capture& capture, const SampledStacks& samples, Trace& trace) {
  Samples(capture, samples, trace).add();
}

}  // namespace thaw::perfetto
