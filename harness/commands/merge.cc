// `thawlab merge`: results directories of several machines as one. Files of runs are linked where
// that is possible, else copied; the parts stay as they are.

#include <memory>

#include "harness/commands/command.h"
#include "harness/commands/merging.h"

namespace lab {

using thaw::Result;

namespace {

struct Options {
  std::vector<std::string> parts;
  std::string out;
  std::string history;
};

Result<int> run(const Options& options) {
  const std::vector<std::filesystem::path> parts(options.parts.begin(), options.parts.end());
  return tell(
      TRY(merge_directories(parts, options.out)), options.out, options.history,
      fmt::format("`thawlab run --resume {}` plays those that are planned there", options.out));
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("DIR", options->parts,
                 "Results directories, or directories of them: shards of one plan, or sessions "
                 "that have no run in common")
      ->required();
  app.add_option("-o,--out", options->out,
                 "Where the whole goes; merged into it when it is there already")
      ->required()
      ->type_name("DIR");
  app.add_option("--history", options->history,
                 "History file that gets the whole, or none; default: $THAW_HISTORY, else "
                 "thaw/history.sqlite in the XDG data home")
      ->type_name("FILE");
  app.footer(
      "Examples:\n"
      "  thawlab merge shard-1 shard-2 shard-3 --out night\n"
      "  thawlab merge night/shards --out night/all        # every results directory below\n"
      "\nIn any order, as often as you like: the result is the same. A run without a result is "
      "named, and `thawlab run --resume` plays it.\n"
      "Exit codes: as `thawlab run`; 130 when runs are missing and the others are as expected.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kMergeCommand{"merge", "join the results of shards, or of several machines", setup};

}  // namespace lab
