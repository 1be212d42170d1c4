// Measures by kind, as text and as JSON. A healthy capture has a line for each kind; whoever wants
// the numbers asks for all of them.

#include "profiler/report/fidelity.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "profiler/report/words.h"

namespace thaw {

namespace {

std::string number(double value) {
  const double size = std::abs(value);
  if (size >= 1e5 || value == std::floor(value)) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3f}", value);
}

std::string with_unit(const std::string& number, const std::string& unit) {
  return unit.empty() ? number : number + " " + unit;
}

std::string chance(const Measure& measure) {
  std::string words;
  if (measure.p) words = fmt::format("p {:.2g}", *measure.p);
  if (measure.effect)
    words += fmt::format("{}{:.3g} {}", words.empty() ? "" : ", ", measure.effect->size,
                         measure.effect->unit);
  return words.empty() ? "" : fmt::format(" ({})", words);
}

/// "hot of spin: 71.2 %, good from 69 to 70 % (p 1e-9, 1.2 points)".
std::string line_of(const Measure& measure) {
  const std::string name = printable(measure.name);
  if (!measure.is_available()) return fmt::format("{}: {}", name, printable(measure.unavailable));
  const std::string value = with_unit(number(measure.value), measure.unit);
  if (!measure.is_judged) return fmt::format("{}: {}{}, not judged", name, value, chance(measure));
  if (measure.low == measure.high)
    return fmt::format("{}: {}, good is {}{}", name, value,
                       with_unit(number(measure.low), measure.unit), chance(measure));
  return fmt::format("{}: {}, good from {} to {}{}", name, value, number(measure.low),
                     with_unit(number(measure.high), measure.unit), chance(measure));
}

const char* word_of(const Measure& measure) {
  if (!measure.is_available()) return "-";
  if (!measure.is_judged) return "says";
  return measure.is_good() ? "true" : "NOT";
}

std::string row(const char* kind, const char* word, const std::string& line) {
  return fmt::format("{:8} {:5} {}\n", kind, word, line);
}

using Measures = std::vector<const Measure*>;

std::string wrong_rows(const Measures& measures) {
  std::string out;
  for (const Measure* measure : measures)
    if (!measure->is_good())
      out += row(name_of(measure->kind), "NOT", line_of(*measure)) +
             row("", "", "  " + measure->means);
  return out;
}

/// One line for a kind whose measures are all good.
std::string row_of_good(const Measures& measures) {
  const auto judged = std::ranges::count_if(measures, [](const Measure* measure) {
    return measure->is_available() && measure->is_judged;
  });
  const auto shown = std::ranges::find_if(measures, [&](const Measure* measure) {
    return judged > 0 ? measure->is_available() && measure->is_judged : measure->is_available();
  });
  const Measure& one = shown == measures.end() ? *measures.front() : **shown;
  const char* kind = name_of(one.kind);
  if (judged < 2) return row(kind, word_of(one), line_of(one));
  return row(kind, "true", fmt::format("all of {}, such as {}", judged, line_of(one)));
}

}  // namespace

std::string fidelity_text(const Fidelity& fidelity, bool all) {
  std::string out;
  for (const std::string& note : fidelity.notes) out += fmt::format("note: {}\n", printable(note));
  for (int kind = 0; kind < kMeasureKinds; kind++) {
    Measures measures;
    for (const Measure& measure : fidelity.measures)
      if (measure.kind == static_cast<MeasureKind>(kind)) measures.push_back(&measure);
    if (measures.empty()) continue;
    if (all)
      for (const Measure* measure : measures)
        out += row(name_of(measure->kind), word_of(*measure), line_of(*measure));
    else if (const std::string wrong = wrong_rows(measures); !wrong.empty())
      out += wrong;
    else
      out += row_of_good(measures);
  }
  if (!fidelity.has_truth())
    out += "this truth says nothing that the capture can be held against\n";
  return out + (fidelity.is_good() ? "true\n" : "not true\n");
}

std::string fidelity_json(const Fidelity& fidelity) {
  using Json = nlohmann::ordered_json;
  Json out;
  out["schema"] = kFidelitySchema;
  out["ok"] = fidelity.is_good();
  out["notes"] = fidelity.notes;
  out["measures"] = Json::array();
  for (const Measure& measure : fidelity.measures) {
    Json json{{"name", measure.name},
              {"kind", name_of(measure.kind)},
              {"value", measure.value},
              {"unit", measure.unit},
              {"low", measure.low},
              {"high", measure.high},
              {"ok", measure.is_good()},
              {"judged", measure.is_judged},
              {"available", measure.is_available()},
              {"reason", measure.unavailable},
              {"means", measure.means},
              {"p", nullptr},
              {"effect", nullptr}};
    if (measure.p) json["p"] = *measure.p;
    if (measure.effect)
      json["effect"] = {{"size", measure.effect->size}, {"unit", measure.effect->unit}};
    out["measures"].push_back(std::move(json));
  }
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace thaw
