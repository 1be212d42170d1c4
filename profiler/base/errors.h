#pragma once
// The one way an operation fails in Thaw: Result<T> and Status carry an Error up to main() or to
// the run boundary. Losses (expected under load) are counters, bugs are CHECKs; neither uses this
// file's Result.

#include <expected>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace thaw {

/// Decides the exit code, and in the lab the verdict, of a failure.
enum class ErrorKind {
  User,         ///< a bad option, case or file name: exit 2
  Environment,  ///< no BTF, no permission, no QEMU, disk full: exit 69
  Transient,    ///< may succeed when tried again: exit 69
  Corrupt,      ///< damaged input: exit 65
};

struct Error {
  ErrorKind kind = ErrorKind::Environment;
  /// One sentence, without a full stop, that ends with what to do next where that is known.
  std::string message;
  /// errno of the failing call, 0 when there was none.
  int code = 0;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

template <class... Args>
std::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...), 0});
}

/// Appends strerror(`code`) to the message.
std::unexpected<Error> fail_errno(int code, std::string what);

/// Puts "noun: " before the message, where the caller knows the noun.
Error with_context(Error error, std::string_view noun);

/// 2, 65 or 69.
int exit_code(const Error& error);

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const std::string& state);

}  // namespace thaw

/// The value of a Result, or returns its Error from the enclosing function.
#define TRY(expression)                                                     \
  __extension__({                                                           \
    auto try_result = (expression);                                         \
    if (!try_result) return std::unexpected(std::move(try_result).error()); \
    std::move(try_result).value();                                          \
  })

/// For our own bugs only: prints the state and aborts, in release builds too.
#define CHECK(condition, ...)                                                              \
  do {                                                                                     \
    if (!(condition)) [[unlikely]]                                                         \
      ::thaw::check_failed(__FILE__, __LINE__, #condition, ::fmt::format("" __VA_ARGS__)); \
  } while (false)
