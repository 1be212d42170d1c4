#pragma once
// What the decoders of protobuf messages share: a field together with how it must be encoded. A
// known number in another encoding is skipped like an unknown one; protozero's getters must not see
// it, they assert.

#include <cstdint>

#include <protozero/pbf_builder.hpp>
#include <protozero/pbf_message.hpp>

namespace thaw {

template <class Field>
constexpr uint32_t bytes_in(Field field) {
  return protozero::tag_and_type(field, protozero::pbf_wire_type::length_delimited);
}
template <class Field>
constexpr uint32_t number_in(Field field) {
  return protozero::tag_and_type(field, protozero::pbf_wire_type::varint);
}

}  // namespace thaw
