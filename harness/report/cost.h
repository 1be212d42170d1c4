#pragma once
// Costs (results/cost.h) for people. Pure.

#include <string>

#include "harness/results/cost.h"

namespace lab {

/// A table for the terminal, and for the page; "" when there is none.
std::string costs_text(const ResultSet& results);
std::string costs_html(const ResultSet& results);

}  // namespace lab
