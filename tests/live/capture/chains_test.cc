// Whole stacks, frame by frame, of call chains that are known.

#include <gmock/gmock.h>

#include "tests/live/capture/known_load.h"

namespace test {
namespace {

using Frames = NamedSamples::Frames;

/// The most frames that are kept of a stack (wire/event.h).
constexpr size_t kMostFrames = 127;

class Chains : public KnownLoad {
 protected:
  /// What of `frames` is the chain's own: from its leaf on, to the thread's entry or where the
  /// stack is cut. Above the leaf are libc and the vDSO where the truth says so.
  static Frames of_chain(const Frames& frames, const nlohmann::json& chain) {
    const auto leaf = std::ranges::find(frames, chain["leaf"].get<std::string>());
    if (leaf == frames.end() || (leaf != frames.begin() && chain["above"] != "vdso")) return {};
    const size_t left = static_cast<size_t>(frames.end() - leaf);
    const size_t depth = std::min(left, chain["depth"].get<size_t>());
    return {leaf, leaf + static_cast<ptrdiff_t>(depth)};
  }
};

TEST_F(Chains, AreSeenFrameByFrameAndAsLongAsTheyRan) {
  record("chains --work 1000 --seconds 25");
  double all_ns = 0;
  for (const auto& chain : truth["chains"]) all_ns += chain["cpu_ns"].get<double>();
  const double all = samples->count([](auto&, const Frames& frames) { return !frames.empty(); });
  ASSERT_GT(all, 100) << "997 Hz, of some three seconds of work";
  for (const auto& chain : truth["chains"]) {
    SCOPED_TRACE(chain["name"]);
    auto expected = chain["frames"].get<Frames>();
    ASSERT_EQ(expected.size(), chain["depth"]);
    const bool is_cut = expected.size() > kMostFrames;
    if (is_cut) expected.resize(kMostFrames);
    std::map<Frames, int> others;
    double as_expected = 0;
    const double in_chain = samples->count([&](const thaw::Event& event, const Frames& frames) {
      const Frames seen = of_chain(frames, chain);
      if (seen.empty()) return false;
      const bool ends_well =
          event.user_end == (is_cut ? thaw::StackEnd::too_deep : thaw::StackEnd::complete);
      if (seen == expected && ends_well)
        as_expected++;
      else
        others[seen]++;
      return true;
    });
    const double share = chain["cpu_ns"].get<double>() / all_ns;
    EXPECT_NEAR(in_chain, all * share, chance(all, share));
    // One in a thousand: the tables of a program are made while it already runs.
    EXPECT_GE(as_expected, in_chain - std::max(1.0, in_chain / 1000))
        << testing::PrintToString(others);
  }
}

TEST_F(Chains, ThatAreInlinedAppearWithDebugInformationOnly) {
  record("chains --only inlined,lto,tail-call --work 2000 --seconds 25");
  for (const auto& chain : truth["chains"])
    EXPECT_EQ(samples->in(chain["without_frame"]), 0) << chain["name"];
  EXPECT_GT(samples->in("inlined_leaf"), 50);
}

TEST_F(Chains, AreTheSameFromCopiesOfTheStack) {
  record("chains --only no-frame-pointers,no-return,signal,trap --work 2000 --seconds 25",
         "--stacks dwarf");
  for (const auto& chain : truth["chains"]) {
    double right = 0;
    const double all = samples->count([&](auto&, const Frames& frames) {
      const Frames seen = of_chain(frames, chain);
      right += seen == chain["frames"].get<Frames>();
      return !seen.empty();
    });
    EXPECT_GT(all, 30) << chain["name"];
    // As above; and what ran before the recorder had first looked at the program's files.
    EXPECT_GE(right, 0.97 * all) << chain["name"];
  }
}

}  // namespace
}  // namespace test
