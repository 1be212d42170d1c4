#pragma once
// What a report of `spin` must say, by the program's own truth.

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include <nlohmann/json.hpp>

namespace test {

inline uint64_t self_of(const nlohmann::json& report, const std::string& function,
                        const std::string& module = "spin") {
  for (const nlohmann::json& cost : report["functions"])
    if (cost["name"] == function && cost["module"] == module) return cost["self"];
  return 0;
}

/// `cpu_ns` is {function: time}. Recorded for three seconds at the default rate.
inline void expect_shares(const nlohmann::json& report, const nlohmann::json& cpu_ns) {
  const auto samples = report["samples"].get<double>();
  ASSERT_GT(samples, 1000) << "997 Hz for 3 s";
  double all_ns = 0;
  for (const auto& [function, ns] : cpu_ns.items()) all_ns += ns.get<double>();
  for (const auto& [function, ns] : cpu_ns.items()) {
    const double share = ns.get<double>() / all_ns;
    // Four and a half standard deviations of a binomial count: one failure in 100,000.
    const double tolerance = 4.5 * std::sqrt(samples * share * (1 - share));
    EXPECT_NEAR(static_cast<double>(self_of(report, function)), samples * share, tolerance)
        << function;
  }
}

}  // namespace test
