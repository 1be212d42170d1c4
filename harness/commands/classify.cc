// `thawlab classify`: what a kernel's console log says, as titled findings. Reads one file or
// standard input; needs no machine, no lab and no other file.

#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

#include <nlohmann/json.hpp>

#include "harness/commands/command.h"
#include "harness/verdict/console.h"
#include "profiler/base/files.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

constexpr int kSchema = 1;

struct Options {
  std::string log;
  bool as_json = false;
};

/// A console log is text with some noise. UTF-8 counts as text: names of devices may hold it.
bool is_text(std::string_view bytes) {
  size_t strange = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\x1b') || byte >= 0xf8)
      ++strange;
  }
  return strange <= bytes.size() / 10;
}

Result<std::string> read_log(const std::string& name) {
  std::string bytes;
  if (name == "-") {
    bytes.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    auto file = thaw::read_file(name);
    if (!file) return fail(ErrorKind::User, "{}", file.error().message);
    bytes = std::move(*file);
  }
  if (bytes.find_first_not_of(" \r\n\t") == std::string::npos)
    return fail(ErrorKind::Corrupt,
                "{} holds no text: nothing can be said about the kernel behind it", name);
  if (!is_text(bytes))
    return fail(ErrorKind::Corrupt,
                "{} is no console log: too little of it is text; decompress it first if it is "
                "compressed",
                name);
  return bytes;
}

template <class T>
nlohmann::json or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json to_json(const ConsoleEvent& event) {
  return {{"title", event.finding.title},
          {"type", event.finding.type},
          {"severity", event.finding.severity},
          {"line", event.finding.line},
          {"alternatives", event.alternatives},
          {"cpu", or_null(event.cpu)},
          {"duration_ms", or_null(event.duration_ms)},
          {"time_s", or_null(event.time_s)},
          {"frames", event.frames},
          {"count", event.count},
          {"boot", event.boot},
          {"fatal", event.is_fatal},
          {"corrupted", event.is_corrupted}};
}

void print_json(const ConsoleLog& log) {
  nlohmann::json json{{"schema", kSchema},
                      {"lines", log.lines},
                      {"boots", log.boots},
                      {"ended", log.has_ended},
                      {"findings", nlohmann::json::array()}};
  for (const ConsoleEvent& event : log.events) json["findings"].push_back(to_json(event));
  // Names in a log may hold any byte.
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string details_of(const ConsoleEvent& event, int boots) {
  std::string words;
  const auto add = [&](const std::string& more) { words += (words.empty() ? "" : ", ") + more; };
  if (event.cpu) add(fmt::format("CPU {}", *event.cpu));
  if (event.duration_ms) {
    if (*event.duration_ms >= 1000)
      add(fmt::format("{:.0f} s", *event.duration_ms / 1000));
    else
      add(fmt::format("{:.3g} ms", *event.duration_ms));
  }
  if (event.count > 1) add(fmt::format("said {} times", event.count));
  if (boots > 1) add(fmt::format("boot {} of {}", event.boot, boots));
  if (event.is_fatal) add("the kernel panicked over it");
  if (event.is_corrupted) add("its lines are cut, mixed or without a stack");
  return words;
}

void print_text(const ConsoleLog& log) {
  for (const ConsoleEvent& event : log.events) {
    fmt::print("{:>6}  {:<8}  {}\n", event.finding.line, event.finding.severity,
               event.finding.title);
    const std::string details = details_of(event, log.boots);
    if (!details.empty()) fmt::print("{:18}{}\n", "", details);
    std::string stack;
    for (size_t i = 0; i < event.frames.size() && i < 6; ++i)
      stack += (i > 0 ? " < " : "") + event.frames[i];
    if (!stack.empty()) fmt::print("{:18}{}{}\n", "", stack, event.frames.size() > 6 ? " < …" : "");
  }
  fmt::print("{}{} in {} lines{}\n", log.events.empty() ? "" : "\n",
             log.events.empty()       ? "no finding"
             : log.events.size() == 1 ? "1 finding"
                                      : fmt::format("{} findings", log.events.size()),
             log.lines,
             log.has_ended ? "" : "; the log does not end with the kernel shutting down");
}

Result<int> classify(const Options& options) {
  const std::string text = TRY(read_log(options.log));
  const ConsoleLog log = read_console_log(text);
  if (options.as_json)
    print_json(log);
  else
    print_text(log);
  return log.events.empty() ? 0 : 1;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("LOG", options->log,
                 "Console log: of a serial line, dmesg, the journal or /dev/kmsg; - reads standard "
                 "input")
      ->required();
  app.add_flag("--json", options->as_json, "Print a JSON document instead of text");
  app.footer(
      "Prints line, severity and title of each event. Exit code: 0 no finding, 1 findings, 65 not "
      "a "
      "console log.\n"
      "Example: dmesg | thawlab classify -");
  return [options] { return classify(*options); };
}

}  // namespace

const Command kClassifyCommand{"classify", "say what a kernel's console log reports", setup};

}  // namespace lab
