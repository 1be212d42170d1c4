// Inlined functions are shown by default: without them the time of a function that was inlined is
// somebody else's.

#include "profiler/commands/name_options.h"

#include <cstdio>

namespace thaw {

void add_name_options(CLI::App& app, NameOptions& options) {
  app.add_flag_callback(
      "--no-inline", [&options] { options.inlined = false; },
      "Functions as they are in memory, without those inlined into them; reads no debug "
      "information, so it is faster");
  app.add_option("--symbols", options.folders,
                 "Also look for the recorded programs in DIR: at their whole path, as in a root of "
                 "another machine, or by name; several times if need be")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  app.add_flag("--debuginfod", options.debuginfod,
               "Ask the servers in $DEBUGINFOD_URLS for files and debug information that are not "
               "here");
}

void print_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) fmt::print(stderr, "thaw: {}\n", note);
}

}  // namespace thaw
