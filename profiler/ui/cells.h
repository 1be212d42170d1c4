#pragma once
// What a lane did, per bucket of time, as the page gets it (PROTOCOL.md, "Tiles").

#include <cstdint>
#include <string>

#include "profiler/analysis/lanes.h"

namespace thaw {

inline constexpr uint32_t kBucketsPerTile = 256;
/// Buckets are 2^level ns; above this a tile would be longer than any capture can be.
inline constexpr int kMaxLevel = 54;

/// LEB128.
void append_varint(std::string& out, uint64_t value);

/// Appends the cells of `count` buckets from `first` on. The work is per bucket and not per slice.
void append_cells(std::string& out, const Lane& lane, int level, uint64_t first, uint64_t count);

}  // namespace thaw
