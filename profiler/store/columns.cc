// Events ↔ columns.
//
// A switch under load comes as three events, sched_waking, sched_wakeup and sched_switch, and
// nearly everything in them follows from what the CPU did before: the waker is who runs there, the
// wake-up is of the thread just woken, the switch goes away from who runs to who was woken. So an
// event is a tag byte, a time difference of one or two bytes, and what was guessed wrong. Threads
// are written as small numbers, indices into a list that each chunk carries: chunks depend on no
// other chunk but for names and stacks.
//
// Columns (all tags together, all times together) rather than records, because zstd finds in the
// tags the pattern of the load and spends nearly all bytes on the only thing that is news, the
// times. Grouping by CPU is left to the order in which the rings are drained.

#include "profiler/store/columns.h"

#include <algorithm>
#include <cstring>

#include "profiler/base/errors.h"
#include "profiler/store/layout.h"
#include "profiler/store/varint.h"

namespace thaw {
namespace {

// The tag byte: the kind in four bits (0: see the wide column), then what is explicit.
constexpr uint8_t kKindBits = 0x0f;
constexpr uint8_t kNewCpu = 0x10;
constexpr uint8_t kThread = 0x20;
constexpr uint8_t kOther = 0x40;
constexpr uint8_t kDetail = 0x80;

// The second byte of the wide column: which extra fields an event has.
constexpr uint8_t kDuration = 0x01;
constexpr uint8_t kName = 0x02;
constexpr uint8_t kKernelStack = 0x04;
constexpr uint8_t kUserStack = 0x08;
constexpr int kStackEndShift = 4;  // and in its upper half where the user stack ends

// The most that one event can put into one column: two new threads, or two stacks.
constexpr size_t kColumnBytes = size_t{kMaxChunkEvents} * 2 * kMaxVarintBytes;
// No chunk lists more: two per event.
constexpr size_t kMaxChunkThreads = 2 * size_t{kMaxChunkEvents};

/// Modulo 2^64: times of a damaged or hostile file can be anything.
int64_t difference(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t sum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int32_t difference(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}
int32_t sum(int32_t a, int64_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

uint8_t extras_of(const Event& event) {
  return static_cast<uint8_t>((event.duration_ns != 0 ? kDuration : 0) |
                              (event.name.value != 0 ? kName : 0) |
                              (event.kernel_stack.value != 0 ? kKernelStack : 0) |
                              (event.user_stack.value != 0 ? kUserStack : 0) |
                              static_cast<uint8_t>(event.user_end) << kStackEndShift);
}

}  // namespace

CpuGuess::Fields CpuGuess::threads(EventKind kind) const {
  switch (kind) {
    case EventKind::sched_switch:
      return {running_, woken_};
    case EventKind::sched_waking:
      return {before_, running_};
    case EventKind::sched_wakeup:
      return {woken_, waker_};
    default:
      return {running_, 0};
  }
}

void CpuGuess::learn(EventKind kind, Fields fields, int64_t detail, int64_t time_ns) {
  time_ns_ = time_ns;
  details_[slot(kind, fields.thread)] = detail;
  switch (kind) {
    case EventKind::sched_switch:
      before_ = fields.thread;
      running_ = fields.other;
      break;
    case EventKind::sched_waking:
      waker_ = fields.other;
      [[fallthrough]];
    case EventKind::sched_wakeup:
      woken_ = fields.thread;
      break;
    default:
      break;
  }
}

EventEncoder::EventEncoder() : known_(kKnownThreads) {
  // Not initialised: pages of columns that stay short are never touched.
  for (auto& column : columns_) column.reset(new uint8_t[kColumnBytes]);
  clear();
}

void EventEncoder::clear() {
  for (int column = 0; column < kColumns; column++) ends_[column] = columns_[column].get();
  chunk_++;
  events_ = 0;
  threads_ = 1;  // thread 0 is the idle thread of every chunk
  last_cpu_ = CpuId{};
  last_listed_ = Tid{};
  last_name_ = 0;
  last_stack_ = 0;
}

void EventEncoder::put(Column column, uint64_t value) {
  uint8_t*& end = ends_[static_cast<size_t>(column)];
  end = put_varint(end, value);
}

uint32_t EventEncoder::list_thread(KnownThread& slot, Tid tid, Pid pid) {
  put(Column::tid, zigzag(difference(tid.value, last_listed_.value)));
  put(Column::pid, zigzag(difference(pid.value, tid.value)));
  last_listed_ = tid;
  slot = {chunk_, threads_++, tid, pid};
  return slot.index;
}

uint32_t EventEncoder::index_of(Tid tid, Pid pid) {
  if (tid.value == 0 && pid.value == 0) return 0;
  KnownThread& slot = known_[static_cast<uint32_t>(tid.value) % kKnownThreads];
  if (slot.chunk == chunk_ && slot.tid == tid && slot.pid == pid) return slot.index;
  return list_thread(slot, tid, pid);
}

/// The process of the other thread is not part of an event: any entry with its tid will do.
uint32_t EventEncoder::index_of_other(Tid tid) {
  if (tid.value == 0) return 0;
  KnownThread& slot = known_[static_cast<uint32_t>(tid.value) % kKnownThreads];
  if (slot.chunk == chunk_ && slot.tid == tid) return slot.index;
  return list_thread(slot, tid, Pid(tid.value));
}

void EventEncoder::put_wide(const Event& event) {
  put_byte(Column::wide, static_cast<uint8_t>(event.kind));
  put_byte(Column::wide, extras_of(event));
  if (event.duration_ns != 0) put(Column::duration, zigzag(event.duration_ns));
  if (event.name.value != 0) {
    put(Column::name, zigzag(int64_t{event.name.value} - last_name_));
    last_name_ = event.name.value;
  }
  for (const StackId stack : {event.kernel_stack, event.user_stack}) {
    if (stack.value == 0) continue;
    put(Column::stack, zigzag(int64_t{stack.value} - last_stack_));
    last_stack_ = stack.value;
  }
}

void EventEncoder::add(const Event& event) {
  CHECK(event.cpu.value < kMaxCpus, "CPU {}", event.cpu);
  if (events_ == 0) {
    base_time_ns_ = event.time_ns;
    guesses_.reset(base_time_ns_);
  }
  events_++;
  const auto kind = static_cast<uint8_t>(event.kind);
  const bool is_wide = kind == 0 || kind > kKindBits || extras_of(event) != 0;
  uint8_t tag = is_wide ? 0 : kind;

  if (event.cpu != last_cpu_) {
    tag |= kNewCpu;
    put(Column::cpu, event.cpu.value);
    last_cpu_ = event.cpu;
  }
  CpuGuess& cpu = guesses_.of(event.cpu);
  put(Column::time, zigzag(difference(event.time_ns, cpu.time_ns())));
  const CpuGuess::Fields guess = cpu.threads(event.kind);
  CpuGuess::Fields threads;
  threads.thread = index_of(event.tid, event.pid);
  if (threads.thread != guess.thread) {
    tag |= kThread;
    put(Column::thread, threads.thread);
  }
  threads.other = index_of_other(event.other_tid);
  if (threads.other != guess.other) {
    tag |= kOther;
    put(Column::other, threads.other);
  }
  if (event.detail != cpu.detail(event.kind, threads.thread)) {
    tag |= kDetail;
    put(Column::detail, zigzag(event.detail));
  }
  cpu.learn(event.kind, threads, event.detail, event.time_ns);
  put_byte(Column::tag, tag);
  if (is_wide) put_wide(event);
}

std::string_view EventEncoder::take() {
  size_t bytes = 0;
  for (int column = 0; column < kColumns; column++)
    bytes += static_cast<size_t>(ends_[column] - columns_[column].get());
  payload_.resize(std::max(payload_.size(), bytes + (2 + kColumns) * kMaxVarintBytes));
  uint8_t* end = put_varint(payload_.data(), events_);
  end = put_varint(end, zigzag(base_time_ns_));
  for (int column = 0; column < kColumns; column++)
    end = put_varint(end, static_cast<size_t>(ends_[column] - columns_[column].get()));
  for (int column = 0; column < kColumns; column++) {
    const auto length = static_cast<size_t>(ends_[column] - columns_[column].get());
    std::memcpy(end, columns_[column].get(), length);
    end += length;
  }
  clear();
  return {reinterpret_cast<const char*>(payload_.data()),
          static_cast<size_t>(end - payload_.data())};
}

namespace {

/// One chunk being read. The mirror image of EventEncoder.
class EventDecoder {
 public:
  explicit EventDecoder(std::string_view payload) {
    ByteReader start(payload);
    events_ = start.varint();
    guesses_.reset(start.signed_varint());
    std::array<uint64_t, kColumns> lengths{};
    for (uint64_t& length : lengths) length = start.varint();
    for (int column = 0; column < kColumns; column++)
      columns_[column] = ByteReader(start.bytes(lengths[column]));
    is_sound_ = start.ok() && start.is_empty() && events_ <= kMaxChunkEvents &&
                column(Column::tag).left() == events_ && read_threads();
  }

  bool is_sound() const { return is_sound_; }
  uint64_t events() const { return events_; }
  Event next();
  /// After the last event: nothing was missing and nothing is left.
  bool ended_well() const;

 private:
  ByteReader& column(Column column) { return columns_[static_cast<size_t>(column)]; }
  bool read_threads();
  void read_extras(Event& event, uint8_t extras);
  uint32_t thread_index(Column from);

  uint64_t events_ = 0;
  bool is_sound_ = false;
  std::array<ByteReader, kColumns> columns_;
  std::vector<std::pair<Tid, Pid>> threads_;
  CpuGuesses guesses_;
  CpuId cpu_;
  uint32_t last_name_ = 0;
  uint32_t last_stack_ = 0;
};

bool EventDecoder::read_threads() {
  ByteReader& tids = column(Column::tid);
  ByteReader& pids = column(Column::pid);
  threads_.emplace_back();
  Tid tid;
  while (!tids.is_empty() && threads_.size() <= kMaxChunkThreads) {
    tid.value = sum(tid.value, tids.signed_varint());
    threads_.emplace_back(tid, Pid(sum(tid.value, pids.signed_varint())));
  }
  return tids.is_empty() && tids.ok() && pids.is_empty() && pids.ok();
}

uint32_t EventDecoder::thread_index(Column from) {
  const uint64_t index = column(from).varint();
  if (index < threads_.size()) return static_cast<uint32_t>(index);
  is_sound_ = false;
  return 0;
}

void EventDecoder::read_extras(Event& event, uint8_t extras) {
  const int user_end = extras >> kStackEndShift;
  if (user_end >= kStackEnds) is_sound_ = false;
  event.user_end = static_cast<StackEnd>(user_end);
  if (extras & kDuration) event.duration_ns = column(Column::duration).signed_varint();
  if (extras & kName) {
    last_name_ += static_cast<uint32_t>(column(Column::name).signed_varint());
    event.name = StringId(last_name_);
  }
  if (extras & kKernelStack) {
    last_stack_ += static_cast<uint32_t>(column(Column::stack).signed_varint());
    event.kernel_stack = StackId(last_stack_);
  }
  if (extras & kUserStack) {
    last_stack_ += static_cast<uint32_t>(column(Column::stack).signed_varint());
    event.user_stack = StackId(last_stack_);
  }
}

Event EventDecoder::next() {
  Event event;
  const uint8_t tag = column(Column::tag).byte();
  uint8_t extras = 0;
  uint8_t kind = tag & kKindBits;
  if (kind == 0) {
    kind = column(Column::wide).byte();
    extras = column(Column::wide).byte();
  }
  event.kind = static_cast<EventKind>(kind);
  if (tag & kNewCpu) {
    const uint64_t cpu = column(Column::cpu).varint();
    if (cpu >= kMaxCpus) is_sound_ = false;
    cpu_ = CpuId(static_cast<uint32_t>(cpu));
  }
  event.cpu = cpu_;
  CpuGuess& guess = guesses_.of(cpu_);
  event.time_ns = sum(guess.time_ns(), column(Column::time).signed_varint());
  CpuGuess::Fields threads = guess.threads(event.kind);
  if (tag & kThread) threads.thread = thread_index(Column::thread);
  if (tag & kOther) threads.other = thread_index(Column::other);
  event.tid = threads_[threads.thread].first;
  event.pid = threads_[threads.thread].second;
  event.other_tid = threads_[threads.other].first;
  event.detail = tag & kDetail ? column(Column::detail).signed_varint()
                               : guess.detail(event.kind, threads.thread);
  guess.learn(event.kind, threads, event.detail, event.time_ns);
  read_extras(event, extras);
  if (!is_time(event.time_ns) || !is_time(event.duration_ns)) is_sound_ = false;
  return event;
}

bool EventDecoder::ended_well() const {
  if (!is_sound_) return false;
  for (const ByteReader& column : columns_)
    if (!column.ok() || !column.is_empty()) return false;
  return true;
}

bool is_known(EventKind kind) {
  return kind >= EventKind::sample && static_cast<int>(kind) < kEventKinds;
}

}  // namespace

bool decode_events(std::string_view payload, std::vector<Event>& events, uint64_t& unknown,
                   std::vector<Sample>* samples) {
  EventDecoder decoder(payload);
  if (!decoder.is_sound()) return false;
  const size_t events_before = events.size();
  const size_t samples_before = samples == nullptr ? 0 : samples->size();
  if (samples != nullptr) samples->reserve(samples_before + decoder.events());
  uint64_t left_out = 0;
  for (uint64_t i = 0; i < decoder.events(); i++) {
    const Event event = decoder.next();
    if (samples != nullptr && event.kind == EventKind::sample) {
      samples->push_back(sample_of(event));
    } else if (is_known(event.kind)) {
      events.push_back(event);
    } else {
      left_out++;
    }
  }
  if (!decoder.ended_well()) {
    events.resize(events_before);
    if (samples != nullptr) samples->resize(samples_before);
    return false;
  }
  unknown += left_out;
  return true;
}

}  // namespace thaw
