// Reads the line of JSON that a workload prints. Fields that are not known are
// passed over: each workload says more than a capture can be held against.
//
// A truth is written by hand or by a program of one's own, too: what is wrong
// with it is said in the words of this file, not in those of the library that
// reads JSON.

#include "profiler/analysis/truth.h"

#include <limits>

#include <nlohmann/json.hpp>

namespace thaw {

namespace {

using Json = nlohmann::json;

constexpr int kSchema = 1;
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kMostTid = std::numeric_limits<int32_t>::max();

template <class... Args>
std::unexpected<Error> no_truth(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorKind::User, "this is no truth of a workload: {}",
              fmt::format(format, std::forward<Args>(args)...));
}

/// An object of the truth, and how a sentence calls it: "it", "its thread 3".
struct Fields {
  const Json& json;
  std::string name;

  static Result<Fields> of(const Json& json, std::string name) {
    if (!json.is_object()) return no_truth("{} is no object of JSON", name);
    return Fields{json, std::move(name)};
  }
  bool has(const char* key) const { return json.contains(key); }
  /// Null when there is none.
  const Json& at(const char* key) const {
    static const Json kNone;
    const auto found = json.find(key);
    return found == json.end() ? kNone : *found;
  }
  Result<int64_t> whole_number(const char* key, int64_t least = 0, int64_t most = kMost) const {
    const Json& value = at(key);
    if (!value.is_number_integer()) return no_truth("{} has no whole number '{}'", name, key);
    const bool is_too_large =
        value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(kMost);
    const auto number = value.get<int64_t>();
    if (is_too_large || number < least || number > most)
      return no_truth("'{}' of {} is {}, not from {} to {}", key, name, value.dump(), least, most);
    return number;
  }
  Result<Tid> tid(const char* key) const {
    return Tid(static_cast<int32_t>(TRY(whole_number(key, 0, kMostTid))));
  }
  Result<std::string> text(const char* key) const {
    const Json& value = at(key);
    if (!value.is_string()) return no_truth("{} has no text '{}'", name, key);
    return value.get<std::string>();
  }

