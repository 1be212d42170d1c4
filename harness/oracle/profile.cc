// Counts of blocks become counts of functions. A block of user space belongs to the function that
// its first instruction lies in: compilers end a function where another begins, and a block ends at
// a jump. The kernel has assembly with labels in straight code, such as entry_SYSCALL_64 and
// entry_SYSCALL_64_after_hwframe: there a block is divided among those that it passes through, by
// their bytes.
//
// User space is named by the files that the guest was given, as they lie on this host, through the
// same symbol tables that thaw reads; what thaw itself recorded is not looked at.

#include "harness/oracle/profile.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <tuple>

#include <nlohmann/json.hpp>

#include "profiler/symbols/demangle.h"
#include "profiler/symbols/elf_image.h"

namespace lab::oracle {

namespace fs = std::filesystem;
using nlohmann::json;
using thaw::ErrorKind;
using thaw::Result;

namespace {

constexpr int kSchema = 1;

/// The words of a line, one after another.
class Words {
 public:
  explicit Words(std::string_view line) : line_(line) {}
  std::string_view next() {
    const size_t end = std::min(line_.find(' '), line_.size());
    const std::string_view word = line_.substr(0, end);
    line_.remove_prefix(std::min(end + 1, line_.size()));
    return word;
  }
  template <class Number>
  bool number(Number& into, int base = 10) {
    const std::string_view word = next();
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into, base);
    return error == std::errc() && end == word.data() + word.size() && !word.empty();
  }
  std::string_view rest() const { return line_; }

