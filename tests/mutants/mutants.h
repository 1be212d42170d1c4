#pragma once
// The mutants by name. Each is a true profiler but for one thing.

#include <memory>
#include <span>
#include <string_view>

#include "profiler/base/errors.h"
#include "tests/mutants/mutation.h"

namespace mutant {

struct Mutant {
  const char* name;
  const char* does;    ///< a sentence
  const char* caught;  ///< the kind of measure that must catch it
  std::unique_ptr<Mutation> (*make)();
};

std::span<const Mutant> all_mutants();
/// Null when there is none of that name.
const Mutant* find_mutant(std::string_view name);
/// The one that THAW_MUTANT names. Fails with User when it names none.
thaw::Result<const Mutant*> chosen_mutant();

std::unique_ptr<Mutation> drop_samples();
std::unique_ptr<Mutation> drop_cpu();
std::unique_ptr<Mutation> skip_leaf();
std::unique_ptr<Mutation> late_thread();
std::unique_ptr<Mutation> fast_clock();
std::unique_ptr<Mutation> lose_brief_threads();
std::unique_ptr<Mutation> cut_stacks();
std::unique_ptr<Mutation> double_loss();
std::unique_ptr<Mutation> tick_phase();
std::unique_ptr<Mutation> swap_waker();

}  // namespace mutant
