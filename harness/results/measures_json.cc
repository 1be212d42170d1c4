// A result keeps what was measured, so that a report made a year later shows the same.

#include "harness/results/measures_json.h"

#include <optional>
#include <string>

namespace lab {

using nlohmann::json;
using thaw::Measure;
using thaw::MeasureKind;

namespace {

std::optional<MeasureKind> kind_from_name(const std::string& name) {
  for (int kind = 0; kind < thaw::kMeasureKinds; kind++)
    if (name == thaw::name_of(static_cast<MeasureKind>(kind)))
      return static_cast<MeasureKind>(kind);
  return std::nullopt;
}

json to_json(const Measure& measure) {
  json to{{"name", measure.name},    {"kind", name_of(measure.kind)},
          {"value", measure.value},  {"unit", measure.unit},
          {"low", measure.low},      {"high", measure.high},
          {"ok", measure.is_good()}, {"judged", measure.is_judged},
          {"means", measure.means},  {"of_truth", measure.is_of_truth},
          {"time", measure.is_time}, {"unavailable", measure.unavailable}};
  if (measure.p) to["p"] = *measure.p;
  if (measure.effect)
    to["effect"] = {{"size", measure.effect->size}, {"unit", measure.effect->unit}};
  return to;
}

}  // namespace

json measures_to_json(const std::vector<Measure>& measures) {
  json list = json::array();
  for (const Measure& measure : measures) list.push_back(to_json(measure));
  return list;
}

std::vector<Measure> measures_from_json(const json& from) {
  std::vector<Measure> measures;
  for (const json& one : from) {
    const auto kind = kind_from_name(one.at("kind"));
    if (!kind) continue;
    Measure measure{.name = one.at("name"),
                    .kind = *kind,
                    .value = one.at("value"),
                    .unit = one.at("unit"),
                    .low = one.at("low"),
                    .high = one.at("high"),
                    .means = one.at("means"),
                    .is_of_truth = one.at("of_truth"),
                    .is_time = one.at("time"),
                    .is_judged = one.at("judged"),
                    .unavailable = one.at("unavailable")};
    if (one.contains("p")) measure.p = one["p"].get<double>();
    if (one.contains("effect"))
      measure.effect = thaw::Effect{one["effect"].at("size"), one["effect"].at("unit")};
    measures.push_back(std::move(measure));
  }
  return measures;
}

json comparison_to_json(const std::optional<ComparedRecorder>& compared) {
  if (!compared) return nullptr;
  return {{"command", compared->command},
          {"format", compared->format},
          {"failure", compared->failure},
          {"untrue", compared->untrue},
          {"measures", measures_to_json(compared->measures)}};
}

ComparedRecorder comparison_from_json(const json& from) {
  return {.command = from.at("command"),
          .format = from.at("format"),
          .failure = from.at("failure"),
          .untrue = from.at("untrue"),
          .measures = measures_from_json(from.at("measures"))};
}

}  // namespace lab
