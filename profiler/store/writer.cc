// The writing end: interns, fills columns, and appends a chunk whenever there is enough for one.
//
// Order in the file is what makes it safe to cut anywhere: strings and stacks go before the events
// that use them, and the header goes again before each tally, so that damage to one place never
// takes all of a fact. A chunk that cannot be written whole is cut off again: after a full disk the
// file ends with its last whole chunk.

#include "profiler/store/writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"
#include "profiler/store/columns.h"
#include "profiler/store/facts_coding.h"
#include "profiler/store/kept_end.h"
#include "profiler/store/layout.h"
#include "profiler/store/tables.h"

namespace thaw {
namespace {

// Strings and stacks are written with the next events chunk, or when this much of them waits.
constexpr size_t kPendingStringBytes = 1024 * 1024;
static_assert(kPendingStringBytes + kMaxStringBytes < kMaxPayloadBytes / 2);
constexpr uint64_t kPendingFrames = kMaxChunkFrames - 2 * kMaxStackFrames;

/// In the stacks of one era.
struct Addresses {
  boost::unordered_flat_set<uint64_t> kernel;
  boost::unordered_flat_set<uint64_t> user;
};

std::vector<uint64_t> joined(const std::map<uint64_t, Addresses>& eras,
                             boost::unordered_flat_set<uint64_t> Addresses::*part) {
  boost::unordered_flat_set<uint64_t> all;
  for (const auto& [era, addresses] : eras)
    all.insert((addresses.*part).begin(), (addresses.*part).end());
  return {all.begin(), all.end()};
}

/// The kernel's own counts of switches cover the whole recording: nothing to compare them with.
Tally of_what_stayed(Tally tally, const std::array<uint64_t, kEventKinds>& left_out) {
  for (size_t kind = 0; kind < left_out.size(); kind++)
    tally.happened[kind] -= std::min(tally.happened[kind], left_out[kind]);
  tally.switches.clear();
  return tally;
}

}  // namespace

struct Writer::State {
  std::filesystem::path path;
  UniqueFd fd;
  Header facts;
  std::string header;           ///< encoded, to be repeated
  std::optional<KeptEnd> kept;  ///< while chunks are held back
  std::array<uint64_t, kEventKinds> left_out{};
  EventsInChunk filling;  ///< what `events` holds
  /// While chunks are held back: of this era, by id.
  boost::unordered_flat_map<uint32_t, std::string> texts;
  ChunkSealer sealer;
  EventEncoder events;
  Interner string_ids;
  Interner stack_ids;
  PendingStrings strings;
  PendingStacks stacks;
  std::map<uint64_t, Addresses> addresses{{0, {}}};  ///< by era; of one without KeptEnd
  uint64_t era = 0;
  std::array<uint64_t, kEventKinds> recorded{};
  uint64_t bytes = 0;
  std::optional<Error> failure;  ///< the first one; nothing is written after it

