// Each struct's JSON, both ways, from one list of its fields: a field is named once and cannot be
// written without being read. Text from a subject may hold any byte; what is not UTF-8 is replaced
// when it is written.

#include "harness/agent/messages.h"

#include <nlohmann/json.hpp>

namespace lab {

// For nlohmann: structs inside structs.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SharedMapSeen, id, name, type, nmi_programs, other_programs,
                                   certain, probe)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LongNmi, cpu, start_ns, length_ns)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NmiMeterSeen, runs, probe_runs, probe_refused, max_ns, histogram,
                                   longs, longs_missing)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KernelState, taint, max_sample_rate)

namespace {

using nlohmann::json;

/// Writes fields into an object.
struct Out {
  json& object;

  template <class T>
  void operator()(const char* name, const T& value) {
    object[name] = value;
  }
  template <class T>
  void operator()(const char* name, const std::optional<T>& value) {
    if (value) object[name] = *value;
  }
  void operator()(const char* name, const std::vector<BeatDelay>& beats) {
    json list = json::array();
    for (const BeatDelay& beat : beats) list.push_back({beat.cpu, beat.due_ns, beat.late_ns});
    object[name] = std::move(list);
  }
};

/// Reads them back; a missing optional is absent, anything else missing or of a wrong type throws
/// inside parse().
struct In {
  const json& object;

  template <class T>
  void operator()(const char* name, T& value) {
    value = object.at(name).template get<T>();
  }
  template <class T>
  void operator()(const char* name, std::optional<T>& value) {
    if (object.contains(name)) value = object.at(name).template get<T>();
  }
  void operator()(const char* name, std::vector<BeatDelay>& beats) {
    for (const json& item : object.at(name))
      beats.push_back(
          {item.at(0).get<uint32_t>(), item.at(1).get<int64_t>(), item.at(2).get<int64_t>()});
  }
};

template <class Visit, class T>
void visit_program(Visit visit, T& program) {
  visit("id", program.id);
  visit("name", program.name);
  visit("type", program.type);
  visit("runs", program.runs);
  visit("run_ns", program.run_ns);
  visit("misses", program.misses);
  visit("said", program.said);
}

template <class Visit, class T>
void visit_kernel(Visit visit, T& kernel) {
  visit("before", kernel.before);
  visit("after", kernel.after);
  visit("programs", kernel.programs);
}

template <class Visit, class Plan>
void visit_recorder(Visit visit, Plan& plan) {
  visit("command", plan.command);
  visit("env", plan.env);
  visit("ready_line", plan.ready_line);
  visit("ready_file", plan.ready_file);
  visit("ready_bpf", plan.ready_bpf);
  visit("ready_seconds", plan.ready_seconds);
  visit("ready_timeout_s", plan.ready_timeout_s);
  visit("stop_signal", plan.stop_signal);
  visit("grace_s", plan.grace_s);
  visit("capture", plan.capture);
  visit("profile", plan.profile);
  visit("convert", plan.convert);
}

template <class Visit, class T>
void visit_recorder_seen(Visit visit, T& seen) {
  visit("started", seen.started);
  visit("ready", seen.ready);
  visit("ended_early", seen.ended_early);
  visit("exit_code", seen.exit_code);
  visit("output", seen.output);
  visit("conversion", seen.conversion);
}

}  // namespace

// A type with optional fields: what the macro above cannot do.
void to_json(json& object, const ProgramSeen& program) {
  visit_program(Out{object}, program);
}
void from_json(const json& object, ProgramSeen& program) {
  visit_program(In{object}, program);
}
void to_json(json& object, const KernelSeen& kernel) {
  visit_kernel(Out{object}, kernel);
}
void from_json(const json& object, KernelSeen& kernel) {
  visit_kernel(In{object}, kernel);
}
void to_json(json& object, const RecorderPlan& plan) {
  visit_recorder(Out{object}, plan);
}
void from_json(const json& object, RecorderPlan& plan) {
  visit_recorder(In{object}, plan);
}
void to_json(json& object, const RecorderSeen& seen) {
  visit_recorder_seen(Out{object}, seen);
}
void from_json(const json& object, RecorderSeen& seen) {
  visit_recorder_seen(In{object}, seen);
}

