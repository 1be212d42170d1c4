#pragma once
// A profile and the truth that it is held against, sorted by what measures count. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>

#include "profiler/analysis/frame_names.h"
#include "profiler/analysis/truth.h"
#include "profiler/profiles/stack_profile.h"
#include "profiler/store/reader.h"

namespace thaw {

/// Both must outlive it.
class ProfileHeld {
 public:
  const StackProfile& profile;
  const Truth& truth;
  /// How much more a share of samples scatters than one of samples that are independent.
  const double dispersion;
  const bool is_by_nmi;  ///< samples land in the kernel wherever it is

  ProfileHeld(const StackProfile& profile, const Truth& truth, double dispersion, bool is_by_nmi);

  /// Samples of the load, by ids, else by the names of threads; all of them where the profile says
  /// neither.
  bool is_of_load(const ProfileSample& sample) const;
  /// Of the threads that the truth counts: those that start and end them do something else.
  bool is_of_threads(const ProfileSample& sample) const;
  /// Where user code was, whatever the kernel did for it: the user frame nearest to the leaf, the
  /// vDSO passed over. Null when there is none.
  const ProfileFunction* user_leaf(const ProfileSample& sample) const;
  /// Where it was if that was in the kernel; null when it was not.
  const ProfileFunction* kernel_leaf(const ProfileSample& sample) const;
  /// As user_leaf(), and those that called it: indices of functions.
  std::span<const uint32_t> user_frames(const ProfileSample& sample) const;

 private:
  std::unordered_set<Tid> tids_;
  std::unordered_set<Pid> pids_;
  std::unordered_set<std::string>
      names_;  ///< of its threads; empty where no sample has one of them
};

/// How samples of a capture scatter. NMIs come one by one. A timer is more even than chance against
/// most loads; against one that repeats itself at nearly the timer's rate it is not, and the
/// variance of a share is at most 2.5 times that of independent samples where periods are drawn at
/// random, each for 16 samples and more. For a fixed period there is no such bound; the same is
/// taken.
double dispersion_of(const Header& header);
/// Of samples that were taken nobody knows how.
inline constexpr double kUnknownDispersion = 2.5;

/// The capture's samples in [start_ns, end_ns], idle CPUs left out. Reads files of this machine for
/// their names. Inlined functions count as what they were inlined into: so truths name them.
StackProfile profile_of(const Capture& capture, NameOptions names, int64_t start_ns,
                        int64_t end_ns);

}  // namespace thaw
