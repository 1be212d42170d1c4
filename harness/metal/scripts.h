#pragma once
// What is run on the machine, as text: how a kernel gets there, how it is booted once, and how
// nothing of it is left. Pure.

#include <string>

#include "harness/metal/machine_file.h"

namespace lab {

/// Everything that the lab leaves on a machine's disk is below it, or named in a list below it.
inline constexpr const char* kPlace = "/var/lib/thaw-lab";

/// Removes what an earlier session left, asks for what is needed, and prints the parameters that
/// the machine booted with. Fails there with a sentence.
std::string begin_script();

/// Where send() unpacks a kernel: vmlinuz and modules/.
std::string place_of(const std::string& release);

/// Before it is sent, so that whatever is interrupted can be removed.
std::string announce_script(const std::string& release);
/// Moves the modules to where programs look for them, and makes the initramfs.
std::string install_script(const std::string& release, const std::string& initramfs);
/// Boots it, once. Returns before the machine goes down.
std::string boot_script(const std::string& release, const std::string& parameters);
/// Boots whatever the machine boots by itself.
std::string reboot_script();
/// Removes all of it. Prints what is left, which should be nothing.
std::string remove_script();
/// Prints what the machine kept of the last words of the boot that was lost.
std::string last_words_script(const std::string& boot_id);

/// Parameters of the machine's own boot without those that say which file was booted, and ours
/// after them: whichever comes last counts.
std::string parameters_for(const std::string& own, const MachineFile& machine);

}  // namespace lab
