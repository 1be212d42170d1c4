#pragma once
// From addresses to functions: the capture says which file lay where, the files say what is in
// them. Reads files of this machine; changes nothing.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "profiler/analysis/address_space.h"
#include "profiler/analysis/generated_code.h"
#include "profiler/analysis/image_names.h"
#include "profiler/store/reader.h"

namespace thaw {

struct Function {
  std::string name;  ///< for people; "?" when nobody knows, "func@0x…" by where it begins
  std::string
      module;  ///< file name, "kernel", a kernel module's name, "bpf", "jit"; "?" for nothing

  friend auto operator<=>(const Function&, const Function&) = default;
};

/// Where a function stands in its source. Not part of what makes it one: the same function may be
/// known with and without.
struct FunctionSource {
  std::string file;   ///< "" unknown
  uint32_t line = 0;  ///< its first; 0 unknown
};

/// What to look for, and where.
struct NameOptions {
  bool inlined = true;               ///< inlined functions and lines, from debug information
  bool debuginfod = false;           ///< ask its servers for what is not here
  std::vector<std::string> folders;  ///< where else files of the recorded machine may be
};

/// The capture's function that holds a kernel address; null when it has none. `is_leaf` as below.
const KernelFunction* kernel_function(const Capture& capture, uint64_t address, bool is_leaf);

/// Names frames, and remembers. The capture must outlive it. Used by one thread.
class FrameNames {
 public:
  explicit FrameNames(const Capture& capture, const NameOptions& options = {});

  /// Ids of functions: equal for equal functions. `is_leaf`: the address is where it ran; else
  /// where it returns to, and the call before it counts.
  uint32_t kernel(uint64_t address, bool is_leaf);
  /// Of user space, without what is inlined there.
  uint32_t user(uint32_t program, uint64_t address, bool is_leaf);

  struct Frame {
    uint32_t function = 0;
    uint32_t line = 0;  ///< of the address, or of the call of what is inlined; 0 unknown
  };
  /// What is inlined at the address, innermost first, and the function itself last: at least one.
  /// Valid until the next call.
  std::span<const Frame> user_frames(uint32_t program, uint64_t address, bool is_leaf);

  const Function& function(uint32_t id) const { return functions_[id]; }
  size_t functions() const { return functions_.size(); }  ///< ids are below it
  const FunctionSource& source(uint32_t id) const { return sources_[id]; }
  const AddressSpaces& spaces() const { return spaces_; }
  /// Of every file that an address lay in; by path.
  std::vector<ImageFound> images() const;
  /// What was named in each of these files, to take along.
  std::vector<NamedImage> named_images() const;
  /// What the user should know of the search for files, one sentence each.
  std::vector<std::string> notes() const;

 private:
  struct Chain {
    uint32_t first = 0;  ///< in frames_
    uint32_t count = 0;
  };
  struct Image {
    ImageNames names;
    boost::unordered_flat_map<uint64_t, Chain> chains;  ///< by file offset
  };
  uint32_t intern(Function function, FunctionSource source = {});
  Chain add_chain(std::span<const Frame> frames);
  Image& image_of(const Mapping& mapping);
  Image& open_image(const Mapping& mapping);
  Chain chain_of(uint32_t program, uint64_t at);
  Chain chain_in(const Mapping& mapping, uint64_t at);
  const GeneratedFunction* generated(uint32_t program, uint64_t at) const;

  const Capture& capture_;
  NameOptions options_;
  AddressSpaces spaces_;
  GeneratedCode generated_;
  ImageFinder finder_;
  std::vector<Function> functions_;
  std::vector<FunctionSource> sources_;  ///< of each function
  std::map<Function, uint32_t> ids_;
  std::vector<Frame> frames_;                                    ///< of all chains
  std::map<std::pair<std::string, std::string>, Image> images_;  ///< by path and build-id
  boost::unordered_flat_map<const Mapping*, Image*> image_of_;
  std::optional<Chain> nobody_;  ///< of what lies in no file
  struct Place {
    uint32_t program;
    uint64_t address;
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    size_t operator()(const Place& place) const {
      return (place.address + place.program) * 0x9e3779b97f4a7c15;
    }
  };
  boost::unordered_flat_map<Place, Chain, PlaceHash> places_;  ///< the kernel's: of program 0
};

}  // namespace thaw
