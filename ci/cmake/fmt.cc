// The part of fmt that is not in its headers' templates, compiled once. Debian packages it as a
// shared library only.

#include <fmt/format-inl.h>

namespace fmt {
inline namespace v9 {
namespace detail {

// Everything that format.h declares `extern template` when it is not used header-only.
template auto dragonbox::to_decimal(float) noexcept -> dragonbox::decimal_fp<float>;
template auto dragonbox::to_decimal(double) noexcept -> dragonbox::decimal_fp<double>;
template auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl(locale_ref) -> char;
template void buffer<char>::append(const char*, const char*);
template void vformat_to(buffer<char>&, string_view, format_args, locale_ref);

}  // namespace detail
}  // namespace v9
}  // namespace fmt
