// Facts ↔ protobuf wire format, with protozero. The enums below are the schema; FORMAT.md lists the
// same numbers. protozero throws on malformed input: caught here, and never let out.

#include "profiler/store/facts_coding.h"

#include <algorithm>

#include "profiler/base/pbf.h"
#include "profiler/store/layout.h"

namespace thaw {
namespace {

enum class HeaderField : protozero::pbf_tag_type {
  thaw_version = 1,
  kernel = 2,
  machine = 3,
  scope = 4,
  command = 5,
  clock = 6,
  clock_why = 7,
  transport = 8,
  transport_why = 9,
  sample_hz = 10,
  cpus = 11,
  start_ns = 12,
  start_unix_ns = 13,
  feature = 14,  // repeated
  periods = 15,
  seed = 16,
};

enum class TallyField : protozero::pbf_tag_type {
  time_ns = 1,
  happened = 2,       // packed, by kind
  loss = 3,           // repeated LossField
  emit = 4,           // repeated CpuEmitField, by CPU
  switch_window = 5,  // repeated WindowField, by CPU
  own_cpu_ns = 6,
  nmi_runs = 7,
  programs_ns = 8,
};

enum class LossField : protozero::pbf_tag_type { name = 1, count = 2 };

enum class CpuEmitField : protozero::pbf_tag_type { histogram = 1 };  // repeated, by context

enum class HistogramField : protozero::pbf_tag_type {
  buckets = 1,  // packed; zeros at the end are left out
  max_ns = 2,
};

enum class WindowField : protozero::pbf_tag_type { kernel = 1, closed = 2 };

enum class EndingField : protozero::pbf_tag_type { end_ns = 1, reason = 2, command_exit = 3 };

template <class Field>
using Builder = protozero::pbf_builder<Field>;
template <class Field>
using Message = protozero::pbf_message<Field>;

template <class Array>
auto without_zeros_at_end(const Array& array) {
  auto end = array.end();
  while (end != array.begin() && *(end - 1) == 0) --end;
  return end;
}

void encode_emit(Builder<TallyField>& tally,
                 const std::array<EmitHistogram, kEmitContexts>& contexts) {
  Builder<CpuEmitField> cpu(tally, TallyField::emit);
  for (const EmitHistogram& histogram : contexts) {
    Builder<HistogramField> out(cpu, CpuEmitField::histogram);
    out.add_packed_uint64(HistogramField::buckets, histogram.buckets.begin(),
                          without_zeros_at_end(histogram.buckets));
    out.add_uint64(HistogramField::max_ns, histogram.max_ns);
  }
}

template <class Field>
std::string text(Message<Field>& message) {
  return message.get_string();
}

/// A time of CLOCK_MONOTONIC.
template <class Field>
int64_t time(Message<Field>& message) {
  const int64_t time_ns = message.get_int64();
  if (!is_time(time_ns)) throw protozero::exception{};
  return time_ns;
}

/// Runs a decoder; nothing when the bytes are not what it expects.
template <class Decode>
auto guarded(Decode decode) -> std::optional<decltype(decode())> {
  try {
    return decode();
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

/// Copies as many numbers as the array has room for: a later version may have more kinds or
/// buckets.
template <class Range, class Array>
void copy_numbers(const Range& range, Array& array) {
  size_t index = 0;
  for (const uint64_t value : range)
    if (index < array.size()) array[index++] = value;
}

EmitHistogram decode_histogram(std::string_view bytes) {
  EmitHistogram histogram;
  Message<HistogramField> message({bytes.data(), bytes.size()});
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_in(HistogramField::buckets):
        copy_numbers(message.get_packed_uint64(), histogram.buckets);
        break;
      case number_in(HistogramField::max_ns):
        histogram.max_ns = message.get_uint64();
        break;
      default:
        message.skip();
    }
  }
  return histogram;
}

template <class Field>
std::string_view view(Message<Field>& message) {
  const protozero::data_view bytes = message.get_view();
  return {bytes.data(), bytes.size()};
}

std::array<EmitHistogram, kEmitContexts> decode_emit(std::string_view bytes) {
  std::array<EmitHistogram, kEmitContexts> contexts;
  size_t context = 0;
  Message<CpuEmitField> message({bytes.data(), bytes.size()});
  while (message.next()) {
    if (message.tag_and_type() == bytes_in(CpuEmitField::histogram) && context < contexts.size()) {
      contexts[context++] = decode_histogram(view(message));
    } else {
      message.skip();
    }
  }
  return contexts;
}

void decode_loss(std::string_view bytes, std::map<std::string, uint64_t>& losses) {
  std::string name;
  uint64_t count = 0;
  Message<LossField> message({bytes.data(), bytes.size()});
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_in(LossField::name):
        name = text(message);
        break;
      case number_in(LossField::count):
        count = message.get_uint64();
        break;
      default:
        message.skip();
    }
  }
  losses[name] += count;
}

