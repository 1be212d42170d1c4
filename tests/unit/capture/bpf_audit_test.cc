// Which programs could meet in NMI: over inventories that need no kernel.

#include "profiler/capture/bpf_audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

namespace thaw {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A machine with maps 1 (ring), 2 (array), 3 (LRU hash), 4 (array of maps).
class Given {
 public:
  Given() {
    inventory_.maps = {{.id = 3, .name = "lru", .type = BPF_MAP_TYPE_LRU_HASH},
                       {.id = 1, .name = "ring", .type = BPF_MAP_TYPE_RINGBUF},
                       {.id = 2, .name = "cpus", .type = BPF_MAP_TYPE_ARRAY},
                       {.id = 4, .name = "rings", .type = BPF_MAP_TYPE_ARRAY_OF_MAPS}};
  }
  Given& program(const std::string& name, const std::string& type, const std::string& place,
                 std::vector<uint32_t> maps) {
    inventory_.programs.push_back({.id = next_id_++,
                                   .name = name,
                                   .type = type,
                                   .place = place,
                                   .reach = nmi_reach(type, place),
                                   .maps = std::move(maps)});
    return *this;
  }
  Given& sampler(std::vector<uint32_t> maps) {
    return program("on_sample", "perf_event", "", std::move(maps));
  }
  Given& switcher(std::vector<uint32_t> maps) {
    return program("on_switch", "raw_tracepoint", "sched_switch", std::move(maps));
  }
  std::vector<std::string> shared() const { return described(find_shared_maps(inventory_)); }
  std::vector<std::string> exposed() const { return described(find_exposed_maps(inventory_)); }
  const BpfInventory& inventory() const { return inventory_; }

 private:
  static std::vector<std::string> described(const std::vector<SharedMap>& maps) {
    std::vector<std::string> lines;
    for (const SharedMap& map : maps) lines.push_back(describe(map));
    return lines;
  }

  BpfInventory inventory_;
  uint32_t next_id_ = 10;
};

TEST(BpfAudit, NamesAMapThatBothSidesUse) {
  EXPECT_THAT(Given().sampler({1, 2}).switcher({1, 2}).shared(),
              ElementsAre("ringbuf 'ring' (id 1): on_sample in NMI, on_switch elsewhere"));
}

TEST(BpfAudit, LeavesMapsOfOneSideAlone) {
  EXPECT_THAT(Given().sampler({1}).switcher({3}).shared(), IsEmpty());
  EXPECT_THAT(Given().switcher({1}).program("on_wake", "tracing", "sched_wakeup", {1}).shared(),
              IsEmpty());
}

TEST(BpfAudit, TwoSamplersDoNotMeet) {
  EXPECT_THAT(Given().sampler({1}).program("on_nmi", "raw_tracepoint", "nmi_handler", {1}).shared(),
              IsEmpty());
}

TEST(BpfAudit, AProbeOnALockMeetsItself) {
  EXPECT_THAT(Given().program("on_lock", "kprobe", "_raw_spin_lock", {3}).shared(),
              ElementsAre("lru_hash 'lru' (id 3): on_lock in NMI, on_lock elsewhere"));
  EXPECT_THAT(Given().program("on_wait", "tracepoint", "contention_begin", {3}).shared(),
              ElementsAre("lru_hash 'lru' (id 3): on_wait in NMI, on_wait elsewhere"));
}

TEST(BpfAudit, AMapOfMapsIsNamedWithADoubt) {
  EXPECT_THAT(Given().sampler({4}).switcher({4}).shared(),
              ElementsAre("array_of_maps 'rings' (id 4): on_sample in NMI, on_switch elsewhere; "
                          "perhaps different maps inside"));
}

TEST(BpfAudit, SortsByIdAndNamesTheNameless) {
  const auto lines = Given().program("", "perf_event", "", {1, 3}).switcher({1, 3}).shared();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "ringbuf 'ring' (id 1): program 10 in NMI, on_switch elsewhere");
  EXPECT_EQ(lines[1].substr(0, 8), "lru_hash");
}

TEST(BpfAudit, KnowsWhereProgramsRun) {
  EXPECT_EQ(nmi_reach("perf_event", ""), NmiReach::only);
  EXPECT_EQ(nmi_reach("raw_tracepoint", "nmi_handler"), NmiReach::only);
  EXPECT_EQ(nmi_reach("tracing", "nmi_handler"), NmiReach::only);
  EXPECT_EQ(nmi_reach("tracing", "perf_event_overflow"), NmiReach::also);
  EXPECT_EQ(nmi_reach("raw_tracepoint", "sched_switch"), NmiReach::never);
  EXPECT_EQ(nmi_reach("raw_tracepoint", ""), NmiReach::never) << "loaded, attached nowhere";
  EXPECT_EQ(nmi_reach("kprobe", "tcp_connect"), NmiReach::never);
  EXPECT_EQ(nmi_reach("cgroup_skb", "_raw_spin_lock"), NmiReach::never) << "no function's";
}

TEST(BpfAudit, WithoutASamplerWhatItWouldMeetIsExposed) {
  const Given given = Given().switcher({1, 2, 4});
  EXPECT_FALSE(has_nmi_program(given.inventory()));
  EXPECT_THAT(given.exposed(), ElementsAre("ringbuf 'ring' (id 1):  in NMI, on_switch elsewhere"));
  EXPECT_TRUE(has_nmi_program(Given().sampler({2}).inventory()));
}

}  // namespace
}  // namespace thaw
