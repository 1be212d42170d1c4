#pragma once
// The guest's network, where it has one.

namespace lab {

/// Gives lo and, if there is one, eth0 an address: QEMU's user network is always 10.0.2.0/24, the
/// guest 10.0.2.15. Nothing is wrong where there is none.
void bring_up_network();

}  // namespace lab
