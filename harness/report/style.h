#pragma once

namespace lab {

/// The page's style sheet: light and dark, and the colours of every picture on it.
extern const char* const kPageStyle;

}  // namespace lab
