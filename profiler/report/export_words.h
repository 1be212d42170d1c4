#pragma once
// What exports call things, so that a name looks the same in every viewer. Pure.

#include <string>

#include "profiler/analysis/sampled_stacks.h"

namespace thaw {

/// What labels give is printable (words.h): valid UTF-8 without control characters.
///
/// The function's name; "[module]" when it has none, "[unknown]" when not even that is known.
std::string label_of(const Function& function);
/// "name"; "thread 12" when it was never named.
std::string label_of(Tid tid, const std::string& name);
/// Why a user stack is not whole, "no unwind info"; "" of one that is, or of which nobody knows.
std::string cut_words(StackEnd end);
/// What stands in for the frames that are missing, outermost: "[cut: no unwind info]".
std::string cut_label(StackEnd end);
/// Valid UTF-8, in quotes.
std::string json_text(const std::string& text);
/// Of one sample; 0 when the capture does not know its rate.
int64_t period_ns(const Header& header);

}  // namespace thaw