  Status append(ChunkType type, std::string_view payload);
  Status write_chunk(std::string_view chunk);
  StringId intern(std::string_view text);
  void leave_out_old();
  void count_left_out();
  Status let_go();
  Status append_tasks(const TaskHistory& tasks);
  Status append_pending();
  Status append_all();
  Status append_tally(const Tally& tally);
  template <class Image>
  Status append_images(ChunkType type, std::span<const Image> images);
  Status fail_with(Error error);
};

Status Writer::State::fail_with(Error error) {
  failure = std::move(error);
  return std::unexpected(*failure);
}

Status Writer::State::append(ChunkType type, std::string_view payload) {
  if (failure) return std::unexpected(*failure);
  const std::string_view chunk = sealer.seal(type, payload);
  if (!kept) return write_chunk(chunk);
  // Of headers and tallies only the last ones count.
  if (type != ChunkType::header && type != ChunkType::tally) kept->hold(type, chunk, filling);
  return {};
}

/// Nothing may be pending.
void Writer::State::leave_out_old() {
  kept->leave_out_old();
  addresses.erase(addresses.begin(), addresses.lower_bound(kept->oldest_era()));
  count_left_out();
  if (!kept->begin_era()) return;
  era = kept->era();
  addresses[era];
  string_ids.forget();
  stack_ids.forget();
  texts = decltype(texts)();
}

void Writer::State::count_left_out() {
  for (size_t kind = 0; kind < recorded.size(); kind++) {
    recorded[kind] -= kept->left_out()[kind] - left_out[kind];
    left_out[kind] = kept->left_out()[kind];
  }
}

/// Beyond this point nothing is held back.
Status Writer::State::let_go() {
  if (!kept) return {};
  TRY(append_all());
  kept->forget_tasks();
  count_left_out();
  KeptEnd end = *std::exchange(kept, std::nullopt);
  if (end.complete_from_ns() > facts.start_ns) {
    facts.start_unix_ns += end.complete_from_ns() - facts.start_ns;
    facts.start_ns = end.complete_from_ns();
  }
  header = encode(facts);
  if (::ftruncate(fd.get(), 0) != 0 || ::lseek(fd.get(), 0, SEEK_SET) != 0)
    return fail_with(fail_errno(errno, fmt::format("cannot write {}", path.string())).error());
  bytes = 0;
  sealer.restart();
  TRY(append(ChunkType::header, header));
  for (KeptEnd::Chunk& chunk : end.chunks()) {
    sealer.renumber(chunk.bytes);
    TRY(write_chunk(chunk.bytes));
  }
  return append_tasks(end.tasks());
}

Status Writer::State::append_tasks(const TaskHistory& tasks) {
  for (const TaskHistory::Named& one : tasks.events()) {
    Event event = one.event;
    event.name = intern(one.name);
    events.add(event);
    if (events.is_full()) TRY(append_all());
  }
  return append_images(ChunkType::mappings, tasks.mappings());
}

Status Writer::State::write_chunk(std::string_view chunk) {
  if (Status written = write_all(fd.get(), chunk); !written) {
    // Best effort: a piece of a chunk at the end is damage that a reader copes with.
    [[maybe_unused]] const int cut = ::ftruncate(fd.get(), static_cast<off_t>(bytes));
    return fail_with(with_context(std::move(written).error(), path.string()));
  }
  bytes += chunk.size();
  return {};
}

Status Writer::State::append_pending() {
  if (!strings.is_empty()) TRY(append(ChunkType::strings, strings.take()));
  if (!stacks.is_empty()) TRY(append(ChunkType::stacks, stacks.take()));
  return {};
}

Status Writer::State::append_all() {
  if (failure) return std::unexpected(*failure);
  TRY(append_pending());
  if (events.size() > 0) TRY(append(ChunkType::events, events.take()));
  filling = {};
  if (kept) leave_out_old();
  return {};
}

Status Writer::State::append_tally(const Tally& tally) {
  TRY(append_all());
  TRY(append(ChunkType::header, header));
  return append(ChunkType::tally, encode(tally));
}

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() = default;

Result<Writer> Writer::create(const std::filesystem::path& path, const Header& header,
                              int64_t last_ns) {
  auto state = std::make_unique<State>();
  state->facts = header;
  state->path = path;
  state->fd.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!state->fd.is_valid() && errno == EEXIST)
    return fail(ErrorKind::User, "{} is there already; choose another name", path.string());
  if (!state->fd.is_valid())
    return fail_errno(errno, fmt::format("cannot create {}", path.string()));
  state->header = encode(header);
  if (Status written = state->append(ChunkType::header, state->header); !written) {
    ::unlink(path.c_str());
    return std::unexpected(std::move(written).error());
  }
  if (last_ns != 0) state->kept.emplace(last_ns, header.start_ns);
  return Writer(std::move(state));
}

Status Writer::give_to(uid_t user, gid_t group) {
  if (::fchown(state_->fd.get(), user, group) != 0)
    return fail_errno(errno, fmt::format("cannot give the file to user {}", user));
  return {};
}

StringId Writer::intern(std::string_view text) {
  return state_->intern(text);
}

StringId Writer::State::intern(std::string_view text) {
  text = text.substr(0, kMaxStringBytes);
  if (text.empty()) return StringId{};
  const auto found = string_ids.intern(text.data(), text.size());
  if (found.is_new) {
    strings.add(found.id, text);
    if (kept) texts.try_emplace(found.id, text);
    // A failure to write stays in the state: the caller's next add() or flush() returns it.
    if (strings.bytes() >= kPendingStringBytes) (void)append_pending();
  }
  return StringId(found.id);
}