 private:
  std::string_view line_;
};

template <class Act>
void each_line(std::string_view text, Act act) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    act(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

struct Code {
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t offset = 0;
  std::string path;
};

struct FunctionName {
  std::string name = "?";
  std::string module;
  bool is_entry = false;  ///< the address is its first
};

/// What a block, or a function, was executed.
struct Amount {
  uint64_t instructions = 0;
  uint64_t in_nmi = 0;
  uint64_t calls = 0;
};

/// Names for addresses of user space.
class UserNames {
 public:
  explicit UserNames(const NameSources& sources) : sources_(sources) {
    std::vector<Code>* of = nullptr;
    each_line(sources.processes, [&](std::string_view line) {
      Words words(line);
      const std::string_view kind = words.next();
      int32_t pid = 0;
      Code code;
      if (kind == "process" && words.number(pid)) {
        of = &processes_[pid];
        of->clear();  // looked at again: it may have another program now
      }
      if (kind != "code" || of == nullptr || !words.number(code.start, 16) ||
          !words.number(code.end, 16) || !words.number(code.offset, 16))
        return;
      code.path = words.rest();
      of->push_back(std::move(code));
    });
  }

  /// Which of the two knows the process; 0 when neither does.
  int32_t known_of(int32_t pid, int32_t parent) const {
    if (processes_.contains(pid)) return pid;
    return processes_.contains(parent) ? parent : 0;
  }

  const FunctionName& at(int32_t pid, uint64_t address) {
    auto [found, is_new] = names_.try_emplace({pid, address});
    if (is_new) found->second = find(pid, address);
    return found->second;
  }

 private:
  FunctionName find(int32_t pid, uint64_t address) {
    const auto process = processes_.find(pid);
    if (process == processes_.end()) return {};
    for (const Code& code : process->second)
      if (address >= code.start && address < code.end)
        return function_at(code.path, address - code.start + code.offset);
    return {};
  }

  FunctionName function_at(const std::string& path, uint64_t file_offset) {
    const thaw::ElfImage* image = image_of(path);
    FunctionName function{.module = path};
    const auto found = image ? image->address_of(file_offset) : std::nullopt;
    if (!found) return function;
    const uint64_t address = *found;
    if (const auto symbol = image->find(address)) {
      function.name = thaw::demangle(symbol->name);
      function.is_entry = symbol->address == address;
    } else if (const auto nameless = image->find_nameless(address)) {
      function.name = fmt::format("func@{:#x}", nameless->address);
      function.is_entry = nameless->address == address;
    }
    return function;
  }

  const thaw::ElfImage* image_of(const std::string& path) {
    auto [found, is_new] = images_.try_emplace(path);
    if (is_new)
      if (const fs::path file = sources_.file_of(path); !file.empty())
        if (auto opened = thaw::ElfImage::open(file)) found->second = std::move(*opened);
    return found->second ? &*found->second : nullptr;
  }

  const NameSources& sources_;
  std::map<int32_t, std::vector<Code>> processes_;
  std::map<std::string, std::optional<thaw::ElfImage>> images_;
  std::map<std::pair<int32_t, uint64_t>, FunctionName> names_;
};

/// Sums by function.
class Sums {
 public:
  void add(const FunctionName& function, Mode mode, const Amount& amount) {
    Amount& sum = sums_[{mode, function.module, function.name}];
    sum.instructions += amount.instructions;
    sum.in_nmi += amount.in_nmi;
    sum.calls += amount.calls;
  }
  std::vector<Executed> most_first() const {
    std::vector<Executed> all;
    for (const auto& [key, sum] : sums_)
      all.push_back({.name = std::get<2>(key),
                     .module = std::get<1>(key),
                     .mode = std::get<0>(key),
                     .instructions = sum.instructions,
                     .in_nmi = sum.in_nmi,
                     .calls = sum.calls});
    std::ranges::stable_sort(all, std::ranges::greater{}, &Executed::instructions);
    return all;
  }

 private:
  std::map<std::tuple<Mode, std::string, std::string>, Amount> sums_;
};

class Reading {
 public:
  explicit Reading(const NameSources& sources)
      : user_(sources), kernel_(Symbols::parse(sources.symbols)) {}

  Result<Profile> all(std::string_view counts) {
    bool is_ours = false;
    bool is_whole = true;
    each_line(counts, [&](std::string_view line) {
      if (!is_ours)
        is_ours = line == "thaw-oracle 2";
      else
        is_whole = take(line) && is_whole;
    });
    if (!is_ours || !is_whole || profile_.end_ns == 0)
      return thaw::fail(ErrorKind::Corrupt, "the oracle's counts are {}",
                        is_ours ? "damaged" : "missing");
    for (size_t i = 0; i < sums_.size(); i++) profile_.threads[i].executed = sums_[i].most_first();
    profile_.executed = all_.most_first();
    return std::move(profile_);
  }

 private:
  bool take(std::string_view line) {
    Words words(line);
    const std::string_view kind = words.next();
    if (kind == "count") return take_count(words);
    if (kind == "thread") return take_thread(words);
    if (kind == "begin") return words.number(profile_.start_ns);
    if (kind == "end") return words.number(profile_.end_ns);
    if (kind == "slice") return words.number(profile_.slices.emplace_back().end_ns);
    if (kind == "total") return take_total(words);
    return kind == "ran" && take_use(words);
  }

  /// Of one CPU, where nothing else was counted.
  bool take_total(Words words) {
    uint64_t instructions = 0;
    if (!words.number(instructions)) return false;
    profile_.instructions += instructions;
    return true;
  }

  bool take_thread(Words words) {
    size_t index = 0;
    ThreadProfile thread;
    int32_t parent = 0;
    if (!words.number(index) || index != profile_.threads.size() || !words.number(thread.pid) ||
        !words.number(thread.tid) || !words.number(parent) || !words.number(thread.program))
      return false;
    thread.name = words.rest();
    code_of_.push_back(user_.known_of(thread.pid, parent));
    profile_.threads.push_back(std::move(thread));
    sums_.emplace_back();
    return true;
  }

  bool take_count(Words words) {
    size_t index = 0;
    uint64_t address = 0, length = 0, bytes = 0, executions = 0, in_nmi = 0;
    if (!words.number(index) || !words.number(address, 16) || !words.number(length) ||
        !words.number(bytes) || !words.number(executions) || !words.number(in_nmi) ||
        index >= profile_.threads.size())
      return false;
    Amount amount{.instructions = length * executions, .in_nmi = length * in_nmi};
    const bool is_user = address >> 63 == 0;
    ThreadProfile& thread = profile_.threads[index];
    (is_user ? thread.user : thread.kernel) += amount.instructions;
    profile_.instructions += amount.instructions;
    if (!is_user) {
      add_kernel(index, address, std::max<uint64_t>(bytes, 1), amount, executions);
      return true;
    }
    add(index, user_.at(code_of_[index], address), Mode::user, amount, executions);
    return true;
  }

  void add(size_t index, const FunctionName& function, Mode mode, Amount amount,
           uint64_t executions) {
    if (function.is_entry) amount.calls = executions;
    sums_[index].add(function, mode, amount);
    all_.add(function, mode, amount);
  }

  void add_kernel(size_t index, uint64_t address, uint64_t bytes, const Amount& all,
                  uint64_t executions) {
    const uint64_t end = address + bytes;
    Amount left = all;
    while (address < end) {
      const uint64_t next = std::min(end, kernel_.after(address).value_or(end));
      Amount piece = left;  // the last has what rounding leaves
      if (next != end) {
        const double part = static_cast<double>(next - address) / static_cast<double>(bytes);
        piece.instructions = static_cast<uint64_t>(static_cast<double>(all.instructions) * part);
        piece.in_nmi = static_cast<uint64_t>(static_cast<double>(all.in_nmi) * part);
      }
      left.instructions -= piece.instructions;
      left.in_nmi -= piece.in_nmi;
      Mode mode = Mode::kernel;
      const FunctionName& function = kernel_function(address, mode);
      add(index, function, mode, piece, executions);
      address = next;
    }
  }

  const FunctionName& kernel_function(uint64_t address, Mode& mode) {
    const auto place = kernel_.find(address);
    mode = place && place->is_program ? Mode::bpf : Mode::kernel;
    kernel_name_ = {.name = place ? std::string(place->function) : "?",
                    .module = {},
                    .is_entry = place && place->offset == 0};
    return kernel_name_;
  }

  bool take_use(Words words) {
    SliceProfile::Use use;
    if (profile_.slices.empty() || !words.number(use.thread) || !words.number(use.user) ||
        !words.number(use.kernel) || use.thread >= profile_.threads.size())
      return false;
    profile_.slices.back().uses.push_back(use);
    return true;
  }

  UserNames user_;
  Symbols kernel_;
  FunctionName kernel_name_;
  Profile profile_;
  std::vector<int32_t> code_of_;  ///< of each thread: the process whose code it runs
  std::vector<Sums> sums_;        ///< of each thread
  Sums all_;
};

const char* name_of(Mode mode) {
  constexpr const char* kNames[] = {"user", "kernel", "bpf"};
  return kNames[static_cast<size_t>(mode)];
}

json to_json(const std::vector<Executed>& executed) {
  json list = json::array();
  for (const Executed& function : executed)
    list.push_back({{"name", function.name},
                    {"module", function.module},
                    {"mode", name_of(function.mode)},
                    {"instructions", function.instructions},
                    {"nmi", function.in_nmi},
                    {"calls", function.calls}});
  return list;
}

}  // namespace

Result<Profile> read_profile(std::string_view counts, const NameSources& sources) {
  return Reading(sources).all(counts);
}

Summary summarize(const Profile& profile, const std::set<int32_t>& processes) {
  Summary summary{.instructions = profile.instructions};
  for (const ThreadProfile& thread : profile.threads) {
    if (thread.tid == 0) summary.idle += thread.instructions();
    if (!processes.contains(thread.pid)) continue;
    summary.load += thread.instructions();
    for (const Executed& function : thread.executed) {
      if (function.mode != Mode::kernel) continue;
      if (function.name == "__switch_to") summary.switches += function.calls;
      if (function.name == "perf_swevent_hrtimer") summary.samples += function.calls;
    }
  }
  return summary;
}

std::string to_json(const Profile& profile) {
  json threads = json::array();
  std::vector<size_t> places;  // of each thread; those that executed nothing have none
  for (const ThreadProfile& thread : profile.threads) {
    places.push_back(threads.size());
    if (thread.instructions() == 0) continue;
    threads.push_back({{"pid", std::max(thread.pid, 0)},
                       {"tid", std::max(thread.tid, 0)},
                       {"program", thread.program},
                       {"name", thread.name},
                       {"instructions", thread.instructions()},
                       {"user", thread.user},
                       {"kernel", thread.kernel},
                       {"executed", to_json(thread.executed)}});
  }
  json slices = json::array();
  for (const SliceProfile& slice : profile.slices) {
    json uses = json::array();
    for (const SliceProfile::Use& use : slice.uses)
      uses.push_back({{"thread", places[use.thread]}, {"user", use.user}, {"kernel", use.kernel}});
    slices.push_back({{"end_ns", slice.end_ns}, {"threads", std::move(uses)}});
  }
  return json{{"schema", kSchema},
              {"program", "oracle"},
              {"unit", "instructions"},
              {"start_ns", profile.start_ns},
              {"end_ns", profile.end_ns},
              {"instructions", profile.instructions},
              {"even", profile.is_even},
              {"threads", std::move(threads)},
              {"executed", to_json(profile.executed)},
              {"slices", std::move(slices)}}
             .dump() +
         "\n";
}

}  // namespace lab::oracle
