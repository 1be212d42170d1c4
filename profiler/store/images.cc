// Mappings, kernel functions and those of generated code ↔ protobuf wire format. FORMAT.md lists
// the same numbers.

#include "profiler/store/images.h"

#include "profiler/base/pbf.h"
#include "profiler/store/layout.h"

namespace thaw {

namespace {

enum class ListField : protozero::pbf_tag_type { item = 1 };  // repeated

enum class MappingField : protozero::pbf_tag_type {
  pid = 1,
  time_ns = 2,
  address = 3,
  bytes = 4,
  file_offset = 5,
  path = 6,
  build_id = 7,
};

enum class FunctionField : protozero::pbf_tag_type { address = 1, bytes = 2, name = 3, module = 4 };

enum class GeneratedField : protozero::pbf_tag_type { pid = 1, address = 2, bytes = 3, name = 4 };

Mapping decode_mapping(protozero::data_view bytes) {
  Mapping mapping;
  protozero::pbf_message<MappingField> message(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case number_in(MappingField::pid):
        mapping.pid = Pid(message.get_int32());
        break;
      case number_in(MappingField::time_ns):
        mapping.time_ns = message.get_int64();
        break;
      case number_in(MappingField::address):
        mapping.address = message.get_uint64();
        break;
      case number_in(MappingField::bytes):
        mapping.bytes = message.get_uint64();
        break;
      case number_in(MappingField::file_offset):
        mapping.file_offset = message.get_uint64();
        break;
      case bytes_in(MappingField::path):
        mapping.path = message.get_string();
        break;
      case bytes_in(MappingField::build_id):
        mapping.build_id = message.get_string();
        break;
      default:
        message.skip();
    }
  }
  if (!is_time(mapping.time_ns)) throw protozero::exception{};
  return mapping;
}

KernelFunction decode_function(protozero::data_view bytes) {
  KernelFunction function;
  protozero::pbf_message<FunctionField> message(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case number_in(FunctionField::address):
        function.address = message.get_uint64();
        break;
      case number_in(FunctionField::bytes):
        function.bytes = message.get_uint64();
        break;
      case bytes_in(FunctionField::name):
        function.name = message.get_string();
        break;
      case bytes_in(FunctionField::module):
        function.module = message.get_string();
        break;
      default:
        message.skip();
    }
  }
  return function;
}

GeneratedFunction decode_generated_function(protozero::data_view bytes) {
  GeneratedFunction function;
  protozero::pbf_message<GeneratedField> message(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case number_in(GeneratedField::pid):
        function.pid = Pid(message.get_int32());
        break;
      case number_in(GeneratedField::address):
        function.address = message.get_uint64();
        break;
      case number_in(GeneratedField::bytes):
        function.bytes = message.get_uint64();
        break;
      case bytes_in(GeneratedField::name):
        function.name = message.get_string();
        break;
      default:
        message.skip();
    }
  }
  return function;
}

/// Nothing when the bytes are no list, or one that no writer makes.
template <class Item>
std::optional<std::vector<Item>> decode_list(std::string_view bytes,
                                             Item (*decode)(protozero::data_view)) {
  try {
    std::vector<Item> items;
    protozero::pbf_message<ListField> message({bytes.data(), bytes.size()});
    while (message.next()) {
      if (message.tag_and_type() != bytes_in(ListField::item)) {
        message.skip();
        continue;
      }
      if (items.size() == kMaxImagesPerChunk) return std::nullopt;
      items.push_back(decode(message.get_view()));
    }
    return items;
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

}  // namespace

std::string encode(std::span<const Mapping> mappings) {
  std::string bytes;
  protozero::pbf_builder<ListField> list(bytes);
  for (const Mapping& mapping : mappings) {
    protozero::pbf_builder<MappingField> item(list, ListField::item);
    item.add_int32(MappingField::pid, mapping.pid.value);
    item.add_int64(MappingField::time_ns, mapping.time_ns);
    item.add_uint64(MappingField::address, mapping.address);
    item.add_uint64(MappingField::bytes, mapping.bytes);
    item.add_uint64(MappingField::file_offset, mapping.file_offset);
    item.add_string(MappingField::path, mapping.path);
    item.add_string(MappingField::build_id, mapping.build_id);
  }
  return bytes;
}

std::string encode(std::span<const KernelFunction> functions) {
  std::string bytes;
  protozero::pbf_builder<ListField> list(bytes);
  for (const KernelFunction& function : functions) {
    protozero::pbf_builder<FunctionField> item(list, ListField::item);
    item.add_uint64(FunctionField::address, function.address);
    item.add_uint64(FunctionField::bytes, function.bytes);
    item.add_string(FunctionField::name, function.name);
    item.add_string(FunctionField::module, function.module);
  }
  return bytes;
}

std::string encode(std::span<const GeneratedFunction> functions) {
  std::string bytes;
  protozero::pbf_builder<ListField> list(bytes);
  for (const GeneratedFunction& function : functions) {
    protozero::pbf_builder<GeneratedField> item(list, ListField::item);
    item.add_int32(GeneratedField::pid, function.pid.value);
    item.add_uint64(GeneratedField::address, function.address);
    item.add_uint64(GeneratedField::bytes, function.bytes);
    item.add_string(GeneratedField::name, function.name);
  }
  return bytes;
}

std::optional<std::vector<Mapping>> decode_mappings(std::string_view bytes) {
  return decode_list<Mapping>(bytes, decode_mapping);
}

std::optional<std::vector<KernelFunction>> decode_functions(std::string_view bytes) {
  return decode_list<KernelFunction>(bytes, decode_function);
}

std::optional<std::vector<GeneratedFunction>> decode_generated(std::string_view bytes) {
  return decode_list<GeneratedFunction>(bytes, decode_generated_function);
}

}  // namespace thaw
