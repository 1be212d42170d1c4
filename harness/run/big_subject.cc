// An initramfs is copied by QEMU, unpacked by the kernel and then lies in the guest's memory for
// good: at 20 MiB that is a tenth of a second of boot, at 200 MiB it is most of a small guest. On a
// disk only what is touched is read.

#include "harness/run/big_subject.h"

#include "harness/provision/disk.h"

namespace lab {

namespace {

constexpr uintmax_t kMostInInitramfs = 20 << 20;

/// The load runs outside of the subject's root, from the initramfs.
bool is_of_load(const GuestPlan& plan, const GuestFile& file) {
  return !plan.agent.workload.empty() && file.path == plan.agent.workload.front();
}

std::vector<GuestFile> files_of_subject(const GuestPlan& plan) {
  std::vector<GuestFile> files;
  for (const GuestFile& file : plan.files)
    if (!file.source.empty() && !is_of_load(plan, file)) files.push_back(file);
  return files;
}

}  // namespace

thaw::Result<std::filesystem::path> disk_of_subject(const GuestPlan& plan,
                                                    const std::filesystem::path& cache) {
  const std::vector<GuestFile> files = files_of_subject(plan);
  if (!plan.agent.root.empty() || size_of(files) <= kMostInInitramfs)
    return std::filesystem::path();
  return disk_of_files(files, cache);
}

void move_to_disk(GuestPlan& plan) {
  std::erase_if(plan.files, [&](const GuestFile& file) {
    return !file.source.empty() && !is_of_load(plan, file);
  });
  plan.agent.root = kUserland;
}

}  // namespace lab
