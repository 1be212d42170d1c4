// The words that case files, results and command lines use for the enums of case.h. One table per
// enum, read in both directions, so that a word cannot be written and not read.

#include <array>
#include <string_view>
#include <utility>

#include "harness/case/case.h"

namespace lab {

namespace {

constexpr std::array<std::pair<VerdictKind, const char*>, 8> kVerdicts{{
    {VerdictKind::pass, "pass"},
    {VerdictKind::freeze, "freeze"},
    {VerdictKind::hang, "hang"},
    {VerdictKind::crash, "crash"},
    {VerdictKind::fidelity, "fidelity"},
    {VerdictKind::subject, "subject"},
    {VerdictKind::incapable, "incapable"},
    {VerdictKind::infra, "infra"},
}};

constexpr std::array<std::pair<OracleCounts, const char*>, 4> kOracleCounts{{
    {OracleCounts::nothing, "none"},
    {OracleCounts::functions, "functions"},
    {OracleCounts::totals, "totals"},
    {OracleCounts::exact, "exact"},
}};

constexpr std::array<std::pair<NmiSource, const char*>, 5> kNmiSources{{
    {NmiSource::apic, "apic"},
    {NmiSource::pit, "pit"},
    {NmiSource::qmp, "qmp"},
    {NmiSource::pmu, "pmu"},
    {NmiSource::none, "none"},
}};

template <class Table, class Value>
const char* word_of(const Table& table, Value value) {
  for (const auto& [known, word] : table)
    if (known == value) return word;
  return "unknown";
}

template <class Value, size_t N>
std::optional<Value> value_of(const std::array<std::pair<Value, const char*>, N>& table,
                              std::string_view word) {
  for (const auto& [value, known] : table)
    if (word == known) return value;
  return std::nullopt;
}

}  // namespace

const char* name_of(VerdictKind kind) {
  return word_of(kVerdicts, kind);
}

std::optional<VerdictKind> verdict_from_name(std::string_view name) {
  return value_of(kVerdicts, name);
}

const char* name_of(NmiSource source) {
  return word_of(kNmiSources, source);
}

std::optional<NmiSource> nmi_source_from_name(std::string_view name) {
  return value_of(kNmiSources, name);
}

const char* name_of(OracleCounts counts) {
  return word_of(kOracleCounts, counts);
}

std::optional<OracleCounts> oracle_counts_from_name(std::string_view name) {
  return value_of(kOracleCounts, name);
}

bool Subject::names_capture() const {
  // Whoever is told where to put a capture is expected to write one there: no list of program
  // names.
  for (const std::string& argument : command)
    if (argument.find("{capture}") != std::string::npos) return true;
  return false;
}

}  // namespace lab
