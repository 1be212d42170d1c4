// Case files are kept as they were written, with their comments. Only cases made of command line
// options are written here, and these have few things set: workload, subject, NMIs, machine, run.

#include "harness/case/write.h"

#include "profiler/base/files.h"

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

std::string text_of(const Case& test) {
  std::string out =
      fmt::format("name = {}\nkernels = {}\n", toml_text(test.name), list_of(test.kernels));
  if (!test.workload.empty())
    out += fmt::format("\n[workload]\nprogram = {}\n", list_of(test.workload));
  if (!test.subject.command.empty())
    out += fmt::format("\n[subject]\ncommand = {}\n", list_of(test.subject.command));
  out += fmt::format("\n[nmi]\nsource = \"{}\"\nrate_hz = {}\njitter = {}\n",
                     name_of(test.nmi.source), number(test.nmi.rate_hz), number(test.nmi.jitter));
  out += fmt::format("\n[machine]\ncpus = {}\nmemory_mib = {}\ncpu = {}\n", test.machine.cpus,
                     test.machine.memory_mib, toml_text(test.machine.cpu));
  out += fmt::format("\n[run]\nduration_s = {}\nseed = {}\n", number(test.run.duration_s),
                     test.run.seed);
  return out;
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

thaw::Result<std::string> case_text(const Case& test) {
  if (test.file.empty()) return text_of(test);
  return thaw::read_file(test.file);
}

}  // namespace lab
