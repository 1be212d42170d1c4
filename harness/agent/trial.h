#pragma once
// One case, played in the guest.

#include "harness/agent/beat_writer.h"
#include "harness/agent/channel.h"
#include "harness/agent/messages.h"

namespace lab {

/// Starts the subject, waits until it is ready, runs load and NMIs for as long as the plan says,
/// stops everything, and says what came of it. Sends stages, beats, the outcome and the capture;
/// not the goodbye. A plan that awaits a trial stands still once the subject is ready, and says
/// `greeting` again when it goes on.
void play(const AgentPlan& plan, const Hello& greeting, Channel& channel, BeatWriter& page);

}  // namespace lab
