// One JSON file, to be read by its owner before it is sent: no archive, no encoding.

#include "profiler/commands/doctor_bundle.h"
#include "profiler/base/date.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;

Json programs_of(const MachineFacts& facts) {
  if (!facts.programs) return nullptr;
  Json list = Json::array();
  for (const LoadedProgram& program : *facts.programs)
    list.push_back({{"id", program.id}, {"name", program.name}, {"type", program.type}});
  return list;
}

Json users_of(const MachineFacts& facts) {
  Json list = Json::array();
  for (const EventUser& user : facts.users) {
    list.push_back({{"name", user.name},
                    {"perf_events", user.perf_events},
                    {"bpf_objects", user.bpf_objects}});
    if (user.command_line) list.back()["command_line"] = *user.command_line;
  }
  return list;
}

std::string new_name() {
  return date_text("thaw-report-%Y%m%d-%H%M%S.json", Zone::local);
}

/// sudo's caller gets the file; who is not root owns it anyway.
void give_to_caller(int fd) {
  const char* user = std::getenv("SUDO_UID");
  const char* group = std::getenv("SUDO_GID");
  if (::geteuid() != 0 || user == nullptr || group == nullptr) return;
  static_cast<void>(::fchown(fd, static_cast<uid_t>(std::strtoul(user, nullptr, 10)),
                             static_cast<gid_t>(std::strtoul(group, nullptr, 10))));
}

}  // namespace

std::string bundle_text(const MachineFacts& facts, const Json& doctor) {
  const Json document{
      {"schema", kSchema},
      {"kind", "thaw doctor bundle"},
      {"thaw", THAW_VERSION},
      {"kernel",
       {{"release", facts.kernel},
        {"version", facts.version},
        {"machine", facts.machine},
        {"distribution", facts.distribution},
        {"config_xxh3", facts.config_xxh3.empty() ? Json() : Json(facts.config_xxh3)},
        {"config", facts.config},
        {"parameters", facts.parameters.known},
        {"parameters_hidden", facts.parameters.hidden},
        {"taint", facts.taint},
        {"modules", facts.modules}}},
      {"cpu",
       {{"model", facts.cpu.model},
        {"vendor", facts.cpu.vendor},
        {"family_model_stepping", facts.cpu.family_model_stepping},
        {"flags", facts.cpu.flags},
        {"possible", facts.cpus_possible},
        {"online", facts.cpus_online},
        {"hypervisor", facts.hypervisor.empty() ? Json() : Json(facts.hypervisor)},
        {"pmus", facts.pmus},
        {"clocksource", facts.clocksource}}},
      {"memory_mib", facts.memory_mib},
      {"sysctls", facts.sysctls},
      {"bpf_programs", programs_of(facts)},
      {"event_users", users_of(facts)},
      {"kernel_log", facts.log ? Json(*facts.log) : Json()},
      {"doctor", doctor}};
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::string> write_bundle(const std::string& file, const std::string& text) {
  const std::string name = file.empty() ? new_name() : file;
  const UniqueFd fd(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.is_valid() && errno == EEXIST)
    return fail(ErrorKind::User, "{} is there already; name another file with -o", name);
  if (!fd.is_valid()) return fail_errno(errno, fmt::format("cannot create {}", name));
  if (const Status written = write_all(fd.get(), text); !written) {
    ::unlink(name.c_str());
    return std::unexpected(with_context(written.error(), name));
  }
  give_to_caller(fd.get());
  return name;
}

}  // namespace thaw
