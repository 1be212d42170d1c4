#pragma once
// `--machine ssh:HOST`: before anything is copied to somebody's machine.

#include <string>
#include <vector>

#include "harness/case/case.h"
#include "harness/machine/ssh.h"
#include "harness/provision/kernel.h"
#include "harness/run/execute.h"
#include "profiler/base/errors.h"

namespace lab {

struct Remote {
  std::string text;  ///< as it was typed, "ssh:…"
  SshTarget target;
  KernelRef kernel;  ///< what it runs now
};

/// Refuses what only a guest can do; asks the person, who types the host's name, before a case that
/// may freeze it (`yes_freeze` is that name, given beforehand); asks the machine for its kernel.
/// Cases that were agreed to are changed so that `thaw record` accepts them.
thaw::Result<Remote> open_remote(const std::string& text, const std::string& yes_freeze,
                                 const Programs& programs, std::vector<Case>& cases);

/// Asks the person for the machine's name when there is a reason: those given, and each case that
/// may freeze it. Cases that were agreed to are changed so that `thaw record` accepts them. Fails
/// with User when nobody agrees.
thaw::Status get_consent(const std::string& name, const std::string& yes_freeze,
                         std::vector<std::string> reasons, std::vector<Case>& cases);

/// Plays one case there.
Evidence play_on(const Remote& remote, RunRequest request, Progress& progress);

}  // namespace lab
