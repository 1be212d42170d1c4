// The text form. Words, numbers and name=value pairs with one blank between them; what is 0 or
// empty is left out; text is in double quotes. So a line can be read by eye, cut with awk, diffed,
// and parsed back without loss.

#include "profiler/report/dump.h"

#include <fmt/format.h>

#include "profiler/store/layout.h"

namespace thaw {
namespace {

constexpr size_t kSinkBytes = 64 * 1024;

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\') {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += letter;
    }
  }
  return out + '"';
}

/// A line being made.
class Line {
 public:
  explicit Line(std::string start) : text_(std::move(start)) {}

  Line& number(std::string_view name, int64_t value) {
    if (value != 0) fmt::format_to(std::back_inserter(text_), " {}={}", name, value);
    return *this;
  }
  Line& count(std::string_view name, uint64_t value) {
    if (value != 0) fmt::format_to(std::back_inserter(text_), " {}={}", name, value);
    return *this;
  }
  Line& text(std::string_view name, std::string_view value) {
    if (!value.empty()) fmt::format_to(std::back_inserter(text_), " {}={}", name, in_quotes(value));
    return *this;
  }
  Line& word(std::string_view name, std::string_view value) {
    if (!value.empty()) fmt::format_to(std::back_inserter(text_), " {}={}", name, value);
    return *this;
  }
  Line& addresses(std::string_view name, std::span<const uint64_t> values) {
    if (!values.empty())
      fmt::format_to(std::back_inserter(text_), " {}={:#x}", name, fmt::join(values, ","));
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string header_lines(const Header& header) {
  std::string out = Line("header")
                        .text("thaw", header.thaw_version)
                        .text("kernel", header.kernel)
                        .text("machine", header.machine)
                        .text("scope", header.scope)
                        .text("command", header.command)
                        .text("clock", header.clock)
                        .text("clock_why", header.clock_why)
                        .text("transport", header.transport)
                        .text("transport_why", header.transport_why)
                        .count("sample_hz", header.sample_hz)
                        .text("periods", header.periods)
                        .count("seed", header.seed)
                        .count("cpus", header.cpus)
                        .number("start_ns", header.start_ns)
                        .number("start_unix_ns", header.start_unix_ns)
                        .take() +
                    "\n";
  for (const std::string& feature : header.features)
    out += fmt::format("feature {}\n", in_quotes(feature));
  return out;
}

std::string mapping_line(const Mapping& mapping) {
  return Line("mapping")
             .number("pid", mapping.pid.value)
             .number("time_ns", mapping.time_ns)
             .count("address", mapping.address)
             .count("bytes", mapping.bytes)
             .count("file_offset", mapping.file_offset)
             .text("path", mapping.path)
             .text("build_id", mapping.build_id)
             .take() +
         "\n";
}

std::string function_line(const KernelFunction& function) {
  return Line("function")
             .count("address", function.address)
             .count("bytes", function.bytes)
             .text("name", function.name)
             .text("module", function.module)
             .take() +
         "\n";
}

std::string generated_line(const GeneratedFunction& function) {
  return Line("generated")
             .number("pid", function.pid.value)
             .count("address", function.address)
             .count("bytes", function.bytes)
             .text("name", function.name)
             .take() +
         "\n";
}

/// An image, then each of its places with its frames, a frame a line.
std::string named_lines(const NamedImage& image) {
  std::string out =
      Line("named").text("path", image.path).text("build_id", image.build_id).take() + "\n";
  for (const NamedImage::Place& place : image.places) {
    out += Line("place").count("file_offset", place.file_offset).take() + "\n";
    for (const NamedFrame& frame : image.at(place.file_offset)) {
      const NamedFunction& function = image.functions[frame.function];
      out += Line("frame")
                 .text("name", function.name)
                 .text("file", function.file)
                 .count("first_line", function.line)
                 .count("line", frame.line)
                 .take() +
             "\n";
    }
  }
  return out;
}

std::string emit_line(size_t cpu, int context, const EmitHistogram& histogram) {
  Line line(fmt::format("emit cpu={} context={}", cpu, name_of(static_cast<EmitContext>(context))));
  line.count("max_ns", histogram.max_ns);
  for (size_t bucket = 0; bucket < histogram.buckets.size(); bucket++)
    line.count(fmt::format("bucket{}", bucket), histogram.buckets[bucket]);
  return line.take() + "\n";
}

std::string tally_lines(const Tally& tally) {
  Line line("tally");
  line.number("time_ns", tally.time_ns)
      .count("own_cpu_ns", tally.own_cpu_ns)
      .count("nmi_runs", tally.nmi_runs)
      .count("programs_ns", tally.programs_ns);
  std::string out = line.take() + "\n";
  for (int kind = 0; kind < kEventKinds; kind++)
    if (tally.happened[kind] != 0)
      out +=
          fmt::format("happened {} {}\n", kind == 0 ? "any" : name_of(static_cast<EventKind>(kind)),
                      tally.happened[kind]);
  for (const auto& [name, count] : tally.losses)
    out += fmt::format("loss {} {}\n", in_quotes(name), count);
  for (size_t cpu = 0; cpu < tally.emit.size(); cpu++)
    for (int context = 0; context < kEmitContexts; context++)
      if (tally.emit[cpu][context] != EmitHistogram{})
        out += emit_line(cpu, context, tally.emit[cpu][context]);
  for (size_t cpu = 0; cpu < tally.switches.size(); cpu++)
    out += fmt::format("switches cpu={} kernel={} {}\n", cpu, tally.switches[cpu].kernel,
                       tally.switches[cpu].closed ? "closed" : "open");
  return out;
}

std::string ending_line(const Ending& ending) {
  Line line("ending");
  line.number("end_ns", ending.end_ns).text("reason", ending.reason);
  std::string out = line.take();
  if (ending.command_exit) out += fmt::format(" command_exit={}", *ending.command_exit);
  return out + "\n";
}

std::string damage_lines(const Damage& damage) {
  if (damage.chunks == 0) return {};
  std::string out = fmt::format("damage bytes={} places={}\n", damage.bytes, damage.chunks);
  for (const std::string& reason : damage.reasons)
    out += fmt::format("damaged {}\n", in_quotes(reason));
  return out;
}

}  // namespace

std::string dump_line(const Capture& capture, const Event& event) {
  return Line(fmt::format("{} {} {}", event.time_ns, event.cpu, name_of(event.kind)))
      .number("tid", event.tid.value)
      .number("pid", event.pid.value)
      .number("other_tid", event.other_tid.value)
      .number("detail", event.detail)
      .number("duration_ns", event.duration_ns)
      .text("name", capture.text(event.name))
      .addresses("kernel", capture.stack(event.kernel_stack))
      .addresses("user", capture.stack(event.user_stack))
      .word("user_end", event.user_end == StackEnd::unknown ? "" : name_of(event.user_end))
      .take();
}

void dump(const Capture& capture, const std::function<void(std::string_view)>& sink) {
  std::string out = fmt::format("thaw dump {}\n", kFormatVersion);
  out += header_lines(capture.header());
  for (const Event& event : capture.events()) {
    out += dump_line(capture, event);
    out += '\n';
    if (out.size() < kSinkBytes) continue;
    sink(out);
    out.clear();
  }
  for (const Mapping& mapping : capture.mappings()) out += mapping_line(mapping);
  for (const KernelFunction& function : capture.functions()) out += function_line(function);
  for (const GeneratedFunction& function : capture.generated()) out += generated_line(function);
  for (const NamedImage& image : capture.names()) out += named_lines(image);
  if (capture.tally()) out += tally_lines(*capture.tally());
  if (capture.ending()) out += ending_line(*capture.ending());
  sink(out + damage_lines(capture.damage()));
}

}  // namespace thaw
