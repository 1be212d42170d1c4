// What a machine says that nobody can stop or look into from outside: a host of bare metal, say.

#include "harness/machine/machine.h"

namespace lab {

namespace {
thaw::Status cannot() {
  return thaw::fail(thaw::ErrorKind::Environment,
                    "this machine cannot be looked into from outside; use a QEMU guest for that");
}
}  // namespace

thaw::Status Machine::pause() {
  return cannot();
}

thaw::Status Machine::resume() {
  return cannot();
}

thaw::Status Machine::read_memory(uint64_t, std::span<std::byte>) {
  return cannot();
}

}  // namespace lab
