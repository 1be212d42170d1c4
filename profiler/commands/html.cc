// thaw html: the viewer and a capture as one file that opens anywhere.

#include <memory>

#include "profiler/base/files.h"
#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/commands/name_options.h"
#include "profiler/report/words.h"
#include "profiler/ui/page.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string file;
  std::string out;
  double most_mb = 8;
  bool force = false;
  NameOptions names;
};

Result<int> run(const Options& options) {
  TRY(check_output(options.out, options.force));
  fs::path path = options.file;
  const Lanes lanes = TRY(open_lanes(path));
  const EmbeddedPage page = embedded_page(lanes, path.filename().string(), options.names,
                                          static_cast<size_t>(options.most_mb * 1e6));
  TRY(write_file(options.out, page.html));
  for (const std::string& sentence : page.left_out) fmt::print(stderr, "thaw: {}\n", sentence);
  fmt::print(stderr, "{}: {} threads and {} samples of {}, {}; open it in a browser\n",
             printable(options.out), grouped(lanes.threads().size()), grouped(lanes.samples()),
             printable(path.string()), bytes(page.html.size()));
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "The capture; the newest *.thaw here when not given");
  app.add_option("-o,--output", options->out, "The page to write")->required()->type_name("OUT");
  app.add_option("--max-mb", options->most_mb,
                 "Leave out detail until the page is no larger, where that can be")
      ->type_name("MB")
      ->check(number_between(0.5, 1000))
      ->capture_default_str();
  app.add_flag("--force", options->force, "Replace OUT if it exists");
  add_name_options(app, options->names);
  app.footer(
      "One file without references to anything else: mail it, attach it to a bug report. It holds "
      "names of\nfunctions, files, threads and of the command that was recorded; `thaw pack "
      "--redact` first hides them.\nWhat had to be left out is said here and in the page; `thaw "
      "view` shows everything.\n\n"
      "  thaw html -o slow.html\n"
      "  thaw html a.thaw -o a.html --max-mb 50");
  return [options] { return run(*options); };
}

}  // namespace

const Command kHtmlCommand{"html", "Write the viewer with a capture inside as one page", setup};

}  // namespace thaw
