// Lanes of CPUs: the running slices of all threads, sorted by where.

#include <algorithm>
#include <map>

#include "profiler/analysis/lanes.h"

namespace thaw {

class CpuLanesMaker {
 public:
  static std::vector<Lane> make(std::span<const Lane> threads);
};

std::vector<Lane> CpuLanesMaker::make(std::span<const Lane> threads) {
  struct Piece {
    LaneSlice slice;
    int64_t end_ns;
  };
  std::map<uint32_t, std::vector<Piece>> pieces;
  for (uint32_t thread = 0; thread < threads.size(); thread++) {
    const auto slices = threads[thread].slices();
    for (size_t i = 0; i + 1 < slices.size(); i++)
      if (slices[i].what == kRunning || slices[i].what == kStalled)
        pieces[slices[i].detail].push_back(
            {{slices[i].start_ns, thread, slices[i].what}, slices[i + 1].start_ns});
  }
  std::vector<Lane> lanes;
  for (auto& [cpu, run] : pieces) {
    std::ranges::sort(run, {}, [](const Piece& piece) { return piece.slice.start_ns; });
    Lane& lane = lanes.emplace_back();
    lane.name = fmt::format("CPU {}", cpu);
    lane.tid = Tid(static_cast<int32_t>(cpu));
    lane.switches = run.size();
    int64_t end_ns = 0;
    for (Piece& piece : run) {
      if (piece.slice.start_ns > end_ns) lane.append({end_ns, 0, kNothing});
      piece.slice.start_ns =
          std::max(piece.slice.start_ns, end_ns);  // a lost switch: who came first
      if (piece.end_ns <= piece.slice.start_ns) continue;
      lane.append(piece.slice);
      end_ns = piece.end_ns;
    }
    lane.append({end_ns, 0, kNothing});
    lane.index();
    std::vector<Piece>().swap(run);
  }
  return lanes;
}

std::vector<Lane> Lanes::make_cpus() const {
  return CpuLanesMaker::make(threads_);
}

}  // namespace thaw
