// made_up_capture NAME FILE: writes a capture of tests/support/made_up_captures.h for a transcript.
// Not a test itself.

#include <cstdio>
#include <string_view>

#include "profiler/base/files.h"
#include "tests/support/made_up_captures.h"

int main(int argc, char** argv) {
  using namespace thaw;
  using namespace thaw::test;
  const std::string_view name = argc == 3 ? argv[1] : "";
  GivenCapture given;
  if (name == "busy") {
    given = busy_capture();
  } else if (name == "before") {
    given = sampled_capture({{"parse", 600}, {"sort", 300}, {"write", 100}});
  } else if (name == "after") {
    given = sampled_capture({{"parse", 600}, {"sort", 900}, {"write", 105}});
  } else if (name == "cut") {
    given = cut_capture();
  } else if (name != "idle") {
    std::fputs("usage: made_up_capture busy|cut|before|after|idle FILE\n", stderr);
    return 2;
  }
  const Status written = write_file(argv[2], given.bytes());
  if (!written) std::fprintf(stderr, "%s\n", written.error().message.c_str());
  return written && !testing::Test::HasFailure() ? 0 : 1;
}