StackId Writer::intern_stack(std::span<const uint64_t> frames) {
  frames = frames.first(std::min(frames.size(), kMaxStackFrames));
  if (frames.empty()) return StackId{};
  State& state = *state_;
  const auto found = state.stack_ids.intern(frames.data(), frames.size_bytes());
  if (found.is_new) {
    state.stacks.add(found.id, frames);
    Addresses& addresses = state.addresses[state.era];
    for (const uint64_t frame : frames)
      (is_kernel_address(frame) ? addresses.kernel : addresses.user).insert(frame);
    if (state.stacks.frames() >= kPendingFrames) (void)state.append_pending();
  }
  return StackId(found.id);
}

Status Writer::add(const Event& event) {
  State& state = *state_;
  if (state.failure) return std::unexpected(*state.failure);
  const auto kind = static_cast<size_t>(event.kind);
  CHECK(kind > 0 && kind < state.recorded.size(), "kind {}", kind);
  state.recorded[kind]++;
  if (state.kept && TaskHistory::is_of(event.kind)) {
    const auto name = state.texts.find(event.name.value);
    state.kept->tasks().add(event, name == state.texts.end() ? std::string_view{} : name->second);
    return state.kept->tasks().is_due() ? state.append_all() : Status{};
  }
  state.filling.by_kind[kind]++;
  state.filling.oldest_ns = std::min(state.filling.oldest_ns, event.time_ns);
  state.filling.newest_ns = std::max(state.filling.newest_ns, event.time_ns);
  state.events.add(event);
  return state.events.is_full() ? state.append_all() : Status{};
}

Status Writer::flush() {
  return state_->append_all();
}

template <class Image>
Status Writer::State::append_images(ChunkType type, std::span<const Image> images) {
  TRY(append_all());
  for (; !images.empty(); images = images.subspan(std::min(images.size(), kMaxImagesPerChunk)))
    TRY(append(type, encode(images.first(std::min(images.size(), kMaxImagesPerChunk)))));
  return {};
}

Status Writer::put(std::span<const Mapping> mappings) {
  if (state_->kept) {
    state_->kept->tasks().add(mappings);
    return {};
  }
  return state_->append_images(ChunkType::mappings, mappings);
}

Status Writer::put(std::span<const KernelFunction> functions) {
  return state_->append_images(ChunkType::functions, functions);
}

Status Writer::put(std::span<const GeneratedFunction> functions) {
  return state_->append_images(ChunkType::generated, functions);
}

Status Writer::put(const NamedImage& names) {
  TRY(state_->append_all());
  return state_->append(ChunkType::names, encode(names));
}

std::vector<uint64_t> Writer::kernel_addresses() const {
  return joined(state_->addresses, &Addresses::kernel);
}

std::vector<uint64_t> Writer::user_addresses() const {
  return joined(state_->addresses, &Addresses::user);
}

Status Writer::put_tally(const Tally& tally) {
  return state_->append_tally(tally);
}

Status Writer::finish(const Tally& tally, const Ending& ending) {
  State& state = *state_;
  const bool is_window = state.kept.has_value();
  TRY(state.let_go());
  TRY(state.append_tally(is_window ? of_what_stayed(tally, state.left_out) : tally));
  TRY(state.append(ChunkType::ending, encode(ending)));
  if (::fsync(state.fd.get()) != 0 && errno != EINVAL && errno != EROFS) {
    return state.fail_with(
        fail_errno(errno, fmt::format("cannot sync {}", state.path.string())).error());
  }
  if (::close(state.fd.release()) != 0) {
    return state.fail_with(
        fail_errno(errno, fmt::format("cannot close {}", state.path.string())).error());
  }
  return {};
}

uint64_t Writer::bytes_written() const {
  return state_->bytes;
}

const std::array<uint64_t, kEventKinds>& Writer::left_out() const {
  return state_->left_out;
}

const std::array<uint64_t, kEventKinds>& Writer::recorded() const {
  return state_->recorded;
}

}  // namespace thaw
