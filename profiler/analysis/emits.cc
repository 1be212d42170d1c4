// Sums the emit histograms and lists the emits that were long enough to have a record of their own.
//
// Histograms are complete (they are counters), records may be missing: a long emit that could not
// be recorded, because its ring was full or the capture was cut, still shows as a difference.

#include "profiler/analysis/emits.h"

#include <algorithm>
#include <span>

#include "profiler/analysis/frame_names.h"

namespace thaw {
namespace {

// Emits of 1 ms and more have a record. A bucket is [2^b, 2^(b+1)) ns; the first that lies wholly
// above 1 ms is 2^20 ns (1.05 ms). What is shorter may or may not have one.
constexpr size_t kFirstLongBucket = 20;

void add(EmitHistogram& sum, const EmitHistogram& part) {
  for (size_t bucket = 0; bucket < sum.buckets.size(); bucket++)
    sum.buckets[bucket] += part.buckets[bucket];
  sum.max_ns = std::max(sum.max_ns, part.max_ns);
}

EmitContext context_of(int64_t detail) {
  return detail > 0 && detail < kEmitContexts ? static_cast<EmitContext>(detail)
                                              : EmitContext::task;
}

/// The stack was taken by the function that writes these records (bpf/emit.bpf.h), which a JIT
/// compiles into a piece of its own or not: it begins with whom that was called by.
std::span<const uint64_t> without_recorder(const Capture& capture,
                                           std::span<const uint64_t> stack) {
  const auto is_recorder = [&](uint64_t address) {
    const KernelFunction* function = kernel_function(capture, address, false);
    return function != nullptr && function->name.ends_with("_put_slow");
  };
  while (!stack.empty() && is_recorder(stack.front())) stack = stack.subspan(1);
  return stack;
}

LongEmit long_emit_of(const Capture& capture, const Event& event) {
  const auto stack = without_recorder(capture, capture.stack(event.kernel_stack));
  return {event.cpu, context_of(event.detail),    event.time_ns, event.duration_ns,
          event.tid, {stack.begin(), stack.end()}};
}

uint64_t count_missing(const EmitSummary& summary) {
  uint64_t counted = 0;
  for (const EmitHistogram& histogram : summary.by_context)
    for (size_t bucket = kFirstLongBucket; bucket < histogram.buckets.size(); bucket++)
      counted += histogram.buckets[bucket];
  const auto recorded =
      static_cast<uint64_t>(std::ranges::count_if(summary.longs, [](const LongEmit& emit) {
        return emit.length_ns >= int64_t{1} << kFirstLongBucket;
      }));
  return counted > recorded ? counted - recorded : 0;
}

}  // namespace

EmitSummary summarize_emits(const Capture& capture) {
  EmitSummary summary;
  if (capture.tally()) {
    for (const auto& contexts : capture.tally()->emit)
      for (size_t context = 0; context < contexts.size(); context++)
        add(summary.by_context[context], contexts[context]);
  }
  for (const Event& event : capture.events())
    if (event.kind == EventKind::slow_emit) summary.longs.push_back(long_emit_of(capture, event));
  std::ranges::stable_sort(summary.longs, {}, &LongEmit::start_ns);
  summary.longs_missing = count_missing(summary);
  return summary;
}

}  // namespace thaw
