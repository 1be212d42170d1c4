// interrupts: timers that expire thousands of times a second and packets that go round, while a
// thread that knows its CPU time works.
//
// Of a timerfd the kernel says how often it expired: what a thread has read is what it was woken
// for, however late. A POSIX timer says as much by the signals that it sent and those that it could
// not. Packets go over the loopback device, which delivers them in the context of an interrupt. The
// thread that works is what all this interrupts.

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include <string>

#include "workloads/burn.h"
#include "workloads/crew.h"
#include "workloads/options.h"
#include "workloads/truth.h"

WORKLOAD_BURNER(interrupted_work, 0xbf58476d1ce4e5b9)

namespace {

constexpr char kProgram[] = "interrupts";

constexpr char kHelp[] =
    R"(interrupts: timers that expire all the time and packets that go round, under a thread that works

  --timers N     timerfds, each with a thread that reads it (default 2)
  --posix N      POSIX timers, each with a thread that waits for its signal (default 1)
  --rate HZ      of each timer (default 2000)
  --packets HZ   packets over the loopback device in a second (default 2000; 0: none)
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT or --seconds, then prints its truth as one line of JSON: how often the timers expired, how many
packets there were, the CPU time of the thread that worked. workloads/README.md describes the fields.
)";

struct Options {
  int timers = 2;
  int posix = 1;
  double rate_hz = 2000;
  double packets_hz = 2000;
  double seconds = 0;
};

struct Worker {
  const Options* options = nullptr;
  workload::Crew* crew = nullptr;
  void (*work)(Worker&) = nullptr;
  std::string name;
  /// What it waits for; null: nothing of its waits is claimed.
  const char* reason = nullptr;
  int socket = -1;
  int64_t waits = 0;
  int64_t expirations = 0;
  int64_t overruns = 0;  ///< of them, those for which there was no signal of their own
  int64_t packets = 0;
  workload::Slices slices;
  workload::ThreadCounts counts;
};

itimerspec every(double rate_hz) {
  const auto period_ns = static_cast<int64_t>(1e9 / rate_hz);
  const timespec period{period_ns / 1'000'000'000, period_ns % 1'000'000'000};
  return {period, period};
}

/// `wait()`, which blocks for the worker's reason, or not.
template <class Wait>
void wait_for(Worker& worker, Wait wait) {
  const int64_t before = workload::my_counts().voluntary_switches;
  wait();
  worker.waits += workload::my_counts().voluntary_switches - before;
}

void read_timer(Worker& worker) {
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  const itimerspec period = every(worker.options->rate_hz);
  if (timer < 0 || timerfd_settime(timer, 0, &period, nullptr) != 0)
    workload::give_up(kProgram, "cannot make a timerfd");
  while (!worker.crew->is_over()) {
    uint64_t expired = 0;
    wait_for(worker, [&] {
      if (read(timer, &expired, sizeof expired) != sizeof expired) expired = 0;
    });
    worker.expirations += static_cast<int64_t>(expired);
  }
  close(timer);
}

void wait_for_timer_signals(Worker& worker) {
  const int number = SIGRTMIN;  // blocked in every thread, and sent to this one
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = number;
  event._sigev_un._tid = gettid();
  timer_t timer{};
  const itimerspec period = every(worker.options->rate_hz);
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
      timer_settime(timer, 0, &period, nullptr) != 0)
    workload::give_up(kProgram, "cannot make a timer");
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  while (!worker.crew->is_over()) {
    siginfo_t info{};
    int got = -1;
    wait_for(worker, [&] { got = sigwaitinfo(&set, &info); });
    if (got != number) continue;
    worker.expirations += 1 + info.si_overrun;
    worker.overruns += info.si_overrun;
  }
  timer_delete(timer);
}

void send_packets(Worker& worker) {
  const itimerspec period = every(worker.options->packets_hz);
  const char packet[64] = {};
  while (!worker.crew->is_over()) {
    nanosleep(&period.it_interval, nullptr);
    if (send(worker.socket, packet, sizeof packet, 0) == sizeof packet) worker.packets++;
  }
  // An empty one is the last, again and again: one may find no room.
  for (int i = 0; i < 10; i++) send(worker.socket, packet, 0, 0);
}

