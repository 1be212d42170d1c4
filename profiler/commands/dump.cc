// thaw dump: a capture as text, one event a line.

#include <memory>

#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/report/dump.h"

namespace thaw {
namespace {

Result<int> run(const std::string& file) {
  const OpenedCapture opened = TRY(open_capture(file));
  Status printed;
  dump(opened.capture, [&](std::string_view lines) {
    if (printed) printed = print_out(lines);
  });
  TRY(printed);
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto file = std::make_shared<std::string>();
  app.add_option("FILE", *file, "The capture; the newest *.thaw here when not given");
  return [file] { return run(*file); };
}

}  // namespace

const Command kDumpCommand{"dump", "Print a capture as text, one event a line", setup};

}  // namespace thaw
