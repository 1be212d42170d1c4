// Events chunks: every event comes back exactly, guesses or not, and no payload can do harm.

#include "profiler/store/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "profiler/store/layout.h"
#include "profiler/store/varint.h"

namespace thaw::test {

using testing::ElementsAreArray;
using testing::IsEmpty;

std::string payload_of(const std::vector<Event>& events) {
  EventEncoder encoder;
  for (const Event& event : events) encoder.add(event);
  return std::string(encoder.take());
}

struct Decoded {
  bool is_sound = false;
  std::vector<Event> events;
  uint64_t unknown = 0;
};

Decoded decoded(std::string_view payload) {
  Decoded result;
  result.is_sound = decode_events(payload, result.events, result.unknown);
  return result;
}

Event event(EventKind kind, uint32_t cpu, int64_t time_ns, int32_t tid, int32_t other = 0) {
  return {.kind = kind,
          .cpu = CpuId(cpu),
          .time_ns = time_ns,
          .tid = Tid(tid),
          .pid = Pid(tid),
          .other_tid = Tid(other)};
}

/// Fields of any size, threads and CPUs that collide in every table of the encoder.
std::vector<Event> random_events(uint32_t seed, size_t count) {
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t limit) { return random() % limit; };
  std::vector<Event> events;
  for (size_t i = 0; i < count; i++) {
    Event e;
    e.kind = static_cast<EventKind>(1 + below(kEventKinds - 1));
    e.cpu = CpuId(static_cast<uint32_t>(below(3) == 0 ? below(kMaxCpus) : below(2) * 1024));
    e.time_ns = static_cast<int64_t>(below(2) == 0 ? below(1 << 20) : below(uint64_t{1} << 62));
    const auto thread = [&] { return static_cast<int32_t>(below(4) * 4096 + below(3)); };
    e.tid = Tid(below(50) == 0 ? std::numeric_limits<int32_t>::min() : thread());
    e.pid = Pid(below(2) == 0 ? e.tid.value : thread());
    e.other_tid = Tid(thread());
    if (below(2) == 0) e.detail = static_cast<int64_t>(below(3) == 0 ? random() : below(3));
    if (below(4) == 0) e.duration_ns = static_cast<int64_t>(below(uint64_t{1} << 62));
    if (below(4) == 0) e.name = StringId(static_cast<uint32_t>(random()));
    if (below(4) == 0) e.kernel_stack = StackId(static_cast<uint32_t>(random()));
    if (below(4) == 0) e.user_stack = StackId(static_cast<uint32_t>(random()));
    events.push_back(e);
  }
  return events;
}

TEST(Columns, GiveBackEveryFieldOfEveryEvent) {
  for (uint32_t seed = 1; seed <= 5; seed++) {
    const auto events = random_events(seed, 5000);
    const Decoded result = decoded(payload_of(events));
    EXPECT_TRUE(result.is_sound) << "seed " << seed;
    EXPECT_THAT(result.events, ElementsAreArray(events)) << "seed " << seed;
    EXPECT_EQ(result.unknown, 0u);
  }
}

TEST(Columns, OfOneChunkNeedNoOther) {
  EventEncoder encoder;
  const auto first = random_events(1, 100);
  const auto second = random_events(2, 100);
  for (const Event& e : first) encoder.add(e);
  (void)encoder.take();
  EXPECT_EQ(encoder.size(), 0u);
  for (const Event& e : second) encoder.add(e);
  EXPECT_THAT(decoded(encoder.take()).events, ElementsAreArray(second));
}

TEST(Columns, HoldAsManyEventsAsAChunkMay) {
  EventEncoder encoder;
  for (uint32_t i = 0; i < kMaxChunkEvents; i++)
    encoder.add(event(EventKind::sched_switch, 0, i, static_cast<int32_t>(2 * i + 1),
                      static_cast<int32_t>(2 * i + 2)));
  EXPECT_TRUE(encoder.is_full());
  const Decoded result = decoded(encoder.take());
  ASSERT_TRUE(result.is_sound);
  EXPECT_EQ(result.events.size(), kMaxChunkEvents);
  EXPECT_EQ(result.events.back().other_tid, Tid(2 * kMaxChunkEvents));
}

