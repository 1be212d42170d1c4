#pragma once
// What else a guest needs to be the same each time on a busy host, inside QEMU.

struct qemu_plugin_tb;

namespace lab::oracle {

/// From here on QEMU's own thread touches the clock of a halted guest only when the thread of its
/// CPUs has put down what it executed. False when this QEMU does not export what that takes. Called
/// once, before the guest runs, of a guest whose CPUs take turns in one thread.
bool keep_turns();

/// Of each block that is translated, after keep_turns().
void watch_halts(qemu_plugin_tb* tb);

}  // namespace lab::oracle