  Result<bool> claim(const char* key) const {
    const Json& value = at(key);
    if (!value.is_boolean()) return no_truth("'{}' of {} is neither true nor false", key, name);
    return value.get<bool>();
  }
};

Result<OnCpuTruth> on_cpu_of(const Fields& from) {
  return OnCpuTruth{.start_ns = TRY(from.whole_number("start_ns")),
                    .end_ns = TRY(from.whole_number("end_ns")),
                    .cpu_ns = TRY(from.whole_number("cpu_ns")),
                    // A difference of clocks that are not read in one moment.
                    .excluded_ns = TRY(from.whole_number("excluded_ns", -kMost)),
                    .run_delay_ns = TRY(from.whole_number("run_delay_ns"))};
}

Result<WaitTruth> waits_of(const Fields& from) {
  WaitTruth truth;
  truth.waits = static_cast<uint64_t>(TRY(from.whole_number("waits")));
  truth.reason = TRY(from.text("reason"));
  truth.woken_by = TRY(from.tid("woken_by"));
  return truth;
}

/// A list of objects, each read by `read`; none where the key is missing.
template <class Item, class Read>
Result<std::vector<Item>> list_of(const Fields& from, const char* key, const char* noun,
                                  Read read) {
  std::vector<Item> items;
  if (!from.has(key)) return items;
  if (!from.at(key).is_array()) return no_truth("'{}' of {} is no list", key, from.name);
  for (const Json& json : from.at(key)) {
    const Fields fields =
        TRY(Fields::of(json, fmt::format("{} {} of {}", noun, items.size() + 1, from.name)));
    items.push_back(TRY(read(fields)));
  }
  return items;
}

/// {"hot": 7, "cold": 3}: time inside functions of the workload's own.
Result<std::vector<FunctionTruth>> named_times_of(const Fields& from, const char* key) {
  std::vector<FunctionTruth> functions;
  if (!from.at(key).is_object()) return functions;
  const Fields times = TRY(Fields::of(from.at(key), fmt::format("'{}' of {}", key, from.name)));
  for (const auto& [name, value] : times.json.items())
    functions.push_back({.name = name, .amount = TRY(times.whole_number(name.c_str()))});
  return functions;
}

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Result<FunctionTruth> executed_of(const Fields& from) {
  FunctionTruth function;
  function.name = TRY(from.text("name"));
  function.module = file_name(TRY(from.text("module")));
  const std::string mode = TRY(from.text("mode"));
  if (mode == "kernel")
    function.mode = CodeMode::kernel;
  else if (mode == "bpf")
    function.mode = CodeMode::bpf;
  else if (mode != "user")
    return no_truth("'mode' of {} is '{}', not user, kernel or bpf", from.name, mode);
  function.amount = TRY(from.whole_number("instructions"));
  if (from.has("nmi")) function.in_nmi = TRY(from.whole_number("nmi", 0, function.amount));
  return function;
}

/// An oracle's `executed`, or the times that a workload took of its functions. (A workload may have
/// an `executed` of its own, of programs.)
Result<std::vector<FunctionTruth>> functions_of(const Fields& from, const char* times,
                                                bool is_oracle) {
  if (!is_oracle) return named_times_of(from, times);
  return list_of<FunctionTruth>(from, "executed", "function", executed_of);
}

Result<ChainTruth> chain_of(const Fields& from) {
  ChainTruth chain;
  chain.name = TRY(from.text("name"));
  chain.leaf = TRY(from.text("leaf"));
  if (!from.at("frames").is_array()) return no_truth("{} has no list 'frames'", from.name);
  for (const Json& frame : from.at("frames")) {
    if (!frame.is_string()) return no_truth("a frame of {} is no text", from.name);
    chain.frames.push_back(frame.get<std::string>());
  }
  return chain;
}

Result<ThreadTruth> thread_of(const Fields& from, bool is_oracle) {
  ThreadTruth thread;
  thread.tid = TRY(from.tid("tid"));
  thread.name = TRY(from.text("name"));
  if (from.has("pid")) thread.pid = Pid(TRY(from.tid("pid")).value);
  if (from.at("cpu_ns").is_number()) thread.cpu_ns = TRY(from.whole_number("cpu_ns"));
  thread.functions = TRY(functions_of(from, "functions", is_oracle));
  if (from.has("on_cpu")) {
    const Fields on_cpu = TRY(Fields::of(from.at("on_cpu"), "'on_cpu' of " + from.name));
    thread.on_cpu = TRY(on_cpu_of(on_cpu));
  }
  if (from.has("reason")) thread.waits = TRY(waits_of(from));
  return thread;
}

/// Those of `brief`.
Result<std::vector<CrowdTruth>> crowds_of(const Fields& from) {
  std::vector<CrowdTruth> crowds;
  for (const char* key : {"brief_threads", "brief_processes"}) {
    if (!from.has(key)) continue;
    const Fields crowd = TRY(Fields::of(from.at(key), fmt::format("'{}' of {}", key, from.name)));
    crowds.push_back({.name = TRY(crowd.text("name")),
                      .count = static_cast<uint64_t>(TRY(crowd.whole_number("count")))});
  }
  return crowds;
}

}  // namespace

Result<Truth> parse_truth(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded())
    return no_truth("it is not JSON; a workload prints one line of it when it ends");
  const Fields fields = TRY(Fields::of(json, "it"));
  if (const int64_t schema = TRY(fields.whole_number("schema")); schema != kSchema)
    return fail(ErrorKind::User, "this truth is of schema {}, this thaw knows {}", schema, kSchema);
  Truth truth;
  truth.program = TRY(fields.text("program"));
  truth.start_ns = TRY(fields.whole_number("start_ns"));
  truth.end_ns = TRY(fields.whole_number("end_ns"));
  if (fields.has("unit")) truth.unit = TRY(fields.text("unit"));
  const bool is_oracle = truth.unit != "ns";
  if (fields.has("even")) truth.is_even = TRY(fields.claim("even"));
  truth.functions = TRY(functions_of(fields, "cpu_ns", is_oracle));
  if (fields.has("total_cpu_ns")) truth.total = TRY(fields.whole_number("total_cpu_ns"));
  truth.chains = TRY(list_of<ChainTruth>(fields, "chains", "chain", chain_of));
  truth.crowds = TRY(crowds_of(fields));
  if (!fields.at("threads").is_array()) return no_truth("it has no list 'threads'");
  for (const Json& thread : fields.at("threads")) {
    const Fields of_thread =
        TRY(Fields::of(thread, fmt::format("its thread {}", truth.threads.size() + 1)));
    truth.threads.push_back(TRY(thread_of(of_thread, is_oracle)));
  }
  return truth;
}

}  // namespace thaw
