// The loop. One input after the other, each from a seed and a number alone, so that any run can be
// repeated on any machine.

#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

namespace fuzz {
namespace {

constexpr size_t kMaxInputBytes = 256 * 1024;
constexpr unsigned kHangSeconds = 10;

struct Options {
  uint64_t seed = 1;
  double seconds = 10;
  uint64_t runs = ~uint64_t{0};
  std::vector<std::string> inputs;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i++) {
    const std::string_view word = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--seed") {
      options.seed = std::strtoull(value, nullptr, 10);
    } else if (word == "--seconds") {
      options.seconds = std::strtod(value, nullptr);
    } else if (word == "--runs") {
      options.runs = std::strtoull(value, nullptr, 10);
    } else {
      options.inputs.emplace_back(word);
      continue;
    }
    i++;
  }
  return options;
}

/// The input at hand, in a file that outlives a crash without a write(2) for each input.
class LastInput {
 public:
  explicit LastInput(const char* name) : path_(std::string("fuzz-") + name + ".last") {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd_ < 0 || ::ftruncate(fd_, kMaxInputBytes) != 0) {
      std::perror(path_.c_str());
      std::exit(69);
    }
    bytes_ = static_cast<char*>(
        ::mmap(nullptr, kMaxInputBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0));
    if (bytes_ == MAP_FAILED) std::exit(69);
  }
  ~LastInput() {
    ::munmap(bytes_, kMaxInputBytes);
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  LastInput(const LastInput&) = delete;
  LastInput& operator=(const LastInput&) = delete;

  void keep(std::string_view input) {
    std::memcpy(bytes_, input.data(), input.size());
    if (::ftruncate(fd_, static_cast<off_t>(input.size())) != 0) std::exit(69);
    if (::ftruncate(fd_, kMaxInputBytes) != 0) std::exit(69);
  }

 private:
  std::string path_;
  int fd_ = -1;
  char* bytes_ = nullptr;
};

void run_one(const Target& target, std::string_view input) {
  // Of exactly this size, so that one byte too far is seen.
  const auto copy = std::make_unique<char[]>(input.size());
  std::ranges::copy(input, copy.get());
  ::alarm(kHangSeconds);
  target.run({copy.get(), input.size()});
  ::alarm(0);
}

int run_files(const Target& target, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(stream), {}};
    std::printf("%s: %zu bytes\n", file.c_str(), input.size());
    run_one(target, input);
  }
  return 0;
}

}  // namespace

uint64_t random(uint64_t& state) {
  uint64_t mixed = state += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

std::string spoiled(std::string input, std::string_view other, uint64_t& state) {
  static constexpr std::string_view kSpecial("\0\1\x7f\x80\xff\"\\\n=[]{}.-9 ", 17);
  for (uint64_t times = 1 + random(state) % 8; times > 0; times--) {
    if (input.empty()) input = "x";
    const size_t at = random(state) % input.size();
    const size_t length = std::min<size_t>(1 + random(state) % 32, input.size() - at);
    switch (random(state) % 7) {
      case 0:
        input[at] = static_cast<char>(random(state));
        break;
      case 1:
        input[at] = kSpecial[random(state) % kSpecial.size()];
        break;
      case 2:
        input[at] = static_cast<char>(input[at] ^ (1 << random(state) % 8));
        break;
      case 3:
        input.erase(at, length);
        break;
      case 4:
        input.insert(at, input.substr(at, length));
        break;
      case 5:
        input.replace(at, length, length, kSpecial[random(state) % kSpecial.size()]);
        break;
      default:
        if (other.empty()) break;
        input.replace(at, length, other.substr(random(state) % other.size(), length));
    }
  }
  if (input.size() > kMaxInputBytes) input.resize(kMaxInputBytes);
  return input;
}

int main(int argc, char** argv, const Target& target) {
  const Options options = parse(argc, argv);
  if (!options.inputs.empty()) return run_files(target, options.inputs);
  std::printf("%s: seed %llu\n", target.name, static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(options.seconds);
  LastInput last(target.name);
  uint64_t runs = 0;
  for (; runs < options.runs && Clock::now() < end; runs++) {
    uint64_t state = options.seed * 1'000'003 + runs;
    const std::string& seed = target.seeds[random(state) % target.seeds.size()];
    const std::string& other = target.seeds[random(state) % target.seeds.size()];
    const std::string input = spoiled(seed, other, state);
    last.keep(input);
    run_one(target, input);
  }
  std::printf("%s: %llu inputs, no crash\n", target.name, static_cast<unsigned long long>(runs));
  return 0;
}

}  // namespace fuzz
