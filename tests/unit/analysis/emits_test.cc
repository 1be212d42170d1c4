// Long emits and histograms.

#include "profiler/analysis/emits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_capture.h"

namespace thaw::test {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Emits, AreSummedOverCpus) {
  GivenCapture given;
  given.emits(0, EmitContext::nmi, 300, 5).emits(1, EmitContext::nmi, 5_ms, 2);
  given.emits(1, EmitContext::task, 100, 7);
  const EmitSummary summary = summarize_emits(given.capture());
  const EmitHistogram& nmi = summary.by_context[static_cast<size_t>(EmitContext::nmi)];
  EXPECT_EQ(nmi.count(), 7u);
  EXPECT_EQ(nmi.max_ns, 5'000'000u);
  EXPECT_EQ(nmi.buckets[8], 5u);
  EXPECT_EQ(summary.by_context[static_cast<size_t>(EmitContext::task)].count(), 7u);
  EXPECT_EQ(summary.by_context[static_cast<size_t>(EmitContext::interrupt)].count(), 0u);
}

TEST(Emits, ThatAreLongComeInTimeOrderWithTheirStacks) {
  GivenCapture given;
  given.cpu(1).at(20_ms).ran(9).slow_emit(EmitContext::task, 2_ms);
  given.cpu(0).at(10_ms).ran(7).slow_emit(EmitContext::nmi, 3_ms, {0xa, 0xb});
  const EmitSummary summary = summarize_emits(given.capture());
  ASSERT_EQ(summary.longs.size(), 2u);
  const LongEmit& first = summary.longs[0];
  EXPECT_EQ(first.cpu, CpuId(0));
  EXPECT_EQ(first.context, EmitContext::nmi);
  EXPECT_EQ(first.start_ns, kStart + 10_ms);
  EXPECT_EQ(first.length_ns, 3_ms);
  EXPECT_EQ(first.tid, Tid(7));
  EXPECT_THAT(first.stack, ElementsAre(0xa, 0xb));
  EXPECT_EQ(summary.longs[1].tid, Tid(9));
}

TEST(Emits, OfAContextThatIsNotKnownCountAsTask) {
  GivenCapture given;
  for (const int64_t detail : {-1, 3, 99})
    given.cpu(0).add({.kind = EventKind::slow_emit, .time_ns = kStart, .detail = detail});
  for (const LongEmit& emit : summarize_emits(given.capture()).longs)
    EXPECT_EQ(emit.context, EmitContext::task);
}

TEST(Emits, WithoutARecordAreCounted) {
  GivenCapture given;
  given.emits(0, EmitContext::nmi, 5_ms, 3).cpu(0).slow_emit(EmitContext::nmi, 5_ms);
  EXPECT_EQ(summarize_emits(given.capture()).longs_missing, 2u);
}

TEST(Emits, AroundTheThresholdAreNotMissed) {
  // 1.02 ms is long enough for a record but lies in a bucket that begins below 1 ms.
  GivenCapture given;
  given.emits(0, EmitContext::nmi, 1'020_us, 3).emits(0, EmitContext::nmi, 900_us, 3);
  given.cpu(0).slow_emit(EmitContext::nmi, 1'020_us);
  EXPECT_EQ(summarize_emits(given.capture()).longs_missing, 0u);
}

TEST(Emits, OfACaptureKilledEarlyAreWhatTheRecordsSay) {
  GivenCapture given;
  given.cpu(0).slow_emit(EmitContext::nmi, 5_ms);
  const EmitSummary summary = summarize_emits(given.is_killed(false).capture());
  EXPECT_EQ(summary.longs.size(), 1u);
  EXPECT_EQ(summary.longs_missing, 0u);
}

TEST(Emits, OfAnIdleCaptureAreNone) {
  EXPECT_THAT(summarize_emits(GivenCapture().capture()).longs, IsEmpty());
}

}  // namespace thaw::test
