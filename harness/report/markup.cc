// Escaping, for both pages. Guest text ends up in them: a console line is a stranger's input.

#include "harness/report/markup.h"

#include <cctype>

#include <fmt/format.h>

#include "harness/report/style.h"
#include "harness/results/text.h"

namespace lab {

std::string html(std::string_view text) {
  std::string safe;
  for (char c : clean_utf8(text)) {
    switch (c) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string url(const std::string& path) {
  std::string safe;
  for (char c : path) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) ||
                       std::string_view("/-_.+~,=").find(c) != std::string_view::npos;
    safe += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return safe;
}

std::string page_head(std::string_view title) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><title>{}: thawlab</title><style>{}</style>"
      "</head><body>\n",
      html(title), kPageStyle);
}

}  // namespace lab
