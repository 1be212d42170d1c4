// Reads the line of JSON that a workload prints. Fields that are not known are passed over: each
// workload says more than a capture can be held against.

#include "profiler/analysis/truth.h"

#include <nlohmann/json.hpp>

namespace thaw {

namespace {

using Json = nlohmann::json;

constexpr int kSchema = 1;

OnCpuTruth on_cpu_of(const Json& from) {
  return {.start_ns = from.at("start_ns"),
          .end_ns = from.at("end_ns"),
          .cpu_ns = from.at("cpu_ns"),
          .excluded_ns = from.at("excluded_ns"),
          .run_delay_ns = from.at("run_delay_ns")};
}

ThreadTruth thread_of(const Json& from) {
  ThreadTruth thread{.tid = Tid(from.at("tid").get<int32_t>()), .name = from.at("name")};
  if (from.contains("on_cpu")) thread.on_cpu = on_cpu_of(from["on_cpu"]);
  if (from.contains("reason"))
    thread.waits = WaitTruth{.waits = from.at("waits"),
                             .reason = from["reason"],
                             .woken_by = Tid(from.at("woken_by").get<int32_t>())};
  return thread;
}

}  // namespace

Result<Truth> parse_truth(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("schema") != kSchema)
      return fail(ErrorKind::User, "this truth is of schema {}, this thaw knows {}",
                  json["schema"].dump(), kSchema);
    Truth truth{.program = json.at("program"),
                .start_ns = json.at("start_ns"),
                .end_ns = json.at("end_ns")};
    for (const Json& thread : json.at("threads")) truth.threads.push_back(thread_of(thread));
    return truth;
  } catch (const Json::exception& error) {
    return fail(ErrorKind::User, "this is no truth of a workload: {}", error.what());
  }
}

}  // namespace thaw
