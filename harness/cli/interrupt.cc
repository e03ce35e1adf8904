#include "harness/cli/interrupt.h"

#include <csignal>
#include <initializer_list>

namespace normsweep {
namespace {

std::atomic<int> caught = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may take no lock");

void Catch(int signal) { caught = signal; }

}  // namespace

const std::atomic<int>* CatchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = Catch;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
  return &caught;
}

}  // namespace normsweep
