// Puts the subject's map in the place of one of bpf/probe.bpf.c's own before that object is loaded:
// its type and sizes are then those of the map, and the verifier checks the probe against them.

#include "harness/agent/map_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "harness/agent/bpf/nmi.h"
#include "probe.skel.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

std::optional<probe_family> family_of(uint32_t type) {
  switch (type) {
    case BPF_MAP_TYPE_RINGBUF:
      return PROBE_RING;
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_LRU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH:
    case BPF_MAP_TYPE_LPM_TRIE:
      return PROBE_TABLE;
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK:
      return PROBE_LINE;
    case BPF_MAP_TYPE_STACK_TRACE:
      return PROBE_STACKS;
    case BPF_MAP_TYPE_TASK_STORAGE:
      return PROBE_STORAGE;
    default:
      return std::nullopt;
  }
}

/// The probe's own map of the family; the subject's takes its place.
bpf_map* place_for(probe_bpf* skeleton, probe_family family) {
  const std::array<std::pair<probe_family, bpf_map*>, 5> places{
      {{PROBE_RING, skeleton->maps.ring},
       {PROBE_TABLE, skeleton->maps.table},
       {PROBE_LINE, skeleton->maps.line},
       {PROBE_STACKS, skeleton->maps.stacks},
       {PROBE_STORAGE, skeleton->maps.storage}}};
  bpf_map* found = nullptr;
  for (const auto& [known, map] : places) {
    bpf_map__set_autocreate(map, known == family);
    if (known == family) found = map;
  }
  return found;
}

/// Keys that no subject is likely to have: patterns, for a trie with a whole prefix.
void fill_keys(probe_key (&keys)[PROBE_KEYS], const thaw::AuditedMap& map) {
  for (uint32_t i = 0; i < PROBE_KEYS; i++) {
    std::memset(keys[i].bytes, 0xa5, sizeof keys[i].bytes);
    const bool is_trie = map.type == BPF_MAP_TYPE_LPM_TRIE;
    keys[i].bytes[is_trie ? 4 : 0] = static_cast<uint8_t>(0x80 + i);
    const uint32_t bits = (map.key_bytes - 4) * 8;
    if (is_trie) std::memcpy(keys[i].bytes, &bits, sizeof bits);
  }
}

}  // namespace

void MapProbe::Close::operator()(probe_bpf* skeleton) const {
  probe_bpf__destroy(skeleton);
}

MapProbe::MapProbe(probe_bpf* skeleton, thaw::UniqueFd map, uint32_t key_bytes)
    : skeleton_(skeleton), map_(std::move(map)), key_bytes_(key_bytes) {}
MapProbe::MapProbe(MapProbe&&) noexcept = default;
MapProbe::~MapProbe() = default;

Result<MapProbe> MapProbe::attach(const thaw::AuditedMap& map) {
  const auto family = family_of(map.type);
  if (!family)
    return fail(ErrorKind::User, "there is no probe for a {}", thaw::map_type_name(map.type));
  const bool has_keys = *family == PROBE_TABLE;
  if (has_keys && (map.key_bytes > PROBE_KEY_BYTES || map.value_bytes > PROBE_VALUE_BYTES))
    return fail(ErrorKind::User, "its elements are too large for the probe ({} and {} bytes)",
                map.key_bytes, map.value_bytes);
  thaw::UniqueFd fd(bpf_map_get_fd_by_id(map.id));
  if (!fd.is_valid()) return thaw::fail_errno(errno, "cannot open the map");
  MapProbe probe(probe_bpf__open(), std::move(fd), has_keys ? map.key_bytes : 0);
  if (!probe.skeleton_) return thaw::fail_errno(errno, "cannot open the probe");
  probe_bpf& skeleton = *probe.skeleton_;
  skeleton.rodata->family = *family;
  bpf_map__reuse_fd(place_for(&skeleton, *family), probe.map_.get());
  if (const int error = probe_bpf__load(&skeleton); error != 0)
    return thaw::fail_errno(-error, "the kernel refuses the probe");
  fill_keys(skeleton.bss->keys, map);
  probe.refresh();
  skeleton.links.probe = bpf_program__attach(skeleton.progs.probe);
  if (!skeleton.links.probe) return thaw::fail_errno(errno, "cannot attach the probe");
  return probe;
}

void MapProbe::refresh() {
  if (key_bytes_ == 0) return;
  uint8_t key[PROBE_KEY_BYTES];
  uint8_t next[PROBE_KEY_BYTES];
  bool is_first = true;
  // Even places are the map's own keys. One that is written while the probe reads it is a key that
  // is not there, which does no harm.
  for (uint32_t place = 0; place < PROBE_KEYS; place += 2) {
    if (bpf_map_get_next_key(map_.get(), is_first ? nullptr : key, next) != 0) {
      if (is_first) return;  // empty
      is_first = true;       // few keys: go round, so that every place has one
      if (bpf_map_get_next_key(map_.get(), nullptr, next) != 0) return;
    }
    is_first = false;
    std::memcpy(key, next, key_bytes_);
    std::memcpy(skeleton_->bss->keys[place].bytes, key, key_bytes_);
  }
}

uint64_t MapProbe::runs() const {
  uint64_t sum = 0;
  for (const probe_cpu& cpu : skeleton_->bss->cpus) sum += cpu.runs;
  return sum;
}

uint64_t MapProbe::refused() const {
  uint64_t sum = 0;
  for (const probe_cpu& cpu : skeleton_->bss->cpus) sum += cpu.refused;
  return sum;
}

}  // namespace lab
