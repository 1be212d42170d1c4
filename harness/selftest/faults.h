#pragma once
// What the self-test does to the host's side of a run. Real signals, a real full disk, real load.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "harness/run/progress.h"
#include "harness/selftest/check.h"

namespace lab {

/// Watches a run's progress and does the check's damage a second into the load. Given to execute()
/// in place of `shown`, to which it passes everything on and which must outlive it.
class Saboteur : public Progress {
 public:
  Saboteur(HostFault fault, std::filesystem::path directory, Progress& shown)
      : fault_(fault), directory_(std::move(directory)), shown_(shown) {}
  ~Saboteur() override;

  void stage(std::string_view name) override { shown_.stage(name); }
  void machine(int pid) override;
  void heartbeat(double load_s) override;
  void retry(std::string_view reason) override { shown_.retry(reason); }

 private:
  void act();

  HostFault fault_;
  std::filesystem::path directory_;
  Progress& shown_;
  int qemu_ = 0;
  bool done_ = false;
  std::jthread later_;
};

/// What is done to files when the guest is gone and nothing has been judged.
thaw::Status spoil_files(HostFault fault, const Evidence& evidence);

/// Processes that do nothing but run, each in a session of its own, until destroyed; they end with
/// the thread that made them.
class BusyHost {
 public:
  explicit BusyHost(int per_cpu);
  ~BusyHost();
  BusyHost(const BusyHost&) = delete;
  BusyHost& operator=(const BusyHost&) = delete;

 private:
  std::vector<pid_t> processes_;
};

/// A small disk of its own under a directory, which is made. Needs root.
class SmallDisk {
 public:
  static thaw::Result<SmallDisk> mount(const std::filesystem::path& directory);
  SmallDisk(SmallDisk&& other) noexcept : directory_(std::exchange(other.directory_, {})) {}
  ~SmallDisk();

  /// Puts its files where it was mounted, and it is gone.
  thaw::Status release();

 private:
  explicit SmallDisk(std::filesystem::path directory) : directory_(std::move(directory)) {}
  std::filesystem::path directory_;  ///< empty: gone
};

}  // namespace lab
