// The seam. thaw-mutant links this open_event_source() before the library's, so that the recorder,
// which knows nothing of it, records through a decorator: the true source behind it, the writer
// before it, the chosen mutation in between.

#include "profiler/capture/event_source.h"

#include <utility>

#include "profiler/base/time.h"
#include "profiler/capture/perf_session.h"
#include "profiler/capture/session.h"
#include "tests/mutants/mutants.h"

namespace mutant {
namespace {

class MutatedSource : public thaw::EventSource {
 public:
  MutatedSource(std::unique_ptr<EventSource> source, std::unique_ptr<Mutation> mutation)
      : source_(std::move(source)), mutation_(std::move(mutation)) {}

  thaw::Status add_target(int32_t pid) override { return source_->add_target(pid); }
  void begin() override {
    mutation_->begin(thaw::monotonic_ns());
    source_->begin();
  }
  int64_t end() override {
    is_ended_ = true;
    return source_->end();
  }
  size_t drain(const Sink& sink) override {
    const Out out = [&](const Record& record) { sink(record.data(), record.size()); };
    const size_t records = source_->drain(
        [&](const char* record, uint32_t bytes) { mutation_->take(Record(record, bytes), out); });
    mutation_->end_round(is_ended_, out);
    return records;
  }
  void hear(std::vector<thaw::ProcessNews>& into) override { source_->hear(into); }
  int patience_ms() const override { return source_->patience_ms(); }
  std::optional<thaw::UnwindMapFds> unwind_maps() const override { return source_->unwind_maps(); }
  void shed(const thaw::Shedding& shedding) override { source_->shed(shedding); }
  thaw::CostSoFar cost_so_far() const override { return source_->cost_so_far(); }
  thaw::Tally tally() const override {
    thaw::Tally tally = source_->tally();
    mutation_->change(tally);
    return tally;
  }

 private:
  std::unique_ptr<EventSource> source_;
  std::unique_ptr<Mutation> mutation_;
  bool is_ended_ = false;
};

thaw::Result<std::unique_ptr<thaw::EventSource>> open_true_source(const thaw::CapturePlan& plan,
                                                                  const thaw::Features& features) {
  if (plan.transport == thaw::Transport::Events)
    return TRY(thaw::PerfSession::open(plan, features));
  return TRY(thaw::Session::load(plan, features));
}

}  // namespace
}  // namespace mutant

thaw::Result<std::unique_ptr<thaw::EventSource>> thaw::open_event_source(const CapturePlan& plan,
                                                                         const Features& features) {
  const mutant::Mutant* chosen = TRY(mutant::chosen_mutant());
  std::unique_ptr<mutant::Mutation> mutation = chosen->make();
  CapturePlan changed = plan;
  mutation->change(changed);
  std::unique_ptr<EventSource> source = TRY(mutant::open_true_source(changed, features));
  return std::make_unique<mutant::MutatedSource>(std::move(source), std::move(mutation));
}
