#pragma once
// Where results come from: the build that made them, the host they were made on, and a name for the
// session that they keep wherever they are copied.

#include <string>
#include <string_view>

#include "harness/results/result.h"

namespace lab {

/// Of the tree this was built from, 12 digits, "-dirty" after it when it had changes; empty for a
/// tree without git. Defined by the build (ci/cmake/commit.cmake).
extern const char* const kThawCommit;

struct Host {
  std::string id;     ///< 12 digits; the same for one installation, tells nothing about it
  std::string words;  ///< "AMD EPYC 7B13, 2 CPUs, 24 GiB, Linux 6.18.5"
};

/// This host, without its name.
Host this_host();

/// Pure: what /proc/cpuinfo, /proc/meminfo and uname say, in words.
std::string host_words(std::string_view cpuinfo, std::string_view meminfo,
                       std::string_view release);

/// The results of a session of this thawlab on this host that begins now and has planned `planned`
/// runs: a new session name, no run.
ResultSet new_session(std::string name, int planned);

}  // namespace lab
