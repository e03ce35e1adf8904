// What a test asks of a refusal: where the mistake is.
#pragma once

#include <string>

#include "harness/config/config_error.h"

namespace normsweep {

// The pointer of the ConfigError that `body` throws; "no error" where it does not.
template <class Body>
std::string PointerOf(const Body& body) {
  try {
    body();
  } catch (const ConfigError& error) {
    return error.pointer();
  }
  return "no error";
}

}  // namespace normsweep
