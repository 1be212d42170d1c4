// Fuzzes the parser of case files. What it refuses it refuses in one sentence.

#include "harness/case/parse.h"

#include "profiler/base/files.h"
#include "tests/fuzz/fuzz.h"

namespace {

void run(std::string_view input) {
  const auto parsed = lab::parse_case(input, "x.toml");
  if (parsed) return;
  CHECK(parsed.error().kind == thaw::ErrorKind::User);
  CHECK(parsed.error().message.find('\n') == std::string::npos, "{}", parsed.error().message);
}

std::string shipped(const char* name) {
  const auto text = thaw::read_file(std::string(THAW_SOURCE_DIR "/harness/cases/") + name);
  CHECK(text.has_value(), "{}", name);
  return *text;
}

}  // namespace

int main(int argc, char** argv) {
  return fuzz::main(
      argc, argv, {"case", {shipped("ringbuf-nmi.toml"), shipped("default-transport.toml")}, run});
}
