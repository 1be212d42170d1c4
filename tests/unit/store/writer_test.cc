// The writer: what is on disk at every moment, and what happens when the disk is full. A full disk
// is a limit on the size of files (RLIMIT_FSIZE), which write(2) meets in the same way.

#include "profiler/store/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>

#include "profiler/base/files.h"
#include "profiler/store/columns.h"
#include "profiler/store/reader.h"
#include "profiler/store/tables.h"
#include "tests/support/scratch_directory.h"

namespace thaw::test {

using testing::HasSubstr;
using testing::SizeIs;

/// Writes beyond `bytes` of any file fail while it lives.
class FullDisk {
 public:
  explicit FullDisk(uint64_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

class WriterTest : public testing::Test {
 protected:
  Writer create() {
    auto writer = Writer::create(file_, {.kernel = "6.12.48"});
    if (!writer) throw std::runtime_error(writer.error().message);
    return std::move(*writer);
  }
  Capture on_disk() const {
    auto capture = Capture::load(file_);
    if (!capture) throw std::runtime_error(capture.error().message);
    return std::move(*capture);
  }
  uint64_t size() const { return std::filesystem::file_size(file_); }

  static Event event(int64_t time_ns) {
    return {.kind = EventKind::sched_switch, .time_ns = time_ns, .tid = Tid(7), .pid = Pid(7)};
  }

  ::test::ScratchDirectory directory_;
  std::filesystem::path file_ = directory_ / "a.thaw";
};

TEST_F(WriterTest, MakesAFileThatOnlyItsOwnerReads) {
  const Writer writer = create();
  struct stat status {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(WriterTest, NeverOverwrites) {
  ASSERT_TRUE(write_file(file_, "precious"));
  const auto writer = Writer::create(file_, {});
  ASSERT_FALSE(writer);
  EXPECT_EQ(exit_code(writer.error()), 2);
  EXPECT_THAT(writer.error().message, HasSubstr("is there already"));
  EXPECT_EQ(read_file(file_).value(), "precious");
}

TEST_F(WriterTest, SaysWhereItCannotWrite) {
  const auto writer = Writer::create(directory_ / "missing/a.thaw", {});
  ASSERT_FALSE(writer);
  EXPECT_EQ(exit_code(writer.error()), 69);
  EXPECT_THAT(writer.error().message, HasSubstr("missing/a.thaw"));
}

TEST_F(WriterTest, HasTheHeaderOnDiskFromTheStart) {
  const Writer writer = create();
  EXPECT_EQ(on_disk().header().kernel, "6.12.48");
}

TEST_F(WriterTest, KeepsEventsUntilAChunkIsFullOrFlushed) {
  Writer writer = create();
  for (uint32_t i = 0; i < kMaxChunkEvents - 1; i++) ASSERT_TRUE(writer.add(event(i)));
  EXPECT_THAT(on_disk().events(), SizeIs(0));
  ASSERT_TRUE(writer.add(event(kMaxChunkEvents)));
  EXPECT_THAT(on_disk().events(), SizeIs(kMaxChunkEvents));
  ASSERT_TRUE(writer.add(event(kMaxChunkEvents + 1)));
  ASSERT_TRUE(writer.flush());
  EXPECT_THAT(on_disk().events(), SizeIs(kMaxChunkEvents + 1));
  EXPECT_EQ(writer.recorded()[static_cast<size_t>(EventKind::sched_switch)], kMaxChunkEvents + 1);
  EXPECT_EQ(writer.bytes_written(), size());
}

TEST_F(WriterTest, FlushesNothingWhenThereIsNothing) {
  Writer writer = create();
  const uint64_t before = size();
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(size(), before);
}

TEST_F(WriterTest, PutsNamesBeforeTheEventsThatUseThem) {
  Writer writer = create();
  Event e = event(1);
  e.name = writer.intern("worker");
  const uint64_t frames[] = {1, 2};
  e.kernel_stack = writer.intern_stack(frames);
  ASSERT_TRUE(writer.add(e));
  ASSERT_TRUE(writer.flush());
  // Cut off the events chunk: the names are there without it.
  const std::string bytes = read_file(file_).value();
  const auto cut = Capture::parse(std::string_view(bytes).substr(0, bytes.size() - 1), "x");
  ASSERT_TRUE(cut);
  EXPECT_THAT(cut->events(), SizeIs(0));
  EXPECT_EQ(cut->text(e.name), "worker");
  EXPECT_THAT(cut->stack(e.kernel_stack), testing::ElementsAre(1, 2));
}

TEST_F(WriterTest, InternsEqualThingsOnce) {
  Writer writer = create();
  EXPECT_EQ(writer.intern("a"), writer.intern("a"));
  EXPECT_NE(writer.intern("a"), writer.intern("b"));
  EXPECT_EQ(writer.intern(""), StringId{});
  const uint64_t frames[] = {1, 2};
  EXPECT_EQ(writer.intern_stack(frames), writer.intern_stack(frames));
  EXPECT_EQ(writer.intern_stack({}), StackId{});
}

TEST_F(WriterTest, CutsWhatIsTooLong) {
  Writer writer = create();
  const std::string text(kMaxStringBytes + 1, 'x');
  const std::vector<uint64_t> frames(kMaxStackFrames + 1, 5);
  const StringId name = writer.intern(text);
  const StackId stack = writer.intern_stack(frames);
  ASSERT_TRUE(writer.finish({}, {}));
  EXPECT_EQ(on_disk().text(name), std::string_view(text).substr(1));
  EXPECT_THAT(on_disk().stack(stack), SizeIs(kMaxStackFrames));
}

TEST_F(WriterTest, SplitsManyNamesOverChunksThatAReaderTakes) {
  Writer writer = create();
  std::vector<StackId> ids;
  for (uint64_t i = 0; i < 400; i++)
    ids.push_back(writer.intern_stack(std::vector<uint64_t>(kMaxStackFrames, i + 1)));
  std::vector<StringId> names;
  for (int i = 0; i < 40; i++)
    names.push_back(writer.intern(std::string(kMaxStringBytes, static_cast<char>('0' + i))));
  ASSERT_TRUE(writer.finish({}, {}));
  const Capture capture = on_disk();
  EXPECT_EQ(capture.damage().chunks, 0u);
  for (uint64_t i = 0; i < ids.size(); i++) {
    ASSERT_THAT(capture.stack(ids[i]), SizeIs(kMaxStackFrames));
    EXPECT_EQ(capture.stack(ids[i])[0], i + 1);
  }
  EXPECT_EQ(capture.text(names.back())[0], '0' + 39);
}

TEST_F(WriterTest, PutsWhatIsBufferedBeforeATally) {
  Writer writer = create();
  ASSERT_TRUE(writer.add(event(1)));
  Tally tally;
  tally.time_ns = 2;
  ASSERT_TRUE(writer.put_tally(tally));
  EXPECT_THAT(on_disk().events(), SizeIs(1));
  EXPECT_EQ(on_disk().tally()->time_ns, 2);
  EXPECT_FALSE(on_disk().ending());
}

TEST_F(WriterTest, EndsWithTheTallyAndTheEnding) {
  Writer writer = create();
  ASSERT_TRUE(writer.add(event(1)));
  ASSERT_TRUE(writer.finish({}, {.end_ns = 5, .reason = "duration"}));
  EXPECT_THAT(on_disk().events(), SizeIs(1));
  EXPECT_EQ(on_disk().ending()->reason, "duration");
  EXPECT_TRUE(on_disk().has_last_tally());
  EXPECT_EQ(on_disk().damage().chunks, 0u);
}

TEST_F(WriterTest, LeavesNoFileWhenNotEvenTheHeaderFits) {
  const FullDisk disk(10);
  const auto writer = Writer::create(file_, {});
  ASSERT_FALSE(writer);
  EXPECT_EQ(exit_code(writer.error()), 69);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(WriterTest, KeepsTheFileWholeWhenTheDiskIsFull) {
  Writer writer = create();
  for (int i = 0; i < 1000; i++) ASSERT_TRUE(writer.add(event(i)));
  ASSERT_TRUE(writer.flush());
  const uint64_t whole = size();
  {
    const FullDisk disk(whole + 40);  // the header of a chunk and a little of it
    for (int i = 0; i < 1000; i++) ASSERT_TRUE(writer.add(event(i * i)));
    const Status flushed = writer.flush();
    ASSERT_FALSE(flushed);
    EXPECT_EQ(exit_code(flushed.error()), 69);
    EXPECT_THAT(flushed.error().message, HasSubstr("a.thaw"));
  }
  EXPECT_EQ(size(), whole) << "the piece of a chunk is cut off again";
  EXPECT_THAT(on_disk().events(), SizeIs(1000));
  EXPECT_EQ(on_disk().damage().chunks, 0u);
}

TEST_F(WriterTest, StaysFailedAfterTheDiskWasFull) {
  Writer writer = create();
  const uint64_t whole = size();
  std::string first;
  {
    const FullDisk disk(whole);
    ASSERT_TRUE(writer.add(event(1)));
    const Status flushed = writer.flush();
    ASSERT_FALSE(flushed);
    first = flushed.error().message;
  }
  // There is room again, but a gap must not be papered over.
  EXPECT_EQ(writer.add(event(2)).error().message, first);
  EXPECT_EQ(writer.flush().error().message, first);
  EXPECT_EQ(writer.put_tally({}).error().message, first);
  EXPECT_EQ(writer.finish({}, {}).error().message, first);
  EXPECT_EQ(size(), whole);
}

TEST_F(WriterTest, ReportsAFullDiskThatInterningMet) {
  Writer writer = create();
  const FullDisk disk(size());
  for (int i = 0; i < 40; i++)
    (void)writer.intern(std::string(kMaxStringBytes, static_cast<char>('0' + i)));
  EXPECT_FALSE(writer.add(event(1)));
}

TEST_F(WriterTest, MayBeDroppedAtAnyMoment) {
  {
    Writer writer = create();
    ASSERT_TRUE(writer.add(event(1)));
    ASSERT_TRUE(writer.put_tally({}));
    ASSERT_TRUE(writer.add(event(2)));
  }
  EXPECT_THAT(on_disk().events(), SizeIs(1));
  EXPECT_EQ(on_disk().damage().chunks, 0u);
}

}  // namespace thaw::test
