#pragma once
// Writes a capture file: append-only chunks (FORMAT.md), each compressed and checksummed on its
// own.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/store/event.h"
#include "profiler/store/facts.h"
#include "profiler/store/images.h"
#include "profiler/store/names.h"

namespace thaw {

/// Collects events into chunks and appends each with one write(2): whatever instant the process is
/// killed at, the file loses at most the chunk in flight and what add() still buffers (flushed when
/// a chunk is full, by flush(), at least once a second by its caller).
///
/// Used by one thread. After a failed write every later call returns the same error and the file
/// stays readable up to its last whole chunk.
class Writer {
 public:
  /// Creates `path`, which must not exist, with mode 0600, and writes the header chunk.
  ///
  /// With `last_ns` only what happened in that time before finish() stays: events are held in
  /// memory, compressed, and nothing but the header reaches the file before finish(). Who a thread
  /// is and what its process mapped stays however old it is, for threads that lived in that time;
  /// of the rest, and of stacks and strings that no kept event has, memory is freed as the
  /// recording goes on. The header's start becomes the moment from which on nothing was left out.
  static Result<Writer> create(const std::filesystem::path& path, const Header& header,
                               int64_t last_ns = 0);
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  ~Writer();

  /// Makes the file another user's: by its descriptor, since by now anything may stand at its path.
  Status give_to(uid_t user, gid_t group);

  /// Interns; equal input gives the equal id for the life of the writer. With `last_ns` an id holds
  /// for the event that is added next: what is interned again later may have another.
  StringId intern(std::string_view text);
  /// Return addresses, leaf first. Empty gives StackId 0.
  StackId intern_stack(std::span<const uint64_t> frames);

  /// Events of one CPU must come in time order as the kernel produced them; nearly ordered is also
  /// stored right, only larger.
  Status add(const Event& event);
  /// Appends them as chunks of their own, behind everything buffered.
  Status put(std::span<const Mapping> mappings);
  Status put(std::span<const KernelFunction> functions);
  Status put(std::span<const GeneratedFunction> functions);
  Status put(const NamedImage& names);
  /// Every kernel address in a stack so far: what functions are wanted for. In no order.
  std::vector<uint64_t> kernel_addresses() const;
  /// The same of user space, of whatever process.
  std::vector<uint64_t> user_addresses() const;
  /// Appends everything buffered as chunks.
  Status flush();
  /// Flushes, then appends a tally.
  Status put_tally(const Tally& tally);
  /// Flushes, appends the last tally and the ending, syncs to disk and closes. The writer is spent
  /// after it.
  Status finish(const Tally& tally, const Ending& ending);

  uint64_t bytes_written() const;
  /// Events added so far, by kind: what the file will hold.
  const std::array<uint64_t, kEventKinds>& recorded() const;
  /// Events added and left out since, by kind: older than `last_ns`. Not in recorded().
  const std::array<uint64_t, kEventKinds>& left_out() const;

 private:
  struct State;
  explicit Writer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thaw
