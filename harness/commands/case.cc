// `thawlab case new`: a case file to begin with, or one made from a tester's report. Writes the
// file and says what of the tester's machine it could not match.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>

#include "harness/case/parse.h"
#include "harness/commands/command.h"
#include "harness/plan/new_case.h"
#include "harness/provision/catalogue.h"
#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string name;
  std::string from;
  std::string out;
};

Status write_new(const std::string& file, const std::string& text) {
  const thaw::UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.is_valid() && errno == EEXIST)
    return fail(ErrorKind::User, "{} is there already; name another file with -o", file);
  if (!fd.is_valid()) return thaw::fail_errno(errno, fmt::format("cannot create {}", file));
  return thaw::write_all(fd.get(), text);
}

HostLimits this_host() {
  const auto pages = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES));
  return {.cpus = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)),
          .memory_mib = static_cast<int>(pages * ::sysconf(_SC_PAGESIZE) >> 20)};
}

Result<NewCase> from_report(const Options& options) {
  const auto text = thaw::read_file(options.from);
  if (!text) return fail(ErrorKind::User, "{}", text.error().message);
  const TesterReport report = TRY(parse_report(*text, options.from));
  CatalogueOptions catalogue_options;
  catalogue_options.progress = [](std::string_view words) { fmt::print(stderr, "{}\n", words); };
  const Catalogue catalogue = TRY(Catalogue::open(std::move(catalogue_options)));
  return case_from_report(options.name, report, fs::path(options.from).filename().string(),
                          nearest_kernel(report, catalogue.list()), this_host());
}

Result<int> new_case(const Options& options) {
  if (options.name.empty() && options.from.empty())
    return fail(ErrorKind::User, "name the case, or the report to make it from (--from FILE)");
  NewCase made;
  if (options.from.empty())
    made.text = case_template(options.name);
  else
    made = TRY(from_report(options));
  const Case test = TRY(parse_case(made.text, options.name.empty() ? "case" : options.name));
  const std::string file = options.out.empty() ? test.name + ".toml" : options.out;
  TRY(write_new(file, made.text));
  fmt::print("{}: {} on {}\n", file, test.name, fmt::join(test.kernels, ", "));
  for (const std::string& missing : made.unmatched) fmt::print("cannot match {}\n", missing);
  fmt::print("next: thawlab run {}\n", file);
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  CLI::App* making = app.add_subcommand("new", "write a case file to begin with");
  making->add_option("NAME", options->name, "Name of the case; with --from it may be left out");
  making->add_option("--from", options->from, "A tester's report, of `thaw doctor --bundle`")
      ->type_name("FILE");
  making->add_option("-o,--out", options->out, "File to write; default: NAME.toml here")
      ->type_name("FILE");
  app.footer(
      "Examples:\n"
      "  thawlab case new my-agent\n"
      "  thawlab case new --from thaw-report-20261122-170300.json -o customer.toml");
  return [options] { return new_case(*options); };
}

}  // namespace

const Command kCaseCommand{"case", "make a case file, also from a tester's report", setup};

}  // namespace lab
