// libbpf's perf buffer with a watermark instead of a wake-up per record, and polled: a wake-up
// would be a context switch, which would be an event.

#include "profiler/capture/perf_transport.h"

#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace thaw {

struct PerfTransport::State {
  perf_buffer* buffer = nullptr;
  const Sink* sink = nullptr;  ///< only during drain()
  size_t records = 0;
  uint64_t lost = 0;

  ~State() { perf_buffer__free(buffer); }
};

namespace {

/// PERF_SAMPLE_RAW alone: header, u32 size, bytes.
struct raw_sample {
  perf_event_header header;
  uint32_t size;
  char bytes[];
} __attribute__((packed));

struct lost_record {
  perf_event_header header;
  uint64_t id;
  uint64_t lost;
};

}  // namespace

PerfTransport::PerfTransport(std::unique_ptr<State> state) : state_(std::move(state)) {}
PerfTransport::PerfTransport(PerfTransport&&) noexcept = default;
PerfTransport::~PerfTransport() = default;

Result<PerfTransport> PerfTransport::open(int map_fd, const std::vector<uint32_t>& cpus,
                                          uint32_t bytes) {
  auto state = std::make_unique<State>();
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_BPF_OUTPUT;
  attr.sample_type = PERF_SAMPLE_RAW;
  attr.sample_period = 1;
  attr.watermark = 1;
  attr.wakeup_watermark = bytes / 2;
  const auto on_event = [](void* context, int,
                           perf_event_header* event) noexcept -> bpf_perf_event_ret {
    auto& state = *static_cast<State*>(context);
    if (event->type == PERF_RECORD_LOST) {
      state.lost += reinterpret_cast<const lost_record*>(event)->lost;
    } else if (event->type == PERF_RECORD_SAMPLE) {
      const auto* sample = reinterpret_cast<const raw_sample*>(event);
      (*state.sink)(sample->bytes, sample->size);
      state.records++;
    }
    return LIBBPF_PERF_EVENT_CONT;
  };
  std::vector<int> cpu_numbers(cpus.begin(), cpus.end());
  std::vector<int> keys = cpu_numbers;
  LIBBPF_OPTS(perf_buffer_raw_opts, options);
  options.cpu_cnt = static_cast<int>(cpu_numbers.size());
  options.cpus = cpu_numbers.data();
  options.map_keys = keys.data();
  const auto pages = bytes / static_cast<uint32_t>(::sysconf(_SC_PAGESIZE));
  state->buffer = perf_buffer__new_raw(map_fd, pages, &attr, on_event, state.get(), &options);
  if (state->buffer == nullptr)
    return fail_errno(errno, "cannot make perf buffers (try a smaller --ring-mib)");
  return PerfTransport(std::move(state));
}

size_t PerfTransport::drain(const Sink& sink) {
  state_->sink = &sink;
  state_->records = 0;
  perf_buffer__consume(state_->buffer);
  state_->sink = nullptr;
  return state_->records;
}

uint64_t PerfTransport::lost() const {
  return state_->lost;
}

}  // namespace thaw
