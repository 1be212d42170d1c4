#pragma once
// Header, Tally and Ending as protobuf messages, so that later versions can add fields. The field
// numbers are in FORMAT.md. Decoders give nothing for bytes that are no such message and ignore
// fields they do not know.

#include <optional>
#include <string>
#include <string_view>

#include "profiler/store/facts.h"

namespace thaw {

std::string encode(const Header& header);
std::string encode(const Tally& tally);
std::string encode(const Ending& ending);

std::optional<Header> decode_header(std::string_view bytes);
std::optional<Tally> decode_tally(std::string_view bytes);
std::optional<Ending> decode_ending(std::string_view bytes);

}  // namespace thaw
