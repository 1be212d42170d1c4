// TOML to MachineFile. Only the shape is checked here; whether the machine answers, and has what
// it takes to boot another kernel, is asked of the machine itself (metal_host.h).

#include "harness/metal/machine_file.h"

#include "harness/case/fields.h"
#include "profiler/base/files.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::Result;
using thaw::Status;

namespace {

// A server's firmware takes three to ten minutes; an hour is a mistake in the file.
constexpr Range kBootTimeout{5, 3600};

Result<std::string> text_of(const Fields& fields, std::string_view key) {
  return TRY(fields.text(key)).value_or("");
}

Status read_nmi(const Fields& fields, MachineFile& machine) {
  const auto names = TRY(fields.texts("nmi"));
  if (!names) return {};
  machine.nmi.clear();
  for (const std::string& name : *names) {
    const auto source = nmi_source_from_name(name);
    if (source != NmiSource::pmu && source != NmiSource::apic)
      return fields.wrong("nmi", fmt::format("has '{}': a real machine bears pmu or apic", name));
    machine.nmi.push_back(*source);
  }
  return {};
}

}  // namespace

bool is_machine_file(std::string_view machine) {
  return machine.ends_with(".toml");
}

Result<MachineFile> parse_machine(std::string_view text, const fs::path& file) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed)
    return fail_at(file, parsed.error().source().begin, std::string(parsed.error().description()));
  const Fields fields =
      TRY(Fields::open(parsed.table(), "the machine", file,
                       {"ssh", "power_cycle", "console", "initramfs", "kernel_parameters", "nmi",
                        "emulator", "boot_timeout_s"}));
  MachineFile machine;
  std::error_code ignored;
  machine.file = fs::absolute(file, ignored);
  const auto ssh = TRY(fields.text("ssh"));
  if (!ssh) return fields.missing("ssh", R"(ssh = "root@rack7")");
  auto target = parse_ssh("ssh:" + *ssh);
  if (!target) return fields.wrong("ssh", "is [USER@]HOST[:PORT]");
  machine.target = std::move(*target);
  machine.power_cycle = TRY(text_of(fields, "power_cycle"));
  machine.console = TRY(text_of(fields, "console"));
  machine.initramfs = TRY(text_of(fields, "initramfs"));
  if (!machine.initramfs.empty() && machine.initramfs.find("{file}") == std::string::npos)
    return fields.wrong("initramfs", "does not say where {file} goes");
  machine.kernel_parameters = TRY(text_of(fields, "kernel_parameters"));
  if (machine.kernel_parameters.find_first_of("'\n") != std::string::npos)
    return fields.wrong("kernel_parameters", "is one line without '");
  TRY(read_nmi(fields, machine));
  if (const auto emulator = TRY(fields.text("emulator")))
    machine.emulator = machine.file.parent_path() / *emulator;
  machine.boot_timeout_s =
      TRY(fields.number("boot_timeout_s", kBootTimeout)).value_or(machine.boot_timeout_s);
  return machine;
}

Result<MachineFile> load_machine(const fs::path& file) {
  const auto text = thaw::read_file(file);
  if (!text) return thaw::fail(thaw::ErrorKind::User, "--machine: {}", text.error().message);
  return parse_machine(*text, file);
}

}  // namespace lab
