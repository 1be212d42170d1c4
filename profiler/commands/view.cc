// thaw view: the viewer, served to a browser on this machine.

#include <cstdlib>
#include <memory>
#include <sstream>

#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/commands/name_options.h"
#include "profiler/report/words.h"
#include "profiler/ui/page.h"
#include "profiler/ui/server.h"

namespace thaw {
namespace {

struct Options {
  std::string file;
  std::string other;
  uint32_t port = 0;
  NameOptions names;
};

/// How to reach this port from where the user sits; "" when that is here.
std::string tunnel_line(uint16_t port) {
  const char* connection = std::getenv("SSH_CONNECTION");  // client, its port, server, its port
  if (connection == nullptr) return "";
  std::istringstream words(connection);
  std::string client, client_port, server, server_port;
  if (!(words >> client >> client_port >> server >> server_port)) return "";
  const char* sudo_user = std::getenv("SUDO_USER");
  const char* user = sudo_user != nullptr ? sudo_user : std::getenv("USER");
  return fmt::format(
      "thaw: over ssh, first type on your own machine: ssh -N -L {}:127.0.0.1:{}{} {}{}\n", port,
      port, server_port == "22" ? "" : " -p " + server_port,
      user != nullptr ? std::string(user) + "@" : "", server);
}

Result<std::unique_ptr<Answers>> open_answers(std::filesystem::path path, const Options& options) {
  Lanes lanes = TRY(open_lanes(path));
  return std::make_unique<Answers>(std::move(lanes), path.filename().string(), options.names);
}

Result<int> run(const Options& options) {
  const std::filesystem::path path = TRY(find_capture(options.file));
  if (!options.other.empty()) TRY(find_capture(options.other));
  Server server = TRY(Server::listen(static_cast<uint16_t>(options.port)));
  Served served{std::string(viewer_page()), {}};
  served.answers.push_back(TRY(open_answers(path, options)));
  const Lanes& lanes = served.answers.front()->lanes();
  if (!options.other.empty()) {
    served.answers.push_back(TRY(open_answers(options.other, options)));
    served.answers.front()->set_has_other(true);
  }
  fmt::print(stderr, "thaw: {}: {} events of {} threads; Ctrl-C ends the viewer\n{}",
             printable(path.string()), grouped(lanes.events()), grouped(lanes.threads().size()),
             tunnel_line(server.port()));
  TRY(print_out(server.url() + "\n"));
  TRY(server.serve(std::move(served)));
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "The capture; the newest *.thaw here when not given");
  app.add_option("OTHER", options->other, "A second capture to compare with");
  app.add_option("--port", options->port, "The port to listen on; a free one when not given")
      ->type_name("PORT")
      ->check(number_between(0, 65535));
  add_name_options(app, options->names);
  app.footer(
      "Prints an address to open in a browser. Only this machine is listened to (127.0.0.1), and "
      "only who has the\naddress, with the random token in it, gets an answer. Over ssh the "
      "command that forwards the port is printed.\nCtrl-C ends it.\n\n"
      "  thaw view\n"
      "  thaw view after.thaw before.thaw      the second one to compare with");
  return [options] { return run(*options); };
}

}  // namespace

const Command kViewCommand{"view", "Show a capture in the browser: lanes over time, stacks, waits",
                           setup};

}  // namespace thaw
