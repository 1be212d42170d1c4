// Strict access to a TOML table, for parse.cc. A case that is silently half understood would be
// judged against something its author never wrote, so everything not understood is an error, and
// every error says where it is and what would be right.

#include "harness/case/fields.h"

#include <algorithm>
#include <cmath>

namespace lab {

using thaw::Error;
using thaw::ErrorKind;
using thaw::Result;

namespace {

const char* kind_of(const toml::node& node) {
  if (node.is_string()) return "a string";
  if (node.is_integer()) return "an integer";
  if (node.is_floating_point()) return "a number";
  if (node.is_boolean()) return "true or false";
  if (node.is_array()) return "an array";
  if (node.is_table()) return "a table";
  return "a date or time";
}

std::string joined(std::initializer_list<std::string_view> words) {
  std::string text;
  for (std::string_view word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

}  // namespace

std::unexpected<Error> fail_at(const std::filesystem::path& file, toml::source_position where,
                               std::string message) {
  // Messages quote the file, keys and the parser's "saw '\n'" alike: they must stay one line.
  std::string shown;
  for (const char letter : message) {
    const auto byte = static_cast<unsigned char>(letter);
    shown += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, letter);
  }
  return std::unexpected(
      Error{ErrorKind::User,
            fmt::format("{}:{}:{}: {}", file.string(), where.line, where.column, shown), 0});
}

Result<Fields> Fields::open(const toml::table& table, std::string where,
                            const std::filesystem::path& file,
                            std::initializer_list<std::string_view> allowed) {
  for (const auto& [key, node] : table) {
    if (std::ranges::find(allowed, key.str()) != allowed.end()) continue;
    return fail_at(
        file, key.source().begin,
        fmt::format("{} has no key '{}'; it may have {}", where, key.str(), joined(allowed)));
  }
  return Fields(table, std::move(where), file);
}

std::string Fields::name_of(std::string_view key) const {
  // "[machine]" and "[[expect]]" name their keys machine.cpus and expect.verdict.
  std::string prefix;
  for (char c : where_)
    if (c != '[' && c != ']') prefix += c;
  if (where_.empty() || where_.front() != '[') return std::string(key);
  return fmt::format("{}.{}", prefix, key);
}

std::unexpected<Error> Fields::wrong(std::string_view key, std::string message) const {
  const toml::node* node = table_->get(key);
  const toml::source_position where = (node ? node->source() : table_->source()).begin;
  return fail_at(file_, where, fmt::format("{} {}", name_of(key), std::move(message)));
}

std::unexpected<Error> Fields::missing(std::string_view key, std::string_view example) const {
  return fail_at(file_, table_->source().begin,
                 fmt::format("{} must have '{}', for example {}", where_, key, example));
}

Result<std::optional<std::string>> Fields::text(std::string_view key) const {
  const toml::node* node = table_->get(key);
  if (!node) return std::nullopt;
  if (auto value = node->value_exact<std::string>()) return std::move(*value);
  return wrong(key, fmt::format("is {}; it must be a string", kind_of(*node)));
}

Result<std::optional<double>> Fields::number(std::string_view key, Range range) const {
  const toml::node* node = table_->get(key);
  if (!node) return std::nullopt;
  if (!node->is_number())
    return wrong(key, fmt::format("is {}; it must be a number", kind_of(*node)));
  const double value = *node->value<double>();
  if (!(value >= range.least && value <= range.most))  // NaN fails too
    return wrong(key,
                 fmt::format("is {}; it must be from {} to {}", value, range.least, range.most));
  return value;
}

Result<std::optional<int64_t>> Fields::integer(std::string_view key, Range range) const {
  const toml::node* node = table_->get(key);
  if (!node) return std::nullopt;
  const auto value = node->value_exact<int64_t>();
  if (!value) return wrong(key, fmt::format("is {}; it must be an integer", kind_of(*node)));
  const auto as_double = static_cast<double>(*value);
  if (as_double < range.least || as_double > range.most)
    return wrong(key,
                 fmt::format("is {}; it must be from {} to {}", *value, range.least, range.most));
  return *value;
}

Result<std::optional<bool>> Fields::truth(std::string_view key) const {
  const toml::node* node = table_->get(key);
  if (!node) return std::nullopt;
  if (auto value = node->value_exact<bool>()) return *value;
  return wrong(key, fmt::format("is {}; it must be true or false", kind_of(*node)));
}

Result<std::optional<std::vector<std::string>>> Fields::texts(std::string_view key) const {
  const toml::node* node = table_->get(key);
  if (!node) return std::nullopt;
  const toml::array* array = node->as_array();
  if (!array)
    return wrong(key, fmt::format("is {}; it must be an array of strings", kind_of(*node)));
  std::vector<std::string> values;
  for (const toml::node& element : *array) {
    auto value = element.value_exact<std::string>();
    if (!value)
      return fail_at(file_, element.source().begin,
                     fmt::format("{} holds {}; it must be an array of strings", name_of(key),
                                 kind_of(element)));
    values.push_back(std::move(*value));
  }
  return values;
}

Result<const toml::table*> Fields::table(std::string_view key) const {
  const toml::node* node = table_->get(key);
  if (!node) return nullptr;
  if (const toml::table* table = node->as_table()) return table;
  return wrong(key, fmt::format("is {}; it must be a table", kind_of(*node)));
}

Result<std::vector<const toml::table*>> Fields::tables(std::string_view key) const {
  std::vector<const toml::table*> result;
  const toml::node* node = table_->get(key);
  if (!node) return result;
  const toml::array* array = node->as_array();
  if (!array)
    return wrong(key, fmt::format("is {}; write it as [[{}]], once or more", kind_of(*node), key));
  for (const toml::node& element : *array) {
    const toml::table* table = element.as_table();
    if (!table) return wrong(key, fmt::format("must be tables; write [[{}]]", key));
    result.push_back(table);
  }
  return result;
}

}  // namespace lab
