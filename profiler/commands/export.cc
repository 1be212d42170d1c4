// thaw export: a capture as a file for a viewer that people already use.

#include <unistd.h>

#include <array>
#include <memory>

#include "profiler/base/files.h"
#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/report/export.h"
#include "profiler/report/gzip.h"
#include "profiler/report/words.h"

namespace thaw {
namespace {

enum class Format { perfetto, firefox, pprof, speedscope, folded };

struct FormatRow {
  const char* name;
  Format format;
  bool is_binary;      ///< nothing for a terminal
  bool takes_waits;    ///< can show --off-cpu
  bool needs_samples;  ///< has nothing to show without
  const char* opens;   ///< how to look at it
};
constexpr std::array<FormatRow, 5> kFormats{{
    {"perfetto", Format::perfetto, true, false, false, "open it at ui.perfetto.dev"},
    {"firefox", Format::firefox, false, false, false, "load it at profiler.firefox.com"},
    {"pprof", Format::pprof, true, true, true, "`pprof -http : OUT` shows it"},
    {"speedscope", Format::speedscope, false, true, true, "open it at speedscope.app"},
    {"folded", Format::folded, false, true, true, "`flamegraph.pl OUT > flame.svg` draws it"},
}};

struct Options {
  std::string file;
  int format = 0;
  std::string out;
  bool off_cpu = false;
  bool force = false;
};

/// A name that cannot be written, before any work is done.
Status check_out(const Options& options, const FormatRow& row) {
  if (options.out == "-") {
    if (row.is_binary && ::isatty(STDOUT_FILENO) != 0) {
      return fail(ErrorKind::User, "{} is nothing for a terminal; name a file with -o", row.name);
    }
    return {};
  }
  return check_output(options.out, options.force);
}

Status check_content(const OpenedCapture& opened, const Options& options, const FormatRow& row,
                     const SampledStacks& stacks) {
  if (options.off_cpu) {
    if (!stacks.frames.empty()) return {};
    return fail(ErrorKind::User,
                "{} does not say where threads waited; record it without --no-switch-stacks",
                opened.path.string());
  }
  if (!row.needs_samples || !stacks.samples.empty()) return {};
  return fail(ErrorKind::User, "{} has no samples of threads (its clock is {}); nothing to export",
              opened.path.string(), opened.capture.header().clock);
}

std::string encode(const OpenedCapture& opened, const SampledStacks& stacks, Format format) {
  switch (format) {
    case Format::perfetto:
      return export_perfetto(opened.capture, stacks);
    case Format::firefox:
      return export_firefox(opened.capture, stacks);
    case Format::pprof:
      return export_pprof(opened.capture, stacks);
    case Format::speedscope:
      return export_speedscope(opened.capture, stacks, opened.path.filename().string());
    case Format::folded:
      return export_folded(stacks);
  }
  return "";
}

void say(const Options& options, const OpenedCapture& opened, const FormatRow& row,
         const SampledStacks& stacks, size_t size) {
  if (options.out == "-") return;
  std::string opens = row.opens;
  if (const size_t at = opens.find("OUT"); at != std::string::npos)
    opens.replace(at, 3, options.out);
  fmt::print(stderr, "{}: {} {} of {} threads in {}, {}; {}\n", printable(options.out),
             grouped(stacks.samples.size()), options.off_cpu ? "waits" : "samples",
             grouped(stacks.threads.size()), printable(opened.path.string()), bytes(size),
             printable(opens));
}

Result<int> run(const Options& options) {
  const FormatRow& row = kFormats[static_cast<size_t>(options.format)];
  if (options.off_cpu && !row.takes_waits) {
    return fail(ErrorKind::User,
                "--off-cpu is for folded, pprof and speedscope; {} shows waits anyway", row.name);
  }
  TRY(check_out(options, row));
  const OpenedCapture opened = TRY(open_capture(options.file));
  const SampledStacks stacks =
      options.off_cpu ? waiting_stacks(opened.capture) : sampled_stacks(opened.capture);
  TRY(check_content(opened, options, row, stacks));
  std::string out = encode(opened, stacks, row.format);
  if (options.out.ends_with(".gz") && row.format != Format::pprof) out = gzip(out);
  TRY(options.out == "-" ? print_out(out) : write_file(options.out, out));
  say(options, opened, row, stacks, out.size());
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  std::vector<std::pair<std::string, int>> names;
  for (size_t i = 0; i < kFormats.size(); i++)
    names.emplace_back(kFormats[i].name, static_cast<int>(i));
  app.add_option("FILE", options->file, "The capture; the newest *.thaw here when not given");
  app.add_option("--format", options->format, "perfetto, firefox, pprof, speedscope or folded")
      ->required()
      ->type_name("NAME")
      ->transform(one_of(names));
  app.add_option("-o,--output", options->out,
                 "The file to write; - is standard output; NAME.gz is compressed")
      ->required()
      ->type_name("OUT");
  app.add_flag(
      "--off-cpu", options->off_cpu,
      "Time waited, by the stack that blocked (not of captures made with --no-switch-stacks)");
  app.add_flag("--force", options->force, "Replace OUT if it exists");
  app.footer(
      "perfetto    everything over time: CPUs, states, wakers, samples, why threads waited   "
      "ui.perfetto.dev\n"
      "firefox     samples and waits per thread, over time                                   "
      "profiler.firefox.com\n"
      "pprof       samples by function, caller and thread                                    "
      "pprof -http : OUT\n"
      "speedscope  flame graphs per thread                                                   "
      "speedscope.app\n"
      "folded      one line a stack, for flamegraph.pl and for scripts\n\n"
      "A million switches make 60 MB for Perfetto and 25 MB for Firefox; OUT.gz is a ninth of "
      "that.\n"
      "Everything stays on this machine until you load the file somewhere; the pages named here "
      "read it in the\nbrowser. It holds names of functions, files, threads and of the command "
      "that was recorded.\n\n"
      "  thaw export --format perfetto -o trace.pftrace\n"
      "  thaw export a.thaw --format folded -o - | flamegraph.pl > flame.svg");
  return [options] { return run(*options); };
}

}  // namespace

const Command kExportCommand{"export", "Write a capture for Perfetto, Firefox, pprof and others",
                             setup};

}  // namespace thaw
