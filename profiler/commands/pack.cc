// thaw pack: a copy of a capture that shows the same names on every machine.

#include <memory>
#include <unordered_set>

#include "profiler/analysis/call_stack.h"
#include "profiler/analysis/redaction.h"
#include "profiler/base/files.h"
#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/commands/name_options.h"
#include "profiler/report/words.h"
#include "profiler/store/copy.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string file;
  std::string output;
  bool redact = false;
  NameOptions names;
};

/// a.thaw → a.packed.thaw, beside it.
fs::path name_beside(fs::path path, bool redact) {
  return path.replace_extension(redact ? ".redacted.thaw" : ".packed.thaw");
}

struct Names {
  std::vector<NamedImage> images;
  uint64_t files = 0;  ///< a large one is in several of `images`
  uint64_t places = 0;
  uint64_t nameless = 0;
  std::vector<std::string> notes;
};

/// Of every user frame in the capture.
Names find_names(const Capture& capture, const NameOptions& options) {
  CallStacks stacks(capture, options);
  std::unordered_set<Trace> seen;
  for (const Event& event : capture.events()) {
    if (event.user_stack.value == 0) continue;
    const Trace trace = stacks.trace_of(event);
    if (seen.insert(trace).second) (void)stacks.frames(trace);
  }
  Names names{.images = stacks.names().named_images(), .notes = stacks.names().notes()};
  for (const NamedImage& image : names.images) names.places += image.places.size();
  for (const ImageFound& image : stacks.names().images()) {
    names.files++;
    names.nameless += image.unnamed;
  }
  return names;
}

Result<int> run(const Options& options) {
  const OpenedCapture opened = TRY(open_capture(options.file));
  const fs::path output =
      options.output.empty() ? name_beside(opened.path, options.redact) : fs::path(options.output);
  const Names names = find_names(opened.capture, options.names);
  print_notes(names.notes);
  CopyOptions copy{.names = names.images, .change = {}};
  Redaction redaction(opened.capture);
  if (options.redact)
    copy.change = [&](ChunkType type, std::string_view payload) {
      return redaction.change(type, payload);
    };
  const std::string bytes_of_file = TRY(read_file(opened.path));
  const CopySummary summary = TRY(copy_capture(bytes_of_file, output, copy));
  fmt::print(stderr, "thaw: {} addresses in {} files have names", grouped(names.places),
             names.files);
  if (names.nameless != 0)
    fmt::print(stderr, ", {} have none (thaw report says why)", grouped(names.nameless));
  fmt::print(stderr, "\nthaw: {}, {}; next: thaw report {}\n", output.string(),
             bytes(summary.bytes), output.string());
  return 0;
}

constexpr const char* kFooter =
    "What is added: for each address of user space in a stack its function, the functions inlined "
    "there, and\ntheir source lines. The copy needs none of this machine's files and is read by "
    "every command; names of\nthe kernel and of generated code are in every capture already. The "
    "capture itself stays as it is.\n\n"
    "--redact hides, equal things under equal numbers:\n"
    "  the recorded command                                    left out\n"
    "  paths of programs, libraries and mapped files           /image-1\n"
    "  names of processes and threads                          name-1\n"
    "  lines of the kernel's log                               name-1\n"
    "  source files, in lines and in names of generated code   source-1\n"
    "and keeps: names of functions, of the kernel's own threads, of kernel modules and BPF "
    "programs; libraries\ndirectly in the system's folders (/usr/lib/x86_64-linux-gnu/libc.so.6); "
    "build-ids, which tell a program to\nwhoever has it; process and thread numbers, addresses, "
    "times, the date, the kernel's release. A capture\nnever has a host name, a user name, an "
    "environment or contents of memory.";

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "The capture; the newest *.thaw here when not given");
  app.add_option("-o,--output", options->output,
                 "The copy, which must not exist; FILE with .packed.thaw or .redacted.thaw when "
                 "not given")
      ->type_name("OUT");
  app.add_flag("--redact", options->redact, "Hide what tells of the machine and its user");
  add_name_options(app, options->names);
  app.footer(kFooter);
  return [options] { return run(*options); };
}

}  // namespace

const Command kPackCommand{"pack", "Copy a capture with the names that another machine needs",
                           setup};

}  // namespace thaw
