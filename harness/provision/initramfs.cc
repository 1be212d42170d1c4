// Two cpio archives, one after the other; the kernel unpacks both into the same root. The first
// holds what changes with kernel and agent alone and is kept; the second is made for each run.
//
// The key of the first is the digest of all that goes into it, so there is nothing to invalidate: a
// rebuilt agent or another kernel has another key. Its own digest lies beside it, because a damaged
// one would not fail here but as a guest that does not boot. Reading and checking it takes a few
// milliseconds; making it means unpacking modules.
//
// Nothing is compressed: QEMU copies a few MiB faster than a guest under TCG unpacks them.

#include "harness/provision/initramfs.h"

#include <chrono>
#include <map>
#include <mutex>

#include "harness/provision/archive.h"
#include "harness/provision/cache.h"
#include "harness/provision/digest.h"
#include "harness/provision/modules.h"
#include "profiler/base/files.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

// Part of the key: counts up when the same input shall give another archive.
constexpr int kLayout = 1;
// As images/README.md says; what is used is touched.
constexpr auto kUnusedLife = std::chrono::hours(7 * 24);

struct Module {
  std::string path;    ///< relative to the kernel's modules
  std::string guest;   ///< "/modules/virtio_blk.ko"
  std::string sha256;  ///< of the file as it is on disk
};

thaw::Result<std::vector<Module>> choose_modules(const KernelImage& kernel,
                                                 const std::vector<std::string>& names) {
  std::vector<Module> modules;
  const auto order = modules_to_load(kernel.modules, names);
  if (!order) return std::unexpected(with_context(order.error(), kernel.ref.release));
  if (order->empty()) return modules;
  const ModuleSums sums = TRY(ModuleSums::of(kernel));
  for (const std::string& path : *order) {
    TRY(sums.check(path));
    modules.push_back({path, fmt::format("/modules/{}.ko", module_name(path)),
                       TRY(sha256_of_file(kernel.modules / path))});
  }
  return modules;
}

std::string order_text(const std::vector<Module>& modules) {
  std::string text;
  for (const Module& module : modules) text += module.guest + "\n";
  return text;
}

/// In both archives: the kernel sets a directory's mode anew each time an archive names it, and the
/// writer would name /tmp with 0755 as the parent of a file in it.
void add_directories(CpioWriter& writer) {
  for (const char* path : {"/dev", "/proc", "/sys", "/run"}) writer.add_directory(path);
  writer.add_directory("/tmp", 01777);
}

thaw::Result<std::string> make_base(const KernelImage& kernel, const fs::path& agent,
                                    const std::vector<Module>& modules) {
  CpioWriter writer;
  add_directories(writer);
  // Documentation/admin-guide/devices.txt: 5,1 and 1,3. The kernel opens /dev/console for /init.
  writer.add_character_device("/dev/console", 5, 1, 0600);
  writer.add_character_device("/dev/null", 1, 3, 0666);
  writer.add_file("/init", TRY(thaw::read_file(agent)), 0755);
  writer.add_file("/modules.order", order_text(modules), 0644);
  writer.add_directory("/modules");
  for (const Module& module : modules)
    writer.add_file(module.guest, TRY(decompressed(kernel.modules / module.path)), 0644);
  return writer.finish();
}

fs::path sum_file(const fs::path& base) {
  return base.string() + ".sha256";
}

/// The kept archive, when there is one and it is whole.
std::optional<std::string> take_kept(const fs::path& base) {
  auto content = thaw::read_file(base);
  const auto sum = thaw::read_file(sum_file(base));
  if (!content || !sum || sha256_of(*content) != *sum) return std::nullopt;
  std::error_code ignored;
  for (const fs::path& file : {base, sum_file(base)})
    fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);
  return std::move(*content);
}

void sweep(const fs::path& directory) {
  std::error_code ignored;
  const auto oldest = fs::file_time_type::clock::now() - kUnusedLife;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const auto used = entry.last_write_time(ignored);
    if (!ignored && used < oldest) fs::remove(entry.path(), ignored);
  }
}

thaw::Status keep(const fs::path& base, const std::string& content) {
  std::error_code error;
  fs::create_directories(base.parent_path(), error);
  if (error)
    return thaw::fail(ErrorKind::Environment, "cannot create {}: {}", base.parent_path().string(),
                      error.message());
  sweep(base.parent_path());
  TRY(thaw::write_file(base, content));
  return thaw::write_file(sum_file(base), sha256_of(content));
}

thaw::Result<std::string> base_archive(const KernelImage& kernel, const InitramfsSpec& spec,
                                       const std::vector<Module>& modules) {
  if (spec.cache.empty()) return make_base(kernel, spec.agent, modules);
  std::string parts = fmt::format("{}\nagent {}\n", kLayout, TRY(sha256_of_file(spec.agent)));
  for (const Module& module : modules) parts += fmt::format("{} {}\n", module.guest, module.sha256);
  const fs::path base = spec.cache / (sha256_of(parts) + ".cpio");
  // Threads of one process would share write_file()'s temporary name; processes do not.
  static std::mutex mutex;
  const std::lock_guard guard(mutex);
  if (auto kept = take_kept(base)) return std::move(*kept);
  std::string made = TRY(make_base(kernel, spec.agent, modules));
  TRY(keep(base, made));
  return made;
}

thaw::Result<std::string> content_of(const GuestFile& file) {
  if (file.source.empty()) return file.content;
  std::error_code error;
  if (!fs::is_regular_file(file.source, error))
    return thaw::fail(ErrorKind::User, "there is no file {} to put into the guest",
                      file.source.string());
  return thaw::read_file(file.source);
}

thaw::Status check_path(const GuestFile& file) {
  const fs::path path(file.path);
  if (!path.is_absolute() || path.lexically_normal() != path || !path.has_filename())
    return thaw::fail(ErrorKind::User, "\"{}\" is not an absolute path of a file in the guest",
                      file.path);
  return {};
}

thaw::Result<std::string> files_archive(const std::vector<GuestFile>& files) {
  CpioWriter writer;
  add_directories(writer);
  std::map<std::string, const GuestFile*> seen;
  for (const GuestFile& file : files) {
    TRY(check_path(file));
    const auto [place, is_new] = seen.emplace(file.path, &file);
    // Programs share libraries, so the same file often comes twice.
    const GuestFile& other = *place->second;
    if (!is_new && other.source == file.source && other.content == file.content) continue;
    if (!is_new)
      return thaw::fail(ErrorKind::User, "two different files would be {} in the guest", file.path);
    writer.add_file(file.path, TRY(content_of(file)), file.mode);
  }
  return writer.finish();
}

}  // namespace

thaw::Result<Initramfs> build_initramfs(const KernelImage& kernel, const InitramfsSpec& spec,
                                        const fs::path& out) {
  const std::vector<Module> modules = TRY(choose_modules(kernel, spec.modules));
  std::string bytes = TRY(base_archive(kernel, spec, modules));
  bytes += TRY(files_archive(spec.files));
  TRY(thaw::write_file(out, bytes));
  Initramfs built{.file = out, .size_bytes = bytes.size()};
  for (const Module& module : modules) built.modules.push_back(module.guest);
  return built;
}

}  // namespace lab
