#pragma once
// Strict reading of one TOML table: unknown keys, wrong types and values out of range are errors
// that point into the file. Knows TOML, knows nothing about cases.

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Errors are values here as everywhere in Thaw.
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "profiler/base/errors.h"

namespace lab {

struct Range {
  double least;
  double most;
};

/// One table of a TOML file. Borrows the table, which must outlive it. Every getter returns absent
/// for a key that is not there, and an Error{User} "file:line:column: …" for one that is wrong.
class Fields {
 public:
  /// `where` names the table in messages, such as "[machine]". Fails when the table has a key that
  /// is not in `allowed`.
  static thaw::Result<Fields> open(const toml::table& table, std::string where,
                                   const std::filesystem::path& file,
                                   std::initializer_list<std::string_view> allowed);

  thaw::Result<std::optional<std::string>> text(std::string_view key) const;
  thaw::Result<std::optional<double>> number(std::string_view key, Range range) const;
  thaw::Result<std::optional<int64_t>> integer(std::string_view key, Range range) const;
  thaw::Result<std::optional<bool>> truth(std::string_view key) const;
  thaw::Result<std::optional<std::vector<std::string>>> texts(std::string_view key) const;
  thaw::Result<const toml::table*> table(std::string_view key) const;  ///< null: not there
  /// The tables of [[key]], in file order.
  thaw::Result<std::vector<const toml::table*>> tables(std::string_view key) const;

  bool has(std::string_view key) const { return table_->contains(key); }
  const toml::table& raw() const { return *table_; }
  std::string name_of(std::string_view key) const;  ///< "machine.cpus"

  /// "file:line:column: " and the message; the position is that of `key`, or of the table.
  std::unexpected<thaw::Error> wrong(std::string_view key, std::string message) const;
  /// The table lacks something that it must have.
  std::unexpected<thaw::Error> missing(std::string_view key, std::string_view example) const;

 private:
  Fields(const toml::table& table, std::string where, const std::filesystem::path& file)
      : table_(&table), where_(std::move(where)), file_(file) {}

  const toml::table* table_;
  std::string where_;
  std::filesystem::path file_;
};

/// "file:line:column: message" as a User error.
std::unexpected<thaw::Error> fail_at(const std::filesystem::path& file, toml::source_position where,
                                     std::string message);

}  // namespace lab
