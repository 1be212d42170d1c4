// Shell, because nothing else is on every machine. Each script is one connection and does one
// thing; a lab that is killed between two of them leaves a list from which the next one cleans up.
//
// kexec and not a boot entry: the kernel under test is in memory only, so that every reset, the
// lab's, the watchdog's or a person's, brings back the machine's own.

#include "harness/metal/scripts.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "profiler/base/words.h"

namespace lab {

namespace {

constexpr const char* kList = "/var/lib/thaw-lab/modules";
/// What start_ssh() makes there.
constexpr const char* kAgents = "/var/tmp/thaw-lab.*";
/// A file as old as the last dangerous step.
constexpr const char* kMark = "/var/lib/thaw-lab/mark";

/// The modules of kernels in the list, the directories of agents that went down with the machine,
/// and nothing that the machine had itself.
std::string sweep() {
  return fmt::format(
      "if [ -f {0} ]; then while read -r release; do "
      "case $release in *[!A-Za-z0-9.+~_-]* | '' | .*) ;; *) rm -rf \"/lib/modules/$release\" ;; "
      "esac; done < {0}; fi; rm -rf {1} {2}; ",
      kList, kPlace, kAgents);
}

/// The reboot that the machine's init does stops services and unmounts; where there is none, or it
/// has lost its way, what was written must be on the disk all the same.
constexpr const char* kFlush =
    "sync; echo s > /proc/sysrq-trigger; echo u > /proc/sysrq-trigger; sleep 1; ";

/// Goes on when the connection has ended.
std::string later(const std::string& script) {
  return fmt::format("setsid sh -c {} < /dev/null > /dev/null 2>&1 &\n",
                     thaw::join_command({"sleep 1; " + script}));
}

}  // namespace

std::string begin_script() {
  return sweep() +
         "[ \"$(uname -m)\" = x86_64 ] || { echo 'this version of Thaw is for x86_64' >&2; exit "
         "69; }; "
         "command -v kexec > /dev/null || { echo 'it has no kexec; install kexec-tools there' >&2; "
         "exit 69; }; cat /proc/cmdline";
}

std::string place_of(const std::string& release) {
  return fmt::format("{}/{}", kPlace, release);
}

std::string announce_script(const std::string& release) {
  return fmt::format(
      "set -e; mkdir -p {0}; touch {1}; "
      "if [ ! -e /lib/modules/{2} ]; then echo {2} >> {3}; fi; rm -rf {4}; sync",
      kPlace, kMark, release, kList, place_of(release));
}

std::string install_script(const std::string& release, const std::string& initramfs) {
  const std::string place = place_of(release);
  std::string make = initramfs;
  for (const auto& [mark, value] :
       {std::pair<std::string, std::string>{"{release}", release}, {"{file}", place + "/initrd"}})
    for (size_t at = 0; (at = make.find(mark, at)) != make.npos; at += value.size())
      make.replace(at, mark.size(), value);
  if (make.empty())
    make = fmt::format(
        "if command -v mkinitramfs > /dev/null; then mkinitramfs -o {0}/initrd {1}; "
        "elif command -v dracut > /dev/null; then dracut --force {0}/initrd {1}; "
        "else echo 'it has neither mkinitramfs nor dracut; say initramfs = in the machine file' "
        ">&2; "
        "exit 69; fi",
        place, release);
  return fmt::format(
      "set -e; if [ -d {0}/modules ] && [ ! -e /lib/modules/{1} ]; then "
      "mv {0}/modules /lib/modules/{1}; "
      "[ -e /lib/modules/{1}/modules.dep.bin ] || depmod {1}; fi; rm -rf {0}/modules; {2} >&2; "
      "sync",
      place, release, make);
}

std::string boot_script(const std::string& release, const std::string& parameters) {
  const std::string place = place_of(release);
  const std::string load =
      thaw::join_command({"kexec", "-a", "-l", place + "/vmlinuz", "--initrd=" + place + "/initrd",
                          "--command-line=" + parameters});
  return fmt::format("set -e; {}; touch {}; sync; ", load, kMark) +
         later(std::string("if [ -d /run/systemd/system ]; then systemctl kexec && exit; fi; ") +
               kFlush + "kexec -e");
}

std::string reboot_script() {
  return later(std::string("if [ -d /run/systemd/system ]; then systemctl reboot && exit; fi; ") +
               kFlush + "echo b > /proc/sysrq-trigger");
}

std::string remove_script() {
  return sweep() + fmt::format("sync; ls -d {} {} 2> /dev/null || true", kPlace, kAgents);
}

std::string last_words_script(const std::string& boot_id) {
  std::string id = boot_id;
  std::erase(id, '-');
  std::string script = fmt::format(
      "for file in /sys/fs/pstore/* $(find /var/lib/systemd/pstore -type f -newer {} 2> "
      "/dev/null); "
      "do [ -f \"$file\" ] && echo \"--- $file\" && cat \"$file\"; done; "
      "rm -f /sys/fs/pstore/* 2> /dev/null; ",
      kMark);
  if (!id.empty())
    script += fmt::format(
        "if command -v journalctl > /dev/null && journalctl --list-boots 2> /dev/null | "
        "grep -q {0}; then echo '--- journal'; journalctl -b {0} -k -o short-monotonic --no-pager "
        "| "
        "tail -n 2000; fi; ",
        id);
  return script + "true";
}

std::string parameters_for(const std::string& own, const MachineFile& machine) {
  constexpr std::array kOfTheLoader{"BOOT_IMAGE=", "initrd=", "kexec_load="};
  std::istringstream words(own);
  std::string all;
  for (std::string word; words >> word;)
    if (std::ranges::none_of(kOfTheLoader,
                             [&](const char* start) { return word.starts_with(start); }))
      all += word + " ";
  // A kernel that panics brings the machine's own back by itself, after time for its last words.
  // thaw.guest: a kernel that the lab booted, on a machine given to it.
  all += "panic=10 thaw.guest=1";
  if (std::ranges::find(machine.nmi, NmiSource::apic) != machine.nmi.end())
    all += " iomem=relaxed nox2apic";
  if (!machine.kernel_parameters.empty()) all += " " + machine.kernel_parameters;
  return all;
}

}  // namespace lab