TEST(Columns, TakeTwoBytesForAnEventThatIsGuessedRight) {
  // Ping-pong: 7 wakes 8 and sleeps, 8 wakes 7 and sleeps.
  std::vector<Event> events;
  int64_t now = 1000;
  for (int i = 0; i < 1000; i++) {
    const int32_t runs = i % 2 == 0 ? 7 : 8;
    const int32_t other = 15 - runs;
    for (const EventKind kind : {EventKind::sched_waking, EventKind::sched_wakeup})
      events.push_back(event(kind, 0, now += 50, other, runs));
    events.push_back(event(EventKind::sched_switch, 0, now += 50, runs, other));
    events.back().detail = 1;
  }
  // The first round has to say who they are.
  EXPECT_LE(payload_of(events).size(), 2 * events.size() + 60);
  EXPECT_THAT(decoded(payload_of(events)).events, ElementsAreArray(events));
}

TEST(Columns, LeaveOutKindsOfALaterVersionAndCountThem) {
  std::vector<Event> events = random_events(3, 300);
  std::vector<Event> known;
  for (size_t i = 0; i < events.size(); i++) {
    if (i % 10 == 0) events[i].kind = static_cast<EventKind>(i % 20 == 0 ? 13 : 200);
    if (i % 10 != 0) known.push_back(events[i]);
  }
  const Decoded result = decoded(payload_of(events));
  EXPECT_TRUE(result.is_sound);
  EXPECT_EQ(result.unknown, 30u);
  EXPECT_THAT(result.events, ElementsAreArray(known));
}

/// The payload of one event, column by column, as FORMAT.md has it.
struct Columns {
  uint64_t events = 1;
  int64_t base = 1000;
  std::string tag{"\x02"}, cpu, time{std::string(1, '\0')}, thread, other, detail, tid, pid, wide,
      duration, name, stack;
  std::string tail;

  std::string payload() const {
    std::string out = number(events) + number(zigzag(base));
    const std::string* const all[] = {&tag, &cpu, &time, &thread,   &other, &detail,
                                      &tid, &pid, &wide, &duration, &name,  &stack};
    for (const std::string* column : all) out += number(column->size());
    for (const std::string* column : all) out += *column;
    return out + tail;
  }
  static std::string number(uint64_t value) {
    uint8_t bytes[kMaxVarintBytes];
    return {reinterpret_cast<const char*>(bytes),
            static_cast<size_t>(put_varint(bytes, value) - bytes)};
  }
};

TEST(Columns, AreTheDocumentedOnes) {
  Event e = event(EventKind::sched_switch, 5, 1000, 70, 80);
  e.detail = 2;
  e.duration_ns = 3;
  e.name = StringId(4);
  e.kernel_stack = StackId(5);
  e.user_stack = StackId(4);
  Columns c;
  c.tag = "\xf0";  // kind in the wide column; new CPU, thread, other and detail explicit
  c.cpu = "\x05";
  c.thread = "\x01";
  c.other = "\x02";
  c.detail = "\x04";       // zigzag 2
  c.tid = "\x8c\x01\x14";  // zigzag 70, then 10 more
  c.pid = std::string(2, '\0');
  c.wide = "\x02\x0f";
  c.duration = "\x06";
  c.name = "\x08";
  c.stack = "\x0a\x01";  // 5, then 1 less
  EXPECT_EQ(payload_of({e}), c.payload());
  EXPECT_THAT(decoded(c.payload()).events, ElementsAreArray({e}));
}

TEST(Columns, OfOneEventAreSound) {
  EXPECT_TRUE(decoded(Columns{}.payload()).is_sound);
}

struct Spoiled {
  const char* what;
  void (*spoil)(Columns&);
};

class SpoiledColumns : public testing::TestWithParam<Spoiled> {};