void receive_packets(Worker& worker) {
  char packet[64];
  ssize_t got = 1;
  while (got != 0) {
    wait_for(worker, [&] { got = recv(worker.socket, packet, sizeof packet, 0); });
    if (got > 0) worker.packets++;
  }
}

void burn(Worker& worker) {
  while (!worker.crew->is_over()) worker.slices.run(interrupted_work);
}

void* thread_main(void* argument) {
  auto* worker = static_cast<Worker*>(argument);
  prctl(PR_SET_NAME, worker->name.c_str());
  worker->work(*worker);
  worker->counts = workload::my_counts();
  worker->crew->be_done();
  return nullptr;
}

/// A guest of the lab has it, but down.
void bring_loopback_up(int socket) {
  ifreq request{};
  strcpy(request.ifr_name, "lo");
  if (ioctl(socket, SIOCGIFFLAGS, &request) != 0) workload::give_up(kProgram, "no loopback device");
  if ((request.ifr_flags & IFF_UP) != 0) return;
  request.ifr_flags |= IFF_UP;
  if (ioctl(socket, SIOCSIFFLAGS, &request) != 0)
    workload::give_up(kProgram, "cannot bring the loopback device up");
}

/// Two sockets, the first of which sends to the second.
void connect(int (&sockets)[2]) {
  for (int& one : sockets) one = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  bring_loopback_up(sockets[0]);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t bytes = sizeof address;
  if (bind(sockets[1], any, bytes) != 0 || getsockname(sockets[1], any, &bytes) != 0 ||
      connect(sockets[0], any, bytes) != 0)
    workload::give_up(kProgram, "cannot have packets over the loopback device");
}

std::vector<Worker> workers_of(const Options& options) {
  std::vector<Worker> workers;
  workers.push_back({.work = burn, .name = "interrupted"});
  for (int i = 0; i < options.timers; i++)
    workers.push_back(
        {.work = read_timer, .name = "timer-" + std::to_string(i), .reason = "sleep"});
  for (int i = 0; i < options.posix; i++)
    workers.push_back(
        {.work = wait_for_timer_signals, .name = "posix-" + std::to_string(i), .reason = "signal"});
  if (options.packets_hz > 0) {
    int sockets[2];
    connect(sockets);
    workers.push_back({.work = send_packets, .name = "sender", .socket = sockets[0]});
    workers.push_back(
        {.work = receive_packets, .name = "receiver", .reason = "socket", .socket = sockets[1]});
  }
  return workers;
}

void print_truth(const std::vector<Worker>& workers, int64_t start_ns) {
  workload::Truth truth(kProgram, start_ns, workload::clock_ns(CLOCK_MONOTONIC));
  int64_t expirations = 0, sent = 0, received = 0;
  for (const Worker& worker : workers) {
    expirations += worker.expirations;
    (worker.work == send_packets ? sent : received) += worker.packets;
  }
  truth.object("cpu_ns").number("interrupted_work", workers.front().slices.cpu_ns).end();
  truth.number("expirations", expirations).number("packets_sent", sent);
  truth.number("packets_received", received).list("threads");
  for (const Worker& worker : workers) {
    truth.thread(worker.name.c_str(), getpid(), worker.counts);
    if (worker.reason != nullptr)
      truth.number("waits", worker.waits).text("reason", worker.reason).number("woken_by", 0);
    if (worker.expirations > 0)
      truth.number("expirations", worker.expirations).number("overruns", worker.overruns);
    truth.end();
  }
}

Options parse(int argc, char** argv) {
  Options options;
  workload::CommandLine(kProgram, kHelp)
      .number("timers", options.timers, 0, 1000)
      .number("posix", options.posix, 0, 1000)
      .number("rate", options.rate_hz, 1, 1e6)
      .number("packets", options.packets_hz, 0, 1e6)
      .seconds(options.seconds)
      .parse(argc, argv);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  sigset_t timers;
  sigemptyset(&timers);
  sigaddset(&timers, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &timers, nullptr);
  workload::Crew crew(kProgram);
  std::vector<Worker> workers = workers_of(options);
  for (Worker& worker : workers) {
    worker.options = &options;
    worker.crew = &crew;
    crew.start(thread_main, &worker);
  }
  crew.work_until_end(options.seconds);
  print_truth(workers, crew.start_ns());
  return 0;
}
