// The objects, each with the plainest calls that make a thread wait for it. A turn is eight bytes
// where it is bytes: what an eventfd takes, and the others do not mind.

#include "workloads/waits/kinds.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "workloads/workload.h"

namespace waits {
namespace {

constexpr char kProgram[] = "waits";
constexpr size_t kPageBytes = 4096;

void do_nothing(Channel&) {}

// Bytes through a descriptor.

void open_pipe(Channel& channel) {
  int ends[2];
  if (pipe(ends) != 0) workload::give_up(kProgram, "cannot make a pipe");
  channel.read_fd = ends[0];
  channel.write_fd = ends[1];
}

void open_eventfd(Channel& channel) {
  channel.read_fd = channel.write_fd = eventfd(0, EFD_CLOEXEC);
  if (channel.read_fd < 0) workload::give_up(kProgram, "cannot make an eventfd");
}

void open_socket(Channel& channel) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
    workload::give_up(kProgram, "cannot make a socket pair");
  channel.read_fd = ends[0];
  channel.write_fd = ends[1];
}

void give_bytes(Channel& channel) {
  const uint64_t turn = 1;
  while (write(channel.write_fd, &turn, sizeof turn) < 0 && errno == EINTR) {
  }
}

void take_bytes(Channel& channel) {
  uint64_t turn = 0;
  while (read(channel.read_fd, &turn, sizeof turn) < 0 && errno == EINTR) {
  }
}

void take_after_poll(Channel& channel) {
  pollfd one{channel.read_fd, POLLIN, 0};
  while (poll(&one, 1, -1) < 0 && errno == EINTR) {
  }
  take_bytes(channel);
}

void open_epoll(Channel& channel) {
  open_pipe(channel);
  channel.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {}};
  if (channel.epoll_fd < 0 ||
      epoll_ctl(channel.epoll_fd, EPOLL_CTL_ADD, channel.read_fd, &event) != 0)
    workload::give_up(kProgram, "cannot make an epoll");
}

void take_after_epoll(Channel& channel) {
  epoll_event event{};
  while (epoll_wait(channel.epoll_fd, &event, 1, -1) < 0 && errno == EINTR) {
  }
  take_bytes(channel);
}

// Words in memory.