namespace {

template <class Visit, class Plan>
void visit_plan(Visit visit, Plan& plan) {
  visit("workload", plan.workload);
  visit("subject", plan.subject);
  visit("comparison", plan.comparison);
  visit("scratch", plan.scratch);
  visit("root", plan.root);
  visit("user", plan.user);
  visit("apic_nmi", plan.apic_nmi);
  visit("pit_nmi", plan.pit_nmi);
  visit("pmu_nmi", plan.pmu_nmi);
  visit("nmi_rate_hz", plan.nmi_rate_hz);
  visit("nmi_jitter", plan.nmi_jitter);
  visit("count_nmi_runs", plan.count_nmi_runs);
  visit("probe_maps", plan.probe_maps);
  visit("needs_pmu", plan.needs_pmu);
  visit("seed", plan.seed);
  visit("duration_s", plan.duration_s);
  visit("scratch_mib", plan.scratch_mib);
  visit("mishap", plan.mishap);
  visit("send_symbols", plan.send_symbols);
  visit("has_marks", plan.has_marks);
  visit("settle_s", plan.settle_s);
  visit("sysctls", plan.sysctls);
  visit("await_trial", plan.await_trial);
  visit("shell", plan.shell);
}

template <class Visit, class Order>
void visit_order(Visit visit, Order& order) {
  visit("seed", order.seed);
  visit("duration_s", order.duration_s);
  visit("nmi_rate_hz", order.nmi_rate_hz);
  visit("nmi_jitter", order.nmi_jitter);
  visit("workload", order.workload);
}

template <class Visit, class T>
void visit_host(Visit visit, T& facts) {
  visit("has_hypervisor", facts.has_hypervisor);
  visit("steal_ms", facts.steal_ms);
}

template <class Visit, class T>
void visit_window(Visit visit, T& window) {
  visit("rows", window.rows);
  visit("columns", window.columns);
  visit("terminal", window.terminal);
}

template <class Visit, class T>
void visit_hello(Visit visit, T& hello) {
  visit("kernel", hello.kernel);
  visit("version", hello.version);
  visit("cpus", hello.cpus);
  visit("beat_page", hello.beat_page);
}

template <class Visit, class T>
void visit_beat(Visit visit, T& beat) {
  visit("time_ns", beat.time_ns);
  visit("load_s", beat.load_s);
}

template <class Visit, class T>
void visit_pong(Visit visit, T& pong) {
  visit("number", pong.number);
  visit("time_ns", pong.time_ns);
}

template <class Visit, class T>
void visit_outcome(Visit visit, T& outcome) {
  visit("failure", outcome.failure);
  visit("load_start_ns", outcome.load_start_ns);
  visit("load_end_ns", outcome.load_end_ns);
  visit("subject_started", outcome.subject_started);
  visit("subject_ready", outcome.subject_ready);
  visit("subject_died_early", outcome.subject_died_early);
  visit("subject_exit", outcome.subject_exit);
  visit("subject_output", outcome.subject_output);
  visit("subject_conversion", outcome.subject_conversion);
  visit("subject_programs", outcome.subject_programs);
  visit("subject_nmi_runs", outcome.subject_nmi_runs);
  visit("nmis_sent", outcome.nmis_sent);
  visit("nmis_delivered", outcome.nmis_delivered);
  visit("workload_output", outcome.workload_output);
  visit("workload_exit", outcome.workload_exit);
  visit("late_beats", outcome.late_beats);
  visit("late_beats_dropped", outcome.late_beats_dropped);
  visit("beat_period_ns", outcome.beat_period_ns);
  visit("incapable", outcome.incapable);
  visit("meter", outcome.meter);
  visit("kernel", outcome.kernel);
  visit("comparison", outcome.comparison);
}

template <class Visit, class T>
void visit_audit(Visit visit, T& audit) {
  visit("programs", audit.programs);
  visit("nmi_programs", audit.nmi_programs);
  visit("maps", audit.maps);
  visit("failure", audit.failure);
}

std::string dump(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <class T, class Read>
thaw::Result<T> parse(std::string_view text, const char* what, Read read) {
  try {
    const json object = json::parse(text);
    T value;
    read(In{object}, value);
    return value;
  } catch (const json::exception& error) {
    return thaw::fail(thaw::ErrorKind::Corrupt, "a {} that makes no sense: {}", what, error.what());
  }
}

}  // namespace

#define LAB_MESSAGE(Type, visit, what)                                            \
  std::string to_json(const Type& value) {                                        \
    json object = json::object();                                                 \
    visit(Out{object}, value);                                                    \
    return dump(object);                                                          \
  }                                                                               \
  template <>                                                                     \
  thaw::Result<Type> parse_message<Type>(std::string_view text) {                 \
    return parse<Type>(text, what, [](In in, Type& value) { visit(in, value); }); \
  }

LAB_MESSAGE(AgentPlan, visit_plan, "plan")
LAB_MESSAGE(TrialOrder, visit_order, "trial order")
LAB_MESSAGE(Hello, visit_hello, "hello")
LAB_MESSAGE(Beat, visit_beat, "heartbeat")
LAB_MESSAGE(Pong, visit_pong, "pong")
LAB_MESSAGE(Outcome, visit_outcome, "outcome")
LAB_MESSAGE(MapAudit, visit_audit, "map audit")
LAB_MESSAGE(Window, visit_window, "window")
LAB_MESSAGE(HostFacts, visit_host, "description of a host")

}  // namespace lab
