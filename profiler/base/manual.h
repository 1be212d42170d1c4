#pragma once
// Manual pages, as roff with the man macros: one for the program and one for each of its commands.

#include <string>
#include <vector>

#include "profiler/base/command_pages.h"

namespace thaw {

struct ManualPage {
  std::string file;  ///< "thaw-record.1"
  std::string text;
};

/// The program's page is the first. The same table gives the same bytes: no page has a date.
std::vector<ManualPage> manual_pages(const CommandPage& program, const std::string& version);

}  // namespace thaw
