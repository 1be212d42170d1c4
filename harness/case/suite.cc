// A suite adds nothing to its cases but what it says about kernels, machines and images: what is
// expected stays with the case, so that a case means the same wherever it is listed.

#include "harness/case/suite.h"

#include <functional>
#include <set>

#include "harness/case/fields.h"
#include "harness/case/parse.h"
#include "harness/case/tables.h"
#include "profiler/base/files.h"

namespace lab {

using thaw::Result;
using thaw::Status;

namespace {

namespace fs = std::filesystem;

/// One machine or image of a suite: changes a case and adds to its name.
struct Variant {
  std::string name;
  std::function<Status(Case&)> apply;
};

Result<std::string> variant_name(const Fields& fields) {
  const auto name = TRY(fields.text("name"));
  if (!name || name->empty()) return fields.missing("name", R"(name = "four-cpus")");
  if (name->find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != std::string::npos)
    return fields.wrong("name", "may have letters, digits, '.', '_' and '-'");
  return *name;
}

Result<std::vector<Variant>> read_machines(const Fields& suite, const fs::path& file) {
  std::vector<Variant> variants;
  for (const toml::table* table : TRY(suite.tables("machine"))) {
    const Fields fields = TRY(Fields::open(*table, "[[machine]]", file,
                                           {"name", "cpus", "memory_mib", "cpu", "scratch_mib"}));
    MachineSpec checked;
    TRY(read_machine_keys(fields, checked));
    variants.push_back({TRY(variant_name(fields)),
                        [fields](Case& test) { return read_machine_keys(fields, test.machine); }});
  }
  return variants;
}

Result<std::vector<Variant>> read_images(const Fields& suite, const fs::path& file) {
  std::vector<Variant> variants;
  for (const toml::table* table : TRY(suite.tables("image"))) {
    const Fields fields = TRY(Fields::open(*table, "[[image]]", file, {"name", "image"}));
    const auto image = TRY(fields.text("image"));
    if (!image) return fields.missing("image", R"(image = "debian:trixie+linux-perf")");
    variants.push_back({TRY(variant_name(fields)), [image = *image](Case& test) -> Status {
                          test.subject.image = image;
                          return {};
                        }});
  }
  return variants;
}

/// Every case once for each variant; all of them as they are where there is none.
Result<std::vector<Case>> multiplied(std::vector<Case> cases, const std::vector<Variant>& variants,
                                     const fs::path& file) {
  if (variants.empty()) return cases;
  std::vector<Case> all;
  for (const Case& test : cases) {
    for (const Variant& variant : variants) {
      Case& made = all.emplace_back(test);
      made.name += "-" + variant.name;
      made.file = file;  // what repeats it
      TRY(variant.apply(made));
    }
  }
  return all;
}

Result<std::vector<Case>> read_suite(const toml::table& table, const fs::path& file) {
  const Fields fields = TRY(Fields::open(table, "a suite", file,
                                         {"name", "why", "cases", "kernels", "machine", "image"}));
  const auto names = TRY(fields.texts("cases"));
  if (!names || names->empty())
    return fields.wrong("cases", R"(is empty; for example cases = ["ringbuf-nmi.toml"])");
  const auto kernels = TRY(fields.texts("kernels"));
  if (kernels && kernels->empty())
    return fields.wrong("kernels", R"(is empty; leave it out for the cases' own)");
  std::vector<Case> cases;
  std::set<std::string> seen;
  for (const std::string& name : *names) {
    if (!seen.insert(name).second)
      return fields.wrong("cases", fmt::format("names '{}' twice", name));
    auto test = load_case(file.parent_path() / name);
    if (!test) return std::unexpected(with_context(std::move(test).error(), file.string()));
    if (kernels) test->kernels = *kernels;
    cases.push_back(std::move(*test));
  }
  cases = TRY(multiplied(std::move(cases), TRY(read_machines(fields, file)), file));
  return multiplied(std::move(cases), TRY(read_images(fields, file)), file);
}

}  // namespace

Result<std::vector<Case>> parse_cases(std::string_view text, const fs::path& file) {
  const toml::parse_result parsed = toml::parse(text, file.string());
  if (parsed && parsed.table().contains("cases")) return read_suite(parsed.table(), file);
  return std::vector<Case>{TRY(parse_case(text, file))};
}

Result<std::vector<Case>> load_cases(const fs::path& file) {
  const auto text = thaw::read_file(file);
  if (!text) return std::vector<Case>{TRY(load_case(file))};  // it says what is wrong
  return parse_cases(*text, file);
}

}  // namespace lab
