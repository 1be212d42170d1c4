#pragma once
// From addresses to functions: the capture says which file lay where, the files say what is in
// them. Reads files of this machine; changes nothing.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "profiler/analysis/address_space.h"
#include "profiler/store/reader.h"
#include "profiler/symbols/elf_image.h"

namespace thaw {

struct Function {
  std::string name;    ///< for people; "?" when nobody knows
  std::string module;  ///< file name, "kernel", a kernel module's name, "bpf"; "?" for nothing

  friend auto operator<=>(const Function&, const Function&) = default;
};

/// The capture's function that holds a kernel address; null when it has none. `is_leaf` as below.
const KernelFunction* kernel_function(const Capture& capture, uint64_t address, bool is_leaf);

/// Where it looked and what it found, to say why names are missing.
struct ImageFound {
  std::string path;
  bool was_read = false;
  bool is_another = false;  ///< by its build-id it is not the file that ran
  uint64_t symbols = 0;
  uint64_t unnamed = 0;  ///< addresses in it without a function
};

/// Names frames, and remembers. The capture must outlive it. Used by one thread.
class FrameNames {
 public:
  explicit FrameNames(const Capture& capture);

  /// Ids of functions: equal for equal functions. `is_leaf`: the address is where it ran; else
  /// where it returns to, and the call before it counts.
  uint32_t kernel(uint64_t address, bool is_leaf);
  uint32_t user(uint32_t program, uint64_t address, bool is_leaf);

  const Function& function(uint32_t id) const { return functions_[id]; }
  size_t functions() const { return functions_.size(); }  ///< ids are below it
  const AddressSpaces& spaces() const { return spaces_; }
  /// Of every file that an address lay in; by path.
  std::vector<ImageFound> images() const;

 private:
  struct Image {
    ImageFound found;
    std::unique_ptr<ElfImage> elf;  ///< null: not there, or another
  };
  uint32_t intern(Function function);
  Image& image_of(const Mapping& mapping);
  Function name_in(const Mapping& mapping, uint64_t address);

  const Capture& capture_;
  AddressSpaces spaces_;
  std::vector<Function> functions_;
  std::map<Function, uint32_t> ids_;
  std::map<std::pair<std::string, std::string>, Image> images_;  ///< by path and build-id
  struct Place {
    uint32_t program;
    uint64_t address;
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    size_t operator()(const Place& place) const {
      return std::hash<uint64_t>()(place.address * 31 + place.program);
    }
  };
  std::unordered_map<Place, uint32_t, PlaceHash> places_;  ///< the kernel's: of program 0
};

}  // namespace thaw
