// Both directions side by side, as in json.cc. The values of the baseline's runs are in it: a
// report that is made later, where there is no history, draws them.

#include "harness/results/trends_json.h"

#include <array>
#include <stdexcept>

#include <fmt/format.h>

namespace lab {

using nlohmann::json;

namespace {

Trend trend_from_name(const std::string& name) {
  for (const Trend trend : {Trend::worse, Trend::better, Trend::equivalent, Trend::undecided})
    if (name == name_of(trend)) return trend;
  throw std::invalid_argument("unknown trend");
}

json measure_to_json(const MeasureTrend& one) {
  const Stand& stand = one.stand;
  return {
      {"kind", one.kind},         {"name", one.name},
      {"unit", one.unit},         {"trend", name_of(stand.trend)},
      {"margin", one.margin},     {"mean", stand.mean},
      {"least", stand.least},     {"most", stand.most},
      {"scatter", stand.scatter}, {"value", stand.now},
      {"change", stand.change},   {"at_least", stand.at_least},
      {"at_most", stand.at_most}, {"apart", stand.apart},
      {"before", one.before},     {"now", one.now},
      {"sentence", one.sentence}, {"known", one.known.empty() ? json(nullptr) : json(one.known)}};
}

MeasureTrend measure_from_json(const json& from) {
  MeasureTrend one{.kind = from.at("kind"),
                   .name = from.at("name"),
                   .unit = from.at("unit"),
                   .margin = from.at("margin"),
                   .stand = {},
                   .before = from.at("before"),
                   .now = from.at("now"),
                   .sentence = from.at("sentence")};
  one.stand = {.trend = trend_from_name(from.at("trend")),
               .mean = from.at("mean"),
               .least = from.at("least"),
               .most = from.at("most"),
               .scatter = from.at("scatter"),
               .now = from.at("value"),
               .change = from.at("change"),
               .at_least = from.at("at_least"),
               .at_most = from.at("at_most"),
               .apart = from.at("apart")};
  if (!from.at("known").is_null()) one.known = from.at("known");
  return one;
}

json case_to_json(const CaseTrend& trend) {
  const Baseline& head = trend.baseline;
  json measures = json::array();
  for (const MeasureTrend& one : trend.measures) measures.push_back(measure_to_json(one));
  return {{"case", head.case_name},
          {"kernel", head.kernel},
          {"scope", head.scope},
          {"accelerator", head.accelerator},
          {"runs", head.runs},
          {"sessions", head.sessions},
          {"since", head.since},
          {"until", head.until},
          {"copies", head.copies},
          {"outdated", head.outdated},
          {"unexpected", head.unexpected},
          {"worse", head.worse},
          {"elsewhere", head.elsewhere},
          {"changed", head.changed},
          {"held", trend.runs},
          {"same", trend.is_same},
          {"gone", trend.gone},
          {"measures", measures}};
}

CaseTrend case_from_json(const json& from) {
  CaseTrend trend{.baseline = {.case_name = from.at("case"),
                               .kernel = from.at("kernel"),
                               .scope = from.at("scope"),
                               .accelerator = from.at("accelerator"),
                               .runs = from.at("runs"),
                               .sessions = from.at("sessions"),
                               .since = from.at("since"),
                               .until = from.at("until"),
                               .copies = from.at("copies"),
                               .outdated = from.at("outdated"),
                               .unexpected = from.at("unexpected"),
                               .worse = from.at("worse"),
                               .elsewhere = from.at("elsewhere"),
                               .changed = from.at("changed")},
                  .runs = from.at("held"),
                  .is_same = from.at("same"),
                  .gone = from.at("gone")};
  for (const json& one : from.at("measures")) trend.measures.push_back(measure_from_json(one));
  return trend;
}

}  // namespace

json trends_to_json(const std::vector<CaseTrend>& trends) {
  json list = json::array();
  for (const CaseTrend& trend : trends) list.push_back(case_to_json(trend));
  return list;
}

json regressions_to_json(const std::vector<CaseTrend>& trends) {
  json list = json::array();
  for (const CaseTrend& trend : trends)
    for (const MeasureTrend& one : trend.measures)
      if (one.stand.trend == Trend::worse)
        list.push_back({{"case", trend.baseline.case_name},
                        {"kernel", trend.baseline.kernel},
                        {"kind", one.kind},
                        {"name", one.name},
                        {"sentence", one.sentence},
                        {"known", one.known.empty() ? json(nullptr) : json(one.known)}});
  return list;
}

std::vector<CaseTrend> trends_from_json(const json& from) {
  std::vector<CaseTrend> trends;
  for (const json& one : from) trends.push_back(case_from_json(one));
  return trends;
}

}  // namespace lab
