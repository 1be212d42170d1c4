// Measures as a table and as JSON.

#include "profiler/report/fidelity.h"

#include <nlohmann/json.hpp>

#include "profiler/report/words.h"

namespace thaw {

std::string fidelity_text(const Fidelity& fidelity) {
  std::string notes;
  for (const std::string& note : fidelity.notes) notes += fmt::format("not measured: {}\n", note);
  if (fidelity.measures.empty())
    return notes + "this truth says nothing that the capture can be held against\n";
  std::string out = notes;
  out += fmt::format("{:>11}  {:>21}  {:4} measure\n", "value", "good from … to", "");
  for (const Measure& measure : fidelity.measures)
    out += fmt::format("{:>9.3f} {}  {:>8.3f} … {:>8.3f} {}  {:4} {}\n", measure.value,
                       measure.unit, measure.low, measure.high, measure.unit,
                       measure.is_good() ? "" : "NOT", printable(measure.name));
  return out + (fidelity.is_good() ? "true\n" : "not true\n");
}

std::string fidelity_json(const Fidelity& fidelity) {
  using Json = nlohmann::ordered_json;
  Json out;
  out["schema"] = kFidelitySchema;
  out["ok"] = fidelity.is_good();
  out["notes"] = fidelity.notes;
  out["measures"] = Json::array();
  for (const Measure& measure : fidelity.measures)
    out["measures"].push_back({{"name", measure.name},
                               {"value", measure.value},
                               {"unit", measure.unit},
                               {"low", measure.low},
                               {"high", measure.high},
                               {"ok", measure.is_good()}});
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace thaw
