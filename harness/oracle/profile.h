#pragma once
// The oracle's counts with names: an exact profile of everything that ran in a guest.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/run/stacks/symbols.h"
#include "profiler/base/errors.h"

namespace lab::oracle {

enum class Mode : uint8_t { user, kernel, bpf };

/// What was executed of one function.
struct Executed {
  std::string name;    ///< as thaw names it; "?" when nobody knows
  std::string module;  ///< path in the guest; "" for the kernel and BPF
  Mode mode = Mode::user;
  uint64_t instructions = 0;
  uint64_t in_nmi = 0;  ///< of these, where no NMI can sample
  uint64_t calls = 0;   ///< how often its first instruction was executed
};

struct ThreadProfile {
  int32_t pid = 0;
  int32_t tid = 0;
  uint32_t program = 0;  ///< how often it had replaced its program
  std::string name;
  uint64_t user = 0;  ///< instructions
  uint64_t kernel = 0;
  std::vector<Executed> executed;  ///< most first

  uint64_t instructions() const { return user + kernel; }
};

/// What threads executed in one slice of the guest's time.
struct SliceProfile {
  int64_t end_ns = 0;
  struct Use {
    uint32_t thread = 0;  ///< index into Profile::threads
    uint64_t user = 0;
    uint64_t kernel = 0;
  };
  std::vector<Use> uses;
};

struct Profile {
  int64_t start_ns = 0;  ///< CLOCK_MONOTONIC of the guest
  int64_t end_ns = 0;
  uint64_t instructions = 0;  ///< all CPUs, idle loops included
  /// An instruction of one thread took as long as one of any other: no CPUs took turns.
  bool is_even = true;
  std::vector<ThreadProfile> threads;
  std::vector<Executed> executed;  ///< of all threads, most first
  std::vector<SliceProfile> slices;
};

/// Where names come from.
struct NameSources {
  std::string_view symbols;    ///< of the kernel, as Symbols reads them
  std::string_view processes;  ///< as agent/mapped_code.h says
  /// The file of this host that lay at a path of the guest; empty when it is not known.
  std::function<std::filesystem::path(const std::string&)> file_of;
};

/// `counts`: what the plugin wrote; all but `instructions` is empty when it counted those alone.
/// Threads of processes that were gone when the load ended are named by their parent's code, as of
/// one that has only been forked. Fails with Corrupt when the text is none of the plugin's or not
/// whole.
thaw::Result<Profile> read_profile(std::string_view counts, const NameSources& sources);

/// Who executed how much, and how often what a recorder is called for happened to the load.
struct Summary {
  uint64_t instructions = 0;  ///< all
  uint64_t load = 0;          ///< of the load's processes, with what a recorder did inside of them
  uint64_t idle = 0;
  uint64_t switches = 0;  ///< to threads of the load
  uint64_t samples = 0;   ///< timer interrupts of perf events in threads of the load

  uint64_t others() const { return instructions - load - idle; }
};

/// `processes`: the load's pids.
Summary summarize(const Profile& profile, const std::set<int32_t>& processes);

/// As harness/oracle/README.md describes it: a truth that `thaw fidelity` reads.
std::string to_json(const Profile& profile);

}  // namespace lab::oracle
