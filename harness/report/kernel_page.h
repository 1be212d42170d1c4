#pragma once
// One kernel's part of a session as a page of its own: what of the profile is true there, what is
// lost, at what cost. Pure.

#include <map>
#include <string>
#include <vector>

#include "harness/results/result.h"

namespace lab {

/// Kernels of which there is more to say than a verdict: measures, costs or losses. In the order of
/// the results.
std::vector<std::string> kernels_with_pages(const ResultSet& results);

/// Relative to the results directory.
std::string kernel_page_name(const std::string& kernel);

/// `pictures`: SVG by run id.
std::string kernel_page(const ResultSet& results, const std::string& kernel,
                        const std::map<std::string, std::string>& pictures);

}  // namespace lab
