// [subject] and [comparison] to Subject. They have most of their keys in common; what belongs to
// the guest as a whole (its userland, its files, who one is in it) the subject says for both.

#include "harness/case/recorder.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <regex>
#include <utility>

#include "profiler/base/words.h"

namespace lab {

using thaw::Result;
using thaw::Status;

namespace {

constexpr std::array<std::pair<std::string_view, int>, 7> kSignals{{{"SIGINT", SIGINT},
                                                                    {"SIGTERM", SIGTERM},
                                                                    {"SIGQUIT", SIGQUIT},
                                                                    {"SIGHUP", SIGHUP},
                                                                    {"SIGUSR1", SIGUSR1},
                                                                    {"SIGUSR2", SIGUSR2},
                                                                    {"SIGKILL", SIGKILL}}};

}  // namespace

int signal_number(std::string_view name) {
  const auto known = std::ranges::find(kSignals, name, &std::pair<std::string_view, int>::first);
  return known == kSignals.end() ? SIGINT : known->second;
}

Result<std::vector<std::string>> read_command(const Fields& fields, std::string_view key,
                                              std::string_view example) {
  const toml::node* node = fields.raw().get(key);
  if (!node) return fields.missing(key, example);
  std::vector<std::string> words;
  if (node->is_array()) {
    const auto array = TRY(fields.texts(key));
    words = array.value_or(words);
  } else {
    const auto line = TRY(fields.text(key));
    auto split = thaw::split_command(line.value_or(""));
    if (!split) return fields.wrong(key, "cannot be split into words: " + split.error().message);
    words = std::move(*split);
  }
  if (words.empty() || words.front().empty())
    return fields.wrong(key, fmt::format("is empty; for example {}", example));
  return words;
}

namespace {

Result<Ready> read_ready(const toml::table& table, const std::filesystem::path& file,
                         const std::string& name) {
  const Fields fields =
      TRY(Fields::open(table, fmt::format("[{}]", name), file, {"line", "file", "bpf", "seconds"}));
  if (table.size() != 1)
    return fail_at(file, table.source().begin,
                   name +
                       " must be exactly one of { line = \"regex\" }, { file = \"path\" }, "
                       "{ bpf = number of programs }, { seconds = number }");
  Ready ready;
  ready.line = TRY(fields.text("line"));
  ready.file = TRY(fields.text("file"));
  const auto programs = TRY(fields.integer("bpf", {1, 10'000}));
  if (programs) ready.bpf = static_cast<int>(*programs);
  ready.seconds = TRY(fields.number("seconds", {0, 3600}));
  if (ready.file && !ready.file->starts_with('/'))
    return fields.wrong("file", "must be an absolute path in the guest");
  if (ready.line) {
    try {
      std::regex check(*ready.line);
    } catch (const std::regex_error&) {
      return fields.wrong("line", "is not a regular expression (ECMAScript)");
    }
  }
  return ready;
}

Status read_env(const toml::table& table, const std::filesystem::path& file,
                const std::string& name, Subject& subject) {
  for (const auto& [key, node] : table) {
    const auto value = node.value_exact<std::string>();
    if (!value)
      return fail_at(file, node.source().begin,
                     fmt::format("{}.env.{} must be a string", name, key.str()));
    subject.env.emplace(std::string(key.str()), *value);
  }
  return {};
}

Status read_files(const Fields& fields, const std::filesystem::path& file, Subject& subject) {
  const auto names = TRY(fields.texts("files"));
  if (!names) return {};
  for (const std::string& name : *names) {
    // The guest sees the file under the path it has here, so that path must be whole.
    std::error_code ignored;
    std::filesystem::path path = name;
    if (path.is_relative()) path = std::filesystem::absolute(file, ignored).parent_path() / path;
    subject.files.push_back(path.lexically_normal());
  }
  return {};
}

Status read_at_most(const toml::table& table, const std::filesystem::path& file, Subject& subject) {
  for (const auto& [key, node] : table) {
    const auto limit = node.is_number() ? node.value<double>() : std::nullopt;
    if (!limit || !(*limit >= 0))
      return fail_at(file, node.source().begin,
                     fmt::format("subject.at_most.{} must be a number from 0", key.str()));
    subject.at_most.emplace(std::string(key.str()), *limit);
  }
  return {};
}

Result<ProfileLeft> read_profile_left(const toml::table& table, const std::filesystem::path& file,
                                      const std::string& where) {
  const Fields fields = TRY(Fields::open(table, where, file, {"format", "convert"}));
  const auto format = TRY(fields.text("format"));
  if (!format) return fields.missing("format", R"(format = "perf-script")");
  const auto known = thaw::profile_format_named(*format);
  if (!known)
    return fields.wrong("format", fmt::format("is '{}'; it must be one of {}", *format,
                                              fmt::join(thaw::profile_format_names(), ", ")));
  ProfileLeft profile{.format = *known, .convert = {}};
  if (!fields.has("convert")) return profile;
  profile.convert = TRY(read_command(fields, "convert", R"("perf script -i {capture}")"));
  const auto names_it = [](const std::string& word) {
    return word.find("{capture}") != std::string::npos;
  };
  if (std::ranges::none_of(profile.convert, names_it))
    return fields.wrong("convert", "does not say what it reads: give it the path {capture}");
  return profile;
}

/// What both tables have.
Status read_recorder(const Fields& fields, const std::filesystem::path& file,
                     const std::string& name, Subject& recorder) {
  recorder.command = TRY(read_command(
      fields, "command", R"("thaw record --clock nmi -a -d {duration_s} -o {capture}")"));
  if (const toml::table* ready = TRY(fields.table("ready")))
    recorder.ready = TRY(read_ready(*ready, file, fmt::format("{}.ready", name)));
  if (const auto stop = TRY(fields.text("stop"))) {
    const auto names = kSignals | std::views::keys;
    if (std::ranges::find(names, *stop) == names.end())
      return fields.wrong(
          "stop", fmt::format("is '{}'; it must be one of {}", *stop, fmt::join(names, ", ")));
    recorder.stop = *stop;
  }
  const auto grace_s = TRY(fields.number("grace_s", {0, 3600}));
  recorder.grace_s = grace_s.value_or(recorder.grace_s);
  const auto ready_timeout_s = TRY(fields.number("ready_timeout_s", {0.1, 3600}));
  recorder.ready_timeout_s = ready_timeout_s.value_or(recorder.ready_timeout_s);
  if (const toml::table* env = TRY(fields.table("env"))) TRY(read_env(*env, file, name, recorder));
  const toml::table* profile = TRY(fields.table("profile"));
  if (!profile) return {};
  recorder.profile = TRY(read_profile_left(*profile, file, fmt::format("[{}.profile]", name)));
  if (!recorder.names_capture())
    return fields.wrong("profile",
                        "is of a file, and the command does not say where it is written: give it "
                        "the path {capture}");
  return {};
}

}  // namespace

Status read_subject(const toml::table& table, const std::filesystem::path& file, Case& test) {
  const Fields fields = TRY(Fields::open(table, "[subject]", file,
                                         {"command", "ready", "ready_timeout_s", "stop", "grace_s",
                                          "files", "env", "image", "user", "at_most", "profile"}));
  Subject& subject = test.subject;
  TRY(read_recorder(fields, file, "subject", subject));
  subject.image = TRY(fields.text("image")).value_or("");
  subject.user = TRY(fields.text("user")).value_or("");
  TRY(read_files(fields, file, subject));
  if (const toml::table* losses = TRY(fields.table("at_most")))
    TRY(read_at_most(*losses, file, subject));
  return {};
}

Status read_comparison(const toml::table& table, const std::filesystem::path& file, Case& test) {
  const Fields fields = TRY(
      Fields::open(table, "[comparison]", file,
                   {"command", "ready", "ready_timeout_s", "stop", "grace_s", "env", "profile"}));
  TRY(read_recorder(fields, file, "comparison", test.comparison));
  if (!test.comparison.profile)
    return fields.missing(
        "profile", R"(profile = { format = "perf-script", convert = "perf script -i {capture}" })");
  return {};
}

}  // namespace lab