TEST_P(SpoiledColumns, AreRefusedAndLeaveNoEvent) {
  Columns columns;
  GetParam().spoil(columns);
  std::vector<Event> events{event(EventKind::sample, 0, 1, 2)};
  uint64_t unknown = 0;
  EXPECT_FALSE(decode_events(columns.payload(), events, unknown)) << GetParam().what;
  EXPECT_EQ(events.size(), 1u) << "what was there stays, alone";
  EXPECT_EQ(unknown, 0u);
  std::vector<Sample> samples(1);
  EXPECT_FALSE(decode_events(columns.payload(), events, unknown, &samples)) << GetParam().what;
  EXPECT_EQ(samples.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Columns, SpoiledColumns,
    testing::Values(
        Spoiled{"an event more than tags", [](Columns& c) { c.events = 2; }},
        Spoiled{"an event less than tags", [](Columns& c) { c.events = 0; }},
        Spoiled{"more events than a chunk may have",
                [](Columns& c) {
                  c.events = kMaxChunkEvents + 1;
                  c.tag = std::string(c.events, '\2');
                  c.time = std::string(c.events, '\0');
                }},
        Spoiled{"bytes behind the columns", [](Columns& c) { c.tail = "x"; }},
        Spoiled{"no time", [](Columns& c) { c.time = ""; }},
        Spoiled{"half a time", [](Columns& c) { c.time = "\x80"; }},
        Spoiled{"a time too many", [](Columns& c) { c.time += "\1"; }},
        Spoiled{"a time before the boot", [](Columns& c) { c.base = -1; }},
        Spoiled{"a time after 146 years", [](Columns& c) { c.base = kMaxTimeNs + 1; }},
        Spoiled{"a duration below 0",
                [](Columns& c) { c.tag = '\0', c.wide = "\2\1", c.duration = "\1"; }},
        Spoiled{"a new CPU that is not said", [](Columns& c) { c.tag = "\x12"; }},
        Spoiled{"a CPU that no machine has",
                [](Columns& c) { c.tag = "\x12", c.cpu = Columns::number(kMaxCpus); }},
        Spoiled{"a CPU beyond 32 bits",
                [](Columns& c) { c.tag = "\x12", c.cpu = Columns::number(uint64_t{1} << 32); }},
        Spoiled{"a CPU too many", [](Columns& c) { c.cpu = "\1"; }},
        Spoiled{"a thread that is not listed", [](Columns& c) { c.tag = "\x22", c.thread = "\1"; }},
        Spoiled{"another thread that is not listed",
                [](Columns& c) { c.tag = "\x42", c.other = "\1"; }},
        Spoiled{"a thread index beyond 32 bits",
                [](Columns& c) { c.tag = "\x22", c.thread = Columns::number(uint64_t{1} << 32); }},
        Spoiled{"a detail that is not there", [](Columns& c) { c.tag = "\x82"; }},
        Spoiled{"a thread without a process", [](Columns& c) { c.tid = "\2"; }},
        Spoiled{"a process without a thread", [](Columns& c) { c.pid = "\2"; }},
        Spoiled{"more threads than two for each event",
                [](Columns& c) {
                  c.tid = std::string(2 * kMaxChunkEvents + 2, '\2');
                  c.pid = std::string(2 * kMaxChunkEvents + 2, '\0');
                }},
        Spoiled{"no kind", [](Columns& c) { c.tag = '\0'; }},
        Spoiled{"no extras", [](Columns& c) { c.tag = '\0', c.wide = "\1"; }},
        Spoiled{"extras of a later version", [](Columns& c) { c.tag = '\0', c.wide = "\1\xf0"; }},
        Spoiled{"no duration", [](Columns& c) { c.tag = '\0', c.wide = "\1\1"; }},
        Spoiled{"no name", [](Columns& c) { c.tag = '\0', c.wide = "\1\2"; }},
        Spoiled{"one stack of two",
                [](Columns& c) { c.tag = '\0', c.wide = "\1\x0c", c.stack = "\2"; }}),
    [](const auto& info) {
      std::string name = info.param.what;
      for (char& letter : name)
        if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
      return name;
    });

TEST(Columns, AreRefusedWhenCutAnywhere) {
  const std::string payload = payload_of(random_events(4, 20));
  for (size_t length = 0; length < payload.size(); length++) {
    const Decoded result = decoded(payload.substr(0, length));
    EXPECT_FALSE(result.is_sound) << length << " of " << payload.size() << " bytes";
    EXPECT_THAT(result.events, IsEmpty());
  }
}

TEST(ColumnsDeathTest, TakeNoCpuThatAReaderRefuses) {
  EventEncoder encoder;
  EXPECT_DEATH(encoder.add(event(EventKind::sample, kMaxCpus, 1, 1)), "bug in Thaw");
}

}  // namespace thaw::test
