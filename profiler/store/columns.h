#pragma once
// Events as columns of small numbers: what an events chunk holds before compression. The encoder
// runs beside the load, a million events a second and more; it allocates once.

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "profiler/store/event.h"
#include "profiler/store/sample.h"

namespace thaw {

/// Events per chunk. 32,768 compress as well as a larger chunk would (measured: 1 % at twice as
/// many) and lose 30 ms of a busy machine when one chunk is damaged.
inline constexpr uint32_t kMaxChunkEvents = 32'768;

/// The columns of an events chunk, in file order.
enum class Column : uint8_t {
  tag,       ///< one byte per event: kind, and which columns have a value for it
  cpu,       ///< when it differs from the event before
  time,      ///< difference to the last event of that CPU
  thread,    ///< index into this chunk's threads, when guessed wrong
  other,     ///< the same for other_tid
  detail,    ///< when guessed wrong
  tid,       ///< the threads of this chunk in order of appearance
  pid,       ///< theirs
  wide,      ///< kind and extra fields of the events that have some
  duration,  ///< extra field
  name,      ///< extra field
  stack,     ///< extra fields: kernel, then user
};
inline constexpr int kColumns = 12;

/// Guesses that encoder and decoder make alike about the next event of a CPU, from its last ones:
/// who was switched in runs; who was woken runs next. Only wrong guesses take space. Threads are
/// indices into the chunk's list, 0 is the idle thread.
class CpuGuess {
 public:
  struct Fields {
    uint32_t thread = 0;
    uint32_t other = 0;
  };

  Fields threads(EventKind kind) const;
  int64_t detail(EventKind kind, uint32_t thread) const { return details_[slot(kind, thread)]; }
  int64_t time_ns() const { return time_ns_; }
  void learn(EventKind kind, Fields fields, int64_t detail, int64_t time_ns);

 private:
  friend class CpuGuesses;
  /// The idle thread's state never changes: it shall not disturb the others'. A wake-up goes where
  /// the waking said.
  static size_t slot(EventKind kind, uint32_t thread) {
    if (thread == 0) return 0;
    return kind == EventKind::sched_wakeup ? static_cast<size_t>(EventKind::sched_waking)
                                           : static_cast<size_t>(kind) % 16;
  }

  int64_t time_ns_ = 0;
  uint32_t running_ = 0;
  uint32_t before_ = 0;  ///< who ran before `running_`
  uint32_t woken_ = 0;
  uint32_t waker_ = 0;
  uint32_t chunk_ = 0;
  std::array<int64_t, 16> details_{};
};

/// The guesses of all CPUs. CPUs whose numbers are equal modulo 1024 share one: worse guesses, same
/// result.
class CpuGuesses {
 public:
  CpuGuesses() : slots_(kSlots) {}
  /// Forgets everything; `base_time_ns` is where every CPU's time starts.
  void reset(int64_t base_time_ns) {
    chunk_++;
    base_time_ns_ = base_time_ns;
  }
  CpuGuess& of(CpuId cpu) {
    CpuGuess& guess = slots_[cpu.value % kSlots];
    if (guess.chunk_ != chunk_) {
      guess = CpuGuess{};
      guess.chunk_ = chunk_;
      guess.time_ns_ = base_time_ns_;
    }
    return guess;
  }

 private:
  static constexpr size_t kSlots = 1024;
  std::vector<CpuGuess> slots_;
  uint32_t chunk_ = 0;
  int64_t base_time_ns_ = 0;
};

/// Collects the events of one chunk. Used by one thread.
class EventEncoder {
 public:
  EventEncoder();

  uint32_t size() const { return events_; }
  bool is_full() const { return events_ == kMaxChunkEvents; }
  /// Must not be full. The event's CPU is below kMaxCpus.
  void add(const Event& event);
  /// The payload of the chunk; the encoder is empty afterwards. Valid until the next call.
  std::string_view take();

 private:
  struct KnownThread {
    uint32_t chunk = 0;
    uint32_t index = 0;
    Tid tid;
    Pid pid;
  };
  /// Direct-mapped by tid: a thread that collides with another is listed again, nothing else.
  static constexpr size_t kKnownThreads = 4096;

  void clear();
  void put(Column column, uint64_t value);
  void put_byte(Column column, uint8_t value) { *ends_[static_cast<size_t>(column)]++ = value; }
  uint32_t index_of(Tid tid, Pid pid);
  uint32_t index_of_other(Tid tid);
  uint32_t list_thread(KnownThread& slot, Tid tid, Pid pid);
  void put_wide(const Event& event);

  std::array<std::unique_ptr<uint8_t[]>, kColumns> columns_;
  std::array<uint8_t*, kColumns> ends_{};
  std::vector<KnownThread> known_;
  std::vector<uint8_t> payload_;
  CpuGuesses guesses_;
  uint32_t chunk_ = 0;
  uint32_t events_ = 0;
  uint32_t threads_ = 0;
  int64_t base_time_ns_ = 0;
  CpuId last_cpu_;
  Tid last_listed_;
  uint32_t last_name_ = 0;
  uint32_t last_stack_ = 0;
};

/// Decodes a payload, appending to `events`. False when it makes no sense; `events` is then as it
/// was. Events of kinds that this version does not know are left out and counted in `unknown`.
/// Samples go to `samples` where it is not null; as it was, too, when the payload makes no sense.
bool decode_events(std::string_view payload, std::vector<Event>& events, uint64_t& unknown,
                   std::vector<Sample>* samples = nullptr);

}  // namespace thaw
