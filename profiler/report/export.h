#pragma once
// `thaw export`: a capture in the formats of viewers that people already use. Each encoder gives
// the bytes of one file; which of a capture's events it holds is said with it. Pure.
//
// Samples are those that `thaw report` counts, and a function has in every format as many of them
// as there. A frame without a name is called after its file, "[libc.so.6]".
//
// A stack that is not whole says why: in folded stacks, speedscope and Firefox by an outermost
// frame "[cut: no unwind info]", so that what it lacks is not taken for a caller; in pprof by a
// label `cut`, in Perfetto by its own unwind_error.

#include <string>

#include "profiler/analysis/sampled_stacks.h"
#include "profiler/store/reader.h"

namespace thaw {

/// FlameGraph's collapsed stacks: "thread;outermost;…;leaf count", threads of one name together,
/// sorted. Kernel frames end in _[k]. Of waits the count is microseconds, and what waited for less
/// than half of one in all is left out.
std::string export_folded(const SampledStacks& stacks);

/// profile.proto of pprof, compressed with gzip as pprof wants it. Values: samples and, when the
/// rate is known, cpu in nanoseconds; of waits their number and delay in nanoseconds. Labels
/// thread, pid, tid.
std::string export_pprof(const Capture& capture, const SampledStacks& stacks);

/// speedscope's own JSON: a profile per thread, busiest first, in the order of time; weights in
/// nanoseconds, or in samples when the rate is not known. Samples of one stack that follow each
/// other are one.
std::string export_speedscope(const Capture& capture, const SampledStacks& stacks,
                              const std::string& name);

/// The Firefox Profiler's processed profile: threads that ran, with their samples and CPU use;
/// markers for waits, with their reason and waker, and for freezes.
std::string export_firefox(const Capture& capture, const SampledStacks& samples);

/// A Perfetto trace: switches, wakings, wake-ups and names of threads as from ftrace; samples as
/// from its own sampler; slices for reasons of waits on their threads and for freezes.
std::string export_perfetto(const Capture& capture, const SampledStacks& samples);

}  // namespace thaw
