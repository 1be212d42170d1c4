// A Case back to TOML, from memory and not from its file: a case may come from options, from a
// suite that multiplied it, or from a hunt that changed it, and what is kept must be what was run.

#include "harness/case/write.h"

#include <fmt/format.h>

namespace lab {

namespace {

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + toml_text(word);
  return "[" + out + "]";
}

/// With a point or an exponent, as TOML wants of a number that is no integer.
std::string number(double value) {
  std::string text = fmt::format("{}", value);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

template <class Value, class Text>
std::string table_of(const std::map<std::string, Value>& values, Text text) {
  std::string out;
  for (const auto& [key, value] : values)
    out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", toml_text(key), text(value));
  return "{ " + out + " }";
}

std::string ready_of(const Ready& ready) {
  if (ready.line) return "line = " + toml_text(*ready.line);
  if (ready.file) return "file = " + toml_text(*ready.file);
  if (ready.bpf) return fmt::format("bpf = {}", *ready.bpf);
  return "seconds = " + number(ready.seconds.value_or(1));
}

std::string profile_of(const ProfileLeft& profile) {
  return fmt::format("profile = {{ format = \"{}\"{} }}\n", name_of(profile.format),
                     profile.convert.empty() ? "" : ", convert = " + list_of(profile.convert));
}

/// [subject] or [comparison].
std::string recorder_of(const char* section, const Subject& subject) {
  if (subject.command.empty()) return "";
  std::string out = fmt::format(
      "\n[{}]\ncommand = {}\nready = {{ {} }}\nready_timeout_s = {}\nstop = {}\ngrace_s = "
      "{}\n",
      section, list_of(subject.command), ready_of(subject.ready), number(subject.ready_timeout_s),
      toml_text(subject.stop), number(subject.grace_s));
  std::vector<std::string> files;
  for (const auto& file : subject.files) files.push_back(file.string());
  if (!files.empty()) out += fmt::format("files = {}\n", list_of(files));
  if (!subject.env.empty()) out += fmt::format("env = {}\n", table_of(subject.env, toml_text));
  if (!subject.image.empty()) out += fmt::format("image = {}\n", toml_text(subject.image));
  if (!subject.user.empty()) out += fmt::format("user = {}\n", toml_text(subject.user));
  if (!subject.at_most.empty())
    out += fmt::format("at_most = {}\n", table_of(subject.at_most, number));
  if (subject.profile) out += profile_of(*subject.profile);
  return out;
}

std::string nmi_of(const Nmi& nmi) {
  return fmt::format("\n[nmi]\nsource = \"{}\"\nrate_hz = {}\njitter = {}\nprobe_maps = {}\n",
                     name_of(nmi.source), number(nmi.rate_hz), number(nmi.jitter), nmi.probe_maps);
}

std::string machine_of(const MachineSpec& machine) {
  std::string out = fmt::format("\n[machine]\ncpus = {}\nmemory_mib = {}\ncpu = {}\n", machine.cpus,
                                machine.memory_mib, toml_text(machine.cpu));
  if (machine.scratch_mib != 0) out += fmt::format("scratch_mib = {}\n", machine.scratch_mib);
  if (machine.is_deterministic) out += "deterministic = true\n";
  if (machine.oracle != OracleCounts::nothing)
    out += fmt::format("oracle = \"{}\"\n", name_of(machine.oracle));
  if (!machine.sysctls.empty())
    out += fmt::format("sysctls = {}\n", table_of(machine.sysctls, toml_text));
  return out;
}

std::string cost_of(const CostQuestion& cost) {
  if (cost.per.empty()) return "";
  std::string out = fmt::format("\n[cost]\nper = {}\nbaseline = {}\n", toml_text(cost.per),
                                toml_text(cost.baseline));
  if (!cost.peer.empty()) out += fmt::format("peer = {}\n", toml_text(cost.peer));
  return out;
}

std::string expectation_of(const Expectation& expectation) {
  return fmt::format(
      "\n[[expect]]\nkernels = {}\nverdict = \"{}\"\nor_incapable = {}\nreason = {}\n",
      toml_text(expectation.kernels), name_of(expectation.verdict), expectation.or_incapable,
      toml_text(expectation.reason));
}

}  // namespace

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\')
      out += {'\\', letter};
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\u{:04x}", byte);
    else
      out += letter;
  }
  return out + "\"";
}

std::string case_text(const Case& test) {
  std::string out = fmt::format("name = {}\nwhy = {}\nkernels = {}\n", toml_text(test.name),
                                toml_text(test.why), list_of(test.kernels));
  if (!test.workload.empty())
    out += fmt::format("\n[workload]\nprogram = {}\n", list_of(test.workload));
  out += recorder_of("subject", test.subject) + recorder_of("comparison", test.comparison);
  out += nmi_of(test.nmi) + machine_of(test.machine);
  out += fmt::format("\n[run]\nduration_s = {}\nseed = {}\n", number(test.run.duration_s),
                     test.run.seed);
  out += cost_of(test.cost);
  for (const Expectation& expectation : test.expect) out += expectation_of(expectation);
  return out;
}

}  // namespace lab