void give_futex(Channel& channel) {
  channel.word = 1;
  syscall(SYS_futex, &channel.word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void take_futex(Channel& channel) {
  while (channel.word.exchange(0) == 0)
    syscall(SYS_futex, &channel.word, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
}

// Signals; SIGUSR2 is blocked everywhere, so it waits until it is taken.

void give_signal(Channel& channel) {
  while (channel.taker == 0) sched_yield();
  syscall(SYS_tgkill, getpid(), channel.taker.load(), SIGUSR2);
}

void take_signal(Channel& channel) {
  channel.taker = gettid();
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  while (sigwaitinfo(&set, nullptr) < 0 && errno == EINTR) {
  }
}

// Time, and children.

void sleep_a_moment(Channel&) {
  const timespec moment{0, 200'000};
  nanosleep(&moment, nullptr);
}

// A child that shares the memory: a copy of it would be waited for page by page, here and in the
// other thread. Taking a dead child away can wait for locks of the kernel's: it is no part of the
// wait.

constexpr size_t kStackBytes = 64 * 1024;

void open_children(Channel& channel) {
  channel.memory =
      mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (channel.memory == MAP_FAILED) workload::give_up(kProgram, "cannot make a stack");
}

int end_at_once(void*) {
  syscall(SYS_exit, 0);
  return 0;
}

void start_a_child(Channel& channel) {
  if (channel.child != 0) waitpid(channel.child, nullptr, 0);
  channel.child = clone(end_at_once, static_cast<char*>(channel.memory) + kStackBytes,
                        CLONE_VM | SIGCHLD, nullptr);
  if (channel.child < 0) workload::give_up(kProgram, "cannot start a child");
}

void wait_for_the_child(Channel& channel) {
  siginfo_t death;
  while (waitid(P_PID, static_cast<id_t>(channel.child), &death, WEXITED | WNOWAIT) < 0 &&
         errno == EINTR) {
  }
}

// Memory that is not there: the first touches a page, the second is told of it and brings it.

void open_faults(Channel& channel) {
  channel.memory =
      mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  channel.read_fd = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
  if (channel.memory == MAP_FAILED || channel.read_fd < 0)
    workload::give_up(kProgram, "cannot make a userfaultfd");
  uffdio_api api{.api = UFFD_API, .features = 0, .ioctls = 0};
  uffdio_register all{};
  all.range = {reinterpret_cast<uintptr_t>(channel.memory), kPageBytes};
  all.mode = UFFDIO_REGISTER_MODE_MISSING;
  if (ioctl(channel.read_fd, UFFDIO_API, &api) != 0 ||
      ioctl(channel.read_fd, UFFDIO_REGISTER, &all) != 0)
    workload::give_up(kProgram, "cannot watch memory");
}

void touch_page(Channel& channel) {
  madvise(channel.memory, kPageBytes, MADV_DONTNEED);
  static_cast<void>(*static_cast<volatile char*>(channel.memory));
}

void bring_page(Channel& channel) {
  constexpr int kLookUpMs = 50;  // the other may have ended, and will touch nothing any more
  pollfd touched{channel.read_fd, POLLIN, 0};
  if (poll(&touched, 1, kLookUpMs) <= 0) return;
  uffd_msg message{};
  if (read(channel.read_fd, &message, sizeof message) != sizeof message) return;
  uffdio_zeropage page{};
  page.range = {reinterpret_cast<uintptr_t>(channel.memory), kPageBytes};
  ioctl(channel.read_fd, UFFDIO_ZEROPAGE, &page);
}

// One file that both write: whoever has its lock makes the other wait, on its own or when the
// kernel takes the CPU away from it.

constexpr size_t kFileBytes = 4 << 20;
int file_of_both = -1;
char* bytes_of_both = nullptr;

void open_file(Channel&) {
  if (bytes_of_both != nullptr) return;
  file_of_both = memfd_create("waits", MFD_CLOEXEC);
  if (file_of_both < 0) workload::give_up(kProgram, "cannot make a file in memory");
  bytes_of_both = new char[kFileBytes]();
}

void write_the_file(Channel&) {
  while (pwrite(file_of_both, bytes_of_both, kFileBytes, 0) < 0 && errno == EINTR) {
  }
}

// A file, past the cache.

void open_disk(Channel& channel) {
  constexpr char kPath[] = "waits.tmp";
  channel.read_fd = open(kPath, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_DIRECT, 0600);
  unlink(kPath);
  channel.memory =
      mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (channel.read_fd < 0 || channel.memory == MAP_FAILED ||
      pwrite(channel.read_fd, channel.memory, kPageBytes, 0) != kPageBytes)
    workload::give_up(kProgram, "cannot write ./waits.tmp past the cache; is it on a disk?");
}

void read_disk(Channel& channel) {
  while (pread(channel.read_fd, channel.memory, kPageBytes, 0) < 0 && errno == EINTR) {
  }
}

constexpr Kind kKinds[] = {
    {"pipe", "pipe", true, true, open_pipe, do_nothing, give_bytes, take_bytes},
    {"eventfd", "pipe", true, true, open_eventfd, do_nothing, give_bytes, take_bytes},
    {"socket", "socket", true, true, open_socket, do_nothing, give_bytes, take_bytes},
    {"futex", "futex", true, true, do_nothing, do_nothing, give_futex, take_futex},
    {"poll", "poll", true, true, open_pipe, do_nothing, give_bytes, take_after_poll},
    {"epoll", "poll", true, true, open_epoll, do_nothing, give_bytes, take_after_epoll},
    {"signal", "signal", true, true, do_nothing, do_nothing, give_signal, take_signal},
    {"timer", "sleep", false, true, do_nothing, do_nothing, do_nothing, sleep_a_moment},
    {"child", "child", false, true, open_children, start_a_child, do_nothing, wait_for_the_child},
    {"kernel-lock", "kernel lock", true, true, open_file, do_nothing, do_nothing, write_the_file},
    {"disk", "disk", false, true, open_disk, do_nothing, do_nothing, read_disk},
    {"page-fault", "page fault", true, false, open_faults, do_nothing, bring_page, touch_page},
};

}  // namespace

const Kind* find_kind(const char* name) {
  for (const Kind& kind : kKinds)
    if (strcmp(kind.name, name) == 0) return &kind;
  return nullptr;
}

const Kind* default_kind() {
  return kKinds;
}

}  // namespace waits
