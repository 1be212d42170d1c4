// Turns failures into sentences and exit codes. Nothing here prints, except for our own bugs.

#include "profiler/base/errors.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace thaw {

std::unexpected<Error> fail_errno(int code, std::string what) {
  return std::unexpected(
      Error{ErrorKind::Environment, fmt::format("{}: {}", what, std::strerror(code)), code});
}

Error with_context(Error error, std::string_view noun) {
  error.message = fmt::format("{}: {}", noun, error.message);
  return error;
}

int exit_code(const Error& error) {
  switch (error.kind) {
    case ErrorKind::User:
      return 2;
    case ErrorKind::Corrupt:
      return 65;
    case ErrorKind::Environment:
    case ErrorKind::Transient:
      return 69;
  }
  return 69;
}

void check_failed(const char* file, int line, const char* condition, const std::string& state) {
  std::fprintf(stderr, "%s:%d: this is a bug in Thaw: %s does not hold %s\n", file, line, condition,
               state.c_str());
  std::abort();
}

}  // namespace thaw
