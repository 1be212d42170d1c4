// From a Case back to TOML. The file's own table is changed rather than a new one written, so that
// keys which nobody changes survive without being named here.

#include "harness/case/rewrite.h"

#include <sstream>

#include "harness/case/fields.h"
#include "harness/case/parse.h"
#include "profiler/base/files.h"
#include "profiler/base/words.h"

namespace lab {

namespace {

toml::table& table_at(toml::table& root, std::string_view name) {
  if (!root[name].is_table()) root.insert_or_assign(name, toml::table{});
  return *root[name].as_table();
}

toml::array array_of(const std::vector<std::string>& texts) {
  toml::array array;
  for (const std::string& text : texts) array.push_back(text);
  return array;
}

void put_nmi(toml::table& root, const Nmi& nmi) {
  toml::table& table = table_at(root, "nmi");
  table.insert_or_assign("source", name_of(nmi.source));
  table.insert_or_assign("rate_hz", nmi.rate_hz);
  table.insert_or_assign("jitter", nmi.jitter);
}

void put_machine(toml::table& root, const MachineSpec& machine) {
  toml::table& table = table_at(root, "machine");
  table.insert_or_assign("cpus", machine.cpus);
  table.insert_or_assign("memory_mib", machine.memory_mib);
  table.insert_or_assign("cpu", machine.cpu);
}

void put_run(toml::table& root, const RunSpec& run) {
  toml::table& table = table_at(root, "run");
  table.insert_or_assign("duration_s", run.duration_s);
  table.insert_or_assign("seed", static_cast<int64_t>(run.seed));
}

}  // namespace

thaw::Result<std::string> rewrite_case(const std::filesystem::path& file, const Case& changed) {
  const std::string text = TRY(thaw::read_file(file));
  TRY(parse_case(text, file));  // says what is wrong with it
  toml::table root = std::move(toml::parse(text)).table();
  root.insert_or_assign("name", changed.name);
  root.insert_or_assign("why", changed.why);
  root.insert_or_assign("kernels", array_of(changed.kernels));
  if (changed.workload.empty())
    root.erase("workload");
  else
    table_at(root, "workload").insert_or_assign("program", thaw::join_command(changed.workload));
  if (!changed.subject.files.empty()) {
    std::vector<std::string> files;
    for (const auto& path : changed.subject.files) files.push_back(path.string());
    table_at(root, "subject").insert_or_assign("files", array_of(files));
  }
  put_nmi(root, changed.nmi);
  put_machine(root, changed.machine);
  put_run(root, changed.run);
  std::ostringstream out;
  out << root << "\n";
  return out.str();
}

}  // namespace lab
