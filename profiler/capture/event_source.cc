// Which way a recording is done; see event_source.h for why this stands alone.

#include "profiler/capture/event_source.h"

#include "profiler/capture/perf_session.h"
#include "profiler/capture/session.h"

namespace thaw {

Result<std::unique_ptr<EventSource>> open_event_source(const CapturePlan& plan,
                                                       const Features& features) {
  if (plan.transport == Transport::Events) return TRY(PerfSession::open(plan, features));
  return TRY(Session::load(plan, features));
}

}  // namespace thaw