SwitchWindow decode_window(std::string_view bytes) {
  SwitchWindow window;
  Message<WindowField> message({bytes.data(), bytes.size()});
  while (message.next()) {
    switch (message.tag_and_type()) {
      case number_in(WindowField::kernel):
        window.kernel = message.get_uint64();
        break;
      case number_in(WindowField::closed):
        window.closed = message.get_bool();
        break;
      default:
        message.skip();
    }
  }
  return window;
}

Tally decode_tally_fields(std::string_view bytes) {
  Tally tally;
  Message<TallyField> message({bytes.data(), bytes.size()});
  while (message.next()) {
    switch (message.tag_and_type()) {
      case number_in(TallyField::time_ns):
        tally.time_ns = time(message);
        break;
      case bytes_in(TallyField::happened):
        copy_numbers(message.get_packed_uint64(), tally.happened);
        break;
      case bytes_in(TallyField::loss):
        decode_loss(view(message), tally.losses);
        break;
      case bytes_in(TallyField::emit):
        tally.emit.push_back(decode_emit(view(message)));
        break;
      case bytes_in(TallyField::switch_window):
        tally.switches.push_back(decode_window(view(message)));
        break;
      case number_in(TallyField::own_cpu_ns):
        tally.own_cpu_ns = message.get_uint64();
        break;
      case number_in(TallyField::nmi_runs):
        tally.nmi_runs = message.get_uint64();
        break;
      case number_in(TallyField::programs_ns):
        tally.programs_ns = message.get_uint64();
        break;
      default:
        message.skip();
    }
    // A CPU is two bytes here and a kilobyte in memory: a message must not claim what no machine
    // has.
    if (tally.emit.size() > kMaxCpus || tally.switches.size() > kMaxCpus)
      throw protozero::exception{};
  }
  return tally;
}

Header decode_header_fields(std::string_view bytes) {
  Header header;
  Message<HeaderField> message({bytes.data(), bytes.size()});
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_in(HeaderField::thaw_version):
        header.thaw_version = text(message);
        break;
      case bytes_in(HeaderField::kernel):
        header.kernel = text(message);
        break;
      case bytes_in(HeaderField::machine):
        header.machine = text(message);
        break;
      case bytes_in(HeaderField::scope):
        header.scope = text(message);
        break;
      case bytes_in(HeaderField::command):
        header.command = text(message);
        break;
      case bytes_in(HeaderField::clock):
        header.clock = text(message);
        break;
      case bytes_in(HeaderField::clock_why):
        header.clock_why = text(message);
        break;
      case bytes_in(HeaderField::transport):
        header.transport = text(message);
        break;
      case bytes_in(HeaderField::transport_why):
        header.transport_why = text(message);
        break;
      case number_in(HeaderField::sample_hz):
        header.sample_hz = message.get_uint32();
        break;
      case number_in(HeaderField::cpus):
        header.cpus = std::min(message.get_uint32(), kMaxCpus);
        break;
      case number_in(HeaderField::start_ns):
        header.start_ns = time(message);
        break;
      case number_in(HeaderField::start_unix_ns):
        header.start_unix_ns = message.get_int64();
        break;
      case bytes_in(HeaderField::feature):
        header.features.push_back(text(message));
        break;
      case bytes_in(HeaderField::periods):
        header.periods = text(message);
        break;
      case number_in(HeaderField::seed):
        header.seed = message.get_uint32();
        break;
      default:
        message.skip();
    }
  }
  return header;
}

