// `thaw info --json`. Field names are a contract (kInfoSchema): add, never rename.

#include <nlohmann/json.hpp>

#include "profiler/analysis/accounting.h"
#include "profiler/analysis/emits.h"
#include "profiler/analysis/stack_ends.h"
#include "profiler/report/info.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json by_kind(const std::array<uint64_t, kEventKinds>& counts) {
  Json out = Json::object();
  for (int kind = 1; kind < kEventKinds; kind++)
    out[name_of(static_cast<EventKind>(kind))] = counts[kind];
  return out;
}

/// Every known loss, 0 too, so that scripts can compare; none when nothing was counted.
Json losses_of(const Capture& capture) {
  Json out = Json::object();
  if (!capture.tally()) return out;
  for (const Loss& loss : all_losses()) out[std::string(loss.name)] = 0;
  for (const auto& [name, count] : capture.tally()->losses) out[name] = count;
  return out;
}

Json emits_of(const Capture& capture) {
  const EmitSummary summary = summarize_emits(capture);
  Json out = Json::object();
  for (int context = 0; context < kEmitContexts; context++) {
    const EmitHistogram& histogram = summary.by_context[context];
    out[name_of(static_cast<EmitContext>(context))] = {
        {"count", histogram.count()}, {"max", histogram.max_ns}, {"histogram", histogram.buckets}};
  }
  return out;
}

/// Reasons that a walk of the kernel's own counts, and those that user stacks carry.
Json stacks_of(const Capture& capture, const Json& losses) {
  const StackEnds ends = stack_ends(capture);
  const auto named = [](const std::array<uint64_t, kStackEnds>& counts, int first) {
    Json out = Json::object();
    for (int end = first; end < kStackEnds; end++)
      out[name_of(static_cast<StackEnd>(end))] = counts[end];
    return out;
  };
  Json cut = named(ends.by_end, static_cast<int>(StackEnd::too_deep));
  for (const char* loss : {"stack_cut", "stack_failed"})
    cut[loss] = losses.value(loss, uint64_t{0});
  Json modules = Json::array();
  for (const EndsInModule& one : ends.modules)
    modules.push_back(
        {{"module", one.module}, {"reason", name_of(one.end)}, {"samples", one.stacks}});
  return {{"complete", ends.complete()},
          {"unknown", ends.by_end[static_cast<size_t>(StackEnd::unknown)]},
          {"cut", std::move(cut)},
          {"samples", named(ends.of_samples, 0)},
          {"modules", std::move(modules)}};
}

}  // namespace

std::string info_json(const Capture& capture) {
  const Header& header = capture.header();
  const Accounting books = account(capture);
  Json out;
  out["schema"] = kInfoSchema;
  out["kernel"] = header.kernel;
  out["machine"] = header.machine;
  out["cpus"] = header.cpus;
  out["scope"] = header.scope;
  out["command"] = header.command;
  out["clock"] = header.clock;
  out["clock_why"] = header.clock_why;
  out["sample_hz"] = header.sample_hz;
  out["periods"] = header.periods;
  out["seed"] = header.seed;
  out["transport"] = header.transport;
  out["transport_why"] = header.transport_why;
  out["features"] = header.features;
  out["thaw_version"] = header.thaw_version;
  out["start_ns"] = header.start_ns;
  out["start_unix_ns"] = header.start_unix_ns;
  out["duration_s"] = duration_s(capture);
  out["end_reason"] = capture.ending() ? Json(capture.ending()->reason) : Json();
  out["command_exit"] = capture.ending() ? or_null(capture.ending()->command_exit) : Json();
  out["events"] = by_kind(books.recorded);
  out["happened"] = by_kind(books.happened);
  out["losses"] = losses_of(capture);
  out["unaccounted"] = books.unaccounted();
  out["kernel_switches"] = or_null(books.kernel_switches);
  out["switches_unaccounted"] = or_null(books.switches_unaccounted());
  out["emit_ns"] = emits_of(capture);
  out["stacks"] = stacks_of(capture, out["losses"]);
  out["nmi_runs"] = capture.tally() ? Json(capture.tally()->nmi_runs) : Json();
  out["own_cpu_ns"] = capture.tally() ? Json(capture.tally()->own_cpu_ns) : Json();
  out["programs_ns"] = capture.tally() ? Json(capture.tally()->programs_ns) : Json();
  out["bytes_damaged"] = capture.damage().bytes;
  out["places_damaged"] = capture.damage().chunks;
  out["complete"] = is_complete(capture);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace thaw
