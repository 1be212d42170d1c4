#pragma once
// From a bare initramfs to a system that programs can run in.

#include "profiler/base/errors.h"

namespace lab {

/// Mounts /proc, /sys, /dev, /dev/pts, /run, tracefs, debugfs and bpffs. The agent is PID 1 and
/// nothing was there.
thaw::Status mount_system();
/// A file system of `mib` MiB, or half of the memory when 0, at kScratch: where programs run and
/// the capture goes. Not /tmp: what the lab copied there from the host must stay in sight.
thaw::Status mount_scratch(int mib);
/// Puts a userland together at kUserland: the disk, over it the files of the case, over all a file
/// system in memory for what is written; and in it what mount_system() and mount_scratch() made.
thaw::Status mount_userland();
/// Loads what /modules.order names, in its order.
thaw::Status load_modules();
/// A line in the kernel log, so that the console shows how far the agent came.
void say_on_console(const char* words);
/// Does not return.
[[noreturn]] void power_off();

}  // namespace lab
