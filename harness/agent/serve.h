#pragma once
// The agent on a machine that runs already: not the first process, and nothing here is its own.

namespace lab {

/// Plays the plan in ./plan.json and speaks the protocol over stdin and stdout. Mounts nothing,
/// loads nothing, powers nothing off. When it is done, or whoever started it is gone, it ends all
/// that it started and removes its directory. Returns the exit code.
int serve();

}  // namespace lab
