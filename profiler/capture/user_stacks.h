#pragma once
// The stacks that the kernel side copied, from the ring to unwound frames; and with them everything
// that is heard of processes' memory.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "profiler/capture/mapping_log.h"
#include "profiler/capture/process_news.h"
#include "profiler/capture/unwinder.h"

namespace thaw {

/// Used by one thread, between two rounds of draining the rings.
class UserStacks {
 public:
  /// Appends what happened since it was last called, in the order of its times.
  using News = std::function<void(std::vector<ProcessNews>& into)>;
  /// `news` must stay callable. `unwinder`: null where frame pointers are followed. `copy_bytes`:
  /// what the kernel side copies at most.
  UserStacks(News news, std::unique_ptr<Unwinder> unwinder, MappingLog& log, uint32_t copy_bytes)
      : ask_(std::move(news)), unwinder_(std::move(unwinder)), log_(log), copy_bytes_(copy_bytes) {}

  /// What there was at the start.
  void begin(std::vector<Mapping> mappings);
  /// Keeps a record with a stack_copy until settle(). False when its sizes make no sense.
  bool keep(const char* record, uint32_t bytes);
  /// The rings were just drained: hears what happened up to now, unwinds the copies, and gives the
  /// kernel the tables of processes that run.
  using Sink = std::function<void(const std::string& record, const UnwoundStack& stack)>;
  void settle(const Sink& sink);

 private:
  struct Kept {
    int64_t time_ns;
    size_t copy_at;  ///< of the stack_copy in the record
    std::string record;
  };
  void hear();
  void tell_until(int64_t time_ns);
  CopiedStack copy_in(const Kept& kept) const;

  News ask_;
  std::unique_ptr<Unwinder> unwinder_;
  MappingLog& log_;
  uint32_t copy_bytes_;
  std::vector<Kept> kept_;
  std::vector<ProcessNews> news_;
  size_t told_ = 0;  ///< of news_: the unwinder has heard them
};

}  // namespace thaw
