// Words that are somebody else's command line. CLI11's list options rewrite what they take ("[a,b]"
// becomes two words), so only the first word, which is a program, goes through an option; the rest
// is what CLI11 calls remaining, and that it leaves alone.

#include "profiler/commands/command_words.h"

#include <memory>

namespace thaw {

std::function<Result<std::vector<std::string>>()> take_command(CLI::App& app) {
  auto program = std::make_shared<std::string>();
  CLI::Option* option =
      app.add_option("CMD", *program, "After --: a command to run, with its arguments")
          ->option_text("[-- CMD…]");
  app.allow_extras();
  app.prefix_command();
  return [&app, program, option]() -> Result<std::vector<std::string>> {
    const std::vector<std::string> rest = app.remaining();
    // The first "--" is ours, a later one the command's.
    if (!rest.empty() && rest.front() != "--") {
      return fail(ErrorKind::User, "'{}' is no option of `thaw {}`; a command goes behind --",
                  rest.front(), app.get_name());
    }
    std::vector<std::string> words;
    if (option->count() == 0) return words;
    words.push_back(*program);
    if (!rest.empty()) words.insert(words.end(), rest.begin() + 1, rest.end());
    return words;
  };
}

}  // namespace thaw
