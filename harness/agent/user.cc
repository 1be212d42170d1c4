// passwd(5): name:password:UID:GID:comment:home:shell, a line each. Groups beyond the first are
// not looked for: a subject gets exactly the identity that its case names.

#include "harness/agent/user.h"

#include <charconv>
#include <optional>
#include <vector>

namespace lab {

namespace {

std::optional<uint32_t> number_of(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || end != text.end()) return std::nullopt;
  return number;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t end = 0; (end = text.find(separator)) != text.npos; text.remove_prefix(end + 1))
    parts.push_back(text.substr(0, end));
  parts.push_back(text);
  return parts;
}

}  // namespace

thaw::Result<UserIds> ids_of(std::string_view user, std::string_view passwd) {
  if (user.empty()) return UserIds{};
  const auto ids = split(user, ':');
  const auto uid = number_of(ids.front());
  const auto gid = number_of(ids.back());
  if (ids.size() <= 2 && uid && gid) return UserIds{*uid, *gid};
  for (const std::string_view line : split(passwd, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 4 || fields[0] != user) continue;
    const auto its_uid = number_of(fields[2]);
    const auto its_gid = number_of(fields[3]);
    if (its_uid && its_gid) return UserIds{*its_uid, *its_gid};
  }
  return thaw::fail(thaw::ErrorKind::User,
                    "there is no user '{}' where the subject runs; name a UID, or take an image "
                    "that has it",
                    user);
}

}  // namespace lab
