// K-way merge: from the order in which each CPU produced events to one order for the machine.
//
// Goal. Analysis that follows a thread from CPU to CPU needs time order. Capture files hold the
// events in the order in which rings were drained: long runs of one CPU, then of the next.
//
// Why not one big sort. The events of a CPU are nearly sorted already. So they are split by CPU,
// each part is sorted only if it must be, and the parts are merged with a heap: n log(CPUs) instead
// of n log(n), and 4 bytes per event.
//
// Why a CPU's events are not always sorted. It has two rings (one for NMI), drained one after the
// other; and a program that interrupts another one's emit comes first in the ring although it began
// later.
//
// Without holding all events: what is earlier than anything in the chunks to come can be given out.
// A chunk of one CPU can be followed by many of another that go back in time, as far as a ring is
// long.
//
// What time order can and cannot say. CLOCK_MONOTONIC is one clock for all CPUs, so an effect on
// one CPU (a wake-up) is not stamped before its cause on another. But the stamps are taken when the
// tracepoint runs, not when the thing is visible to other CPUs: timeline.cc says where that
// matters.

#include "profiler/analysis/merge.h"

#include <algorithm>
#include <future>
#include <limits>

#include <boost/unordered/unordered_flat_map.hpp>

#include "profiler/base/errors.h"

namespace thaw {

EventMerge::EventMerge(std::span<const Event> events) : events_(events) {
  CHECK(events.size() <= std::numeric_limits<uint32_t>::max(), "{} events", events.size());
  boost::unordered_flat_map<uint32_t, size_t> queue_of;
  for (uint32_t index = 0; index < events.size(); index++) {
    const CpuId cpu = events[index].cpu;
    const auto [place, is_new] = queue_of.try_emplace(cpu.value, queues_.size());
    if (is_new) queues_.push_back({cpu, {}});
    queues_[place->second].order.push_back(index);
  }
  const auto time_of = [&](uint32_t index) { return events_[index].time_ns; };
  for (uint32_t queue = 0; queue < queues_.size(); queue++) {
    auto& order = queues_[queue].order;
    if (!std::ranges::is_sorted(order, {}, time_of)) std::ranges::stable_sort(order, {}, time_of);
    heap_.push_back(queue);
  }
  std::ranges::make_heap(heap_, [this](uint32_t a, uint32_t b) { return is_later(a, b); });
}

bool EventMerge::is_later(uint32_t a, uint32_t b) const {
  const Event& first = head(queues_[a]);
  const Event& second = head(queues_[b]);
  if (first.time_ns != second.time_ns) return first.time_ns > second.time_ns;
  return first.cpu > second.cpu;
}

const Event* EventMerge::next() {
  if (heap_.empty()) return nullptr;
  const auto later = [this](uint32_t a, uint32_t b) { return is_later(a, b); };
  std::ranges::pop_heap(heap_, later);
  Queue& queue = queues_[heap_.back()];
  const Event* event = &head(queue);
  if (++queue.at < queue.order.size()) {
    std::ranges::push_heap(heap_, later);
  } else {
    heap_.pop_back();
  }
  return event;
}

void merge_streamed(const StreamedCapture& capture, std::span<const int64_t> earliest_ns,
                    const std::function<void(const Event&)>& visit) {
  // sure_ns[i]: after chunk i, nothing earlier will come.
  std::vector<int64_t> sure_ns(earliest_ns.size(), std::numeric_limits<int64_t>::max());
  for (size_t chunk = sure_ns.size(); chunk-- > 1;)
    sure_ns[chunk - 1] = std::min(sure_ns[chunk], earliest_ns[chunk]);
  std::vector<Event> pending;
  std::vector<Event> rest;
  size_t worth_it = 1;  // few new events are not worth sorting many old ones again
  // Decoding is a quarter of the work: the next chunk is decoded meanwhile.
  const auto decode = [&capture](size_t chunk) {
    std::vector<Event> decoded;
    capture.visit(chunk, [&](std::span<const Event> events) {
      decoded.assign(events.begin(), events.end());
    });
    return decoded;
  };
  std::future<std::vector<Event>> next;
  if (capture.chunks() != 0) next = std::async(std::launch::async, decode, 0);
  for (size_t chunk = 0; chunk < capture.chunks(); chunk++) {
    const std::vector<Event> decoded = next.get();
    if (chunk + 1 < capture.chunks()) next = std::async(std::launch::async, decode, chunk + 1);
    pending.insert(pending.end(), decoded.begin(), decoded.end());
    if (pending.size() < worth_it && chunk + 1 < capture.chunks()) continue;
    rest.clear();
    EventMerge merge(pending);
    while (const Event* event = merge.next()) {
      if (event->time_ns < sure_ns[chunk]) {
        visit(*event);
      } else {
        rest.push_back(*event);
      }
    }
    std::swap(pending, rest);
    worth_it = 2 * pending.size();
  }
}

}  // namespace thaw
