#pragma once
// The phrases by which a kernel says that it is in trouble, and what each means. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace lab {

/// How a report's title gets the function it is named after.
enum class Naming {
  none,   ///< one line, nothing follows: the title is whole as it is
  fault,  ///< the register dump and call trace that follow, seen as guilty_of_fault()
  stall,  ///< the same, seen as guilty_of_stall()
  where,  ///< as fault, but the header line itself mostly names it
};

/// What a header line says, filled in from the table and by the phrase's own reader.
struct Headline {
  std::string title;        ///< class, or the whole title
  std::string function;     ///< named by the line; empty: to be found in the stack
  std::string file;         ///< source file; the title's last resort
  std::string subject;      ///< who it is about: a task, a CPU, a grace period; equal for repeats
  std::string alternative;  ///< another title of the same bug
  std::optional<int> cpu;
  std::optional<double> duration_ms;
};

struct Signature {
  std::string_view phrase;
  const char* type;
  const char* severity;
  const char* title;
  Naming naming = Naming::none;
  /// Reads the rest of the line, from the phrase on. False: this line is something else.
  bool (*read)(std::string_view text, Headline& headline) = nullptr;
  bool at_start = false;  ///< the phrase alone says little: it must begin the message
};

struct SignatureMatch {
  const Signature* signature = nullptr;
  Headline headline;
};

/// The first row of the table whose phrase is in `text` and whose reader agrees. Time is linear in
/// the text's length.
std::optional<SignatureMatch> match_signature(std::string_view text);

}  // namespace lab