Ending decode_ending_fields(std::string_view bytes) {
  Ending ending;
  Message<EndingField> message({bytes.data(), bytes.size()});
  while (message.next()) {
    switch (message.tag_and_type()) {
      case number_in(EndingField::end_ns):
        ending.end_ns = time(message);
        break;
      case bytes_in(EndingField::reason):
        ending.reason = text(message);
        break;
      case number_in(EndingField::command_exit):
        ending.command_exit = message.get_int32();
        break;
      default:
        message.skip();
    }
  }
  return ending;
}

}  // namespace

std::string encode(const Header& header) {
  std::string bytes;
  Builder<HeaderField> out(bytes);
  out.add_string(HeaderField::thaw_version, header.thaw_version);
  out.add_string(HeaderField::kernel, header.kernel);
  out.add_string(HeaderField::machine, header.machine);
  out.add_string(HeaderField::scope, header.scope);
  out.add_string(HeaderField::command, header.command);
  out.add_string(HeaderField::clock, header.clock);
  out.add_string(HeaderField::clock_why, header.clock_why);
  out.add_string(HeaderField::transport, header.transport);
  out.add_string(HeaderField::transport_why, header.transport_why);
  out.add_uint32(HeaderField::sample_hz, header.sample_hz);
  out.add_uint32(HeaderField::cpus, header.cpus);
  out.add_int64(HeaderField::start_ns, header.start_ns);
  out.add_int64(HeaderField::start_unix_ns, header.start_unix_ns);
  for (const std::string& feature : header.features) out.add_string(HeaderField::feature, feature);
  out.add_string(HeaderField::periods, header.periods);
  out.add_uint32(HeaderField::seed, header.seed);
  return bytes;
}

std::string encode(const Tally& tally) {
  std::string bytes;
  Builder<TallyField> out(bytes);
  out.add_int64(TallyField::time_ns, tally.time_ns);
  out.add_packed_uint64(TallyField::happened, tally.happened.begin(), tally.happened.end());
  for (const auto& [name, count] : tally.losses) {
    Builder<LossField> loss(out, TallyField::loss);
    loss.add_string(LossField::name, name);
    loss.add_uint64(LossField::count, count);
  }
  for (const auto& contexts : tally.emit) encode_emit(out, contexts);
  for (const SwitchWindow& window : tally.switches) {
    Builder<WindowField> message(out, TallyField::switch_window);
    message.add_uint64(WindowField::kernel, window.kernel);
    message.add_bool(WindowField::closed, window.closed);
  }
  out.add_uint64(TallyField::own_cpu_ns, tally.own_cpu_ns);
  out.add_uint64(TallyField::nmi_runs, tally.nmi_runs);
  out.add_uint64(TallyField::programs_ns, tally.programs_ns);
  return bytes;
}

std::string encode(const Ending& ending) {
  std::string bytes;
  Builder<EndingField> out(bytes);
  out.add_int64(EndingField::end_ns, ending.end_ns);
  out.add_string(EndingField::reason, ending.reason);
  if (ending.command_exit) out.add_int32(EndingField::command_exit, *ending.command_exit);
  return bytes;
}

std::optional<Header> decode_header(std::string_view bytes) {
  return guarded([&] { return decode_header_fields(bytes); });
}

std::optional<Tally> decode_tally(std::string_view bytes) {
  return guarded([&] { return decode_tally_fields(bytes); });
}

std::optional<Ending> decode_ending(std::string_view bytes) {
  return guarded([&] { return decode_ending_fields(bytes); });
}

}  // namespace thaw
