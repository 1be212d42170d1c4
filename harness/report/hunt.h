#pragma once
// What a hunt found, as words and as JSON.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/verdict/hunt.h"

namespace lab {

/// A setting that was tried beside the case's own.
struct SettingResult {
  std::string name;
  uint64_t reproduced = 0;
  uint64_t trials = 0;
};

struct HuntReport {
  std::string case_name;
  std::string kernel;  ///< release
  std::string package_version;
  double trial_s = 1;
  uint64_t seed = 1;  ///< of the first trial
  std::string directory;
  std::string repeat;

  HuntResult result;
  std::map<std::string, uint64_t> verdicts;  ///< of every trial, those that do not count too
  std::optional<double> first_seen_s;        ///< from the end of the first boot
  std::string first_seen;                    ///< which trial, and the judge's words
  std::vector<double> restore_ms;            ///< per trial: start of QEMU to the agent's answer
  double boots_wall_s = 0;
  double trials_wall_s = 0;
  uint64_t state_bytes = 0;  ///< of the newest saved machine

  std::vector<SettingResult> settings;  ///< of --vary; empty: not asked for
  std::string setting;                  ///< the one that was hunted with; empty: the case's own
  std::vector<SettingResult> steps;     ///< of --minimise; one that showed nothing was not taken
  std::string minimised;                ///< the case file that is left; empty: none
};

/// Several lines, for a person.
std::string to_text(const HuntReport& report);
/// Schema 1; its fields stand in results/SCHEMA.md.
std::string to_json(const HuntReport& report);

}  // namespace lab
