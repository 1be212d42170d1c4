// process_vm_readv(2) on QEMU: one system call a word, where QMP's pmemsave takes a round trip and
// a file of its own. RAM in an object that the lab maps as well would save the call, but is shared
// memory, for which hosts use no huge pages, and one more thing that a saved machine must be
// restored with.
// Whoever may start a process may read it: QEMU is the lab's child.
//
// Where a guest address lies in QEMU its monitor tells (gpa2hva). RAM is one block: on the q35
// board its first part lies at guest address 0, the rest above 4 GiB.

#include "harness/machine/guest_memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace lab {

using nlohmann::json;
using thaw::ErrorKind;
using thaw::Result;
using thaw::Status;

namespace {

// Above the legacy hole (640 KiB to 1 MiB), below which ROMs may hide RAM.
constexpr uint64_t kLowProbe = 0x10'0000;
constexpr uint64_t kHighStart = 0x1'0000'0000;

/// "Host virtual address for 0x100000 (pc.ram) is 0x7f…"; nothing when there is no RAM.
Result<std::optional<uint64_t>> host_address(Qmp& qmp, uint64_t guest) {
  const json said = TRY(qmp.command("human-monitor-command",
                                    json{{"command-line", fmt::format("gpa2hva {:#x}", guest)}}));
  const std::string text = said.is_string() ? said.get<std::string>() : "";
  constexpr std::string_view kBefore = " is 0x";
  const size_t at = text.rfind(kBefore);
  if (at == std::string::npos) return std::optional<uint64_t>();
  uint64_t address = 0;
  const char* start = text.data() + at + kBefore.size();
  std::from_chars(start, text.data() + text.size(), address, 16);
  return std::optional(address);
}

/// Bytes of RAM, as the monitor says.
Result<uint64_t> ram_bytes(Qmp& qmp) {
  const json said = TRY(qmp.command("query-memory-size-summary", json::object()));
  return said.value("base-memory", uint64_t{0});
}

}  // namespace

Result<GuestMemory> GuestMemory::find(Qmp& qmp, thaw::Pid pid) {
  GuestMemory memory(pid);
  const uint64_t bytes = TRY(ram_bytes(qmp));
  const auto low = TRY(host_address(qmp, kLowProbe));
  if (!low || bytes == 0)
    return thaw::fail(ErrorKind::Environment, "QEMU does not say where the guest's memory is");
  const uint64_t start = *low - kLowProbe;
  const auto high = TRY(host_address(qmp, kHighStart));
  if (!high || *high <= start || *high - start >= bytes) {
    memory.pieces_.push_back({0, bytes, start});
    return memory;
  }
  const uint64_t low_bytes = *high - start;
  memory.pieces_.push_back({0, low_bytes, start});
  memory.pieces_.push_back({kHighStart, bytes - low_bytes, *high});
  return memory;
}

Status GuestMemory::read(uint64_t address, std::span<std::byte> into) const {
  const auto holds = [&](const Piece& piece) {
    return address >= piece.guest && address - piece.guest < piece.bytes &&
           into.size() <= piece.bytes - (address - piece.guest);
  };
  const auto piece = std::ranges::find_if(pieces_, holds);
  if (piece == pieces_.end())
    return thaw::fail(ErrorKind::Environment, "the guest has no memory at {:#x}", address);
  const iovec ours{into.data(), into.size()};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address in another process
  const iovec theirs{reinterpret_cast<void*>(piece->host + (address - piece->guest)), into.size()};
  const ssize_t got = ::process_vm_readv(pid_.value, &ours, 1, &theirs, 1, 0);
  if (got == static_cast<ssize_t>(into.size())) return {};
  return thaw::fail_errno(got < 0 ? errno : EIO,
                          "cannot read the guest's memory; allow this user to ptrace its children");
}

}  // namespace lab
