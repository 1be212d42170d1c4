#pragma once
// The names in one file that a process mapped. Reads files of this machine; changes nothing.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "profiler/store/reader.h"
#include "profiler/symbols/debug_info.h"
#include "profiler/symbols/image_finder.h"

namespace thaw {

/// Where it looked and what it found, to say why names are missing.
struct ImageFound {
  std::string path;
  bool was_read = false;
  bool is_another = false;  ///< by its build-id it is not the file that ran
  uint64_t symbols = 0;
  uint64_t unnamed = 0;  ///< addresses in it without a function
};

/// Names of a capture that was packed come from it alone: they are the same on every machine. Else
/// from the file where `finder` has it. The capture must outlive it. Used by one thread.
class ImageNames {
 public:
  using Frame = NamedImageBuilder::Frame;

  /// Of the file that `mapping` maps. `inlined`: reads debug information too, for inlined functions
  /// and lines.
  ImageNames(const Capture& capture, const Mapping& mapping, ImageFinder& finder, bool inlined);

  /// The functions at this place of the file, the innermost of the inlined ones first and the real
  /// one last. Empty when nobody knows a name, which `found` counts.
  std::vector<Frame> at(uint64_t file_offset);
  const ImageFound& found() const { return found_; }
  /// Why its debug information could not be read; "" when it could, or there is none.
  const std::string& problem() const { return problem_; }

 private:
  bool take_packed(const Capture& capture, const Mapping& mapping);
  void take_file(ImageFinder::Found found);
  void take_vdso(const Capture& capture);
  void open_debug_info();
  std::vector<Frame> in_pack(uint64_t file_offset) const;
  std::vector<Frame> in_file(uint64_t file_offset);

  ImageFound found_;
  std::string problem_;
  bool inlined_;
  std::vector<const NamedImage*> packed_;  ///< pieces; empty when the capture was not packed
  std::optional<ElfImage> elf_;            ///< absent: not there, or another
  std::optional<DebugInfo> debug_info_;    ///< opened when it is first needed
  bool was_opened_ = false;
};

/// "memory" for what has no name, the file name for a path, and what the kernel calls it otherwise.
std::string module_name(std::string_view path);

}  // namespace thaw
