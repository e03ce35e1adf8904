// A mistake in a config: where it is (a JSON pointer) and what was expected there.
#pragma once

#include <string>
#include <utility>

#include "norms/errors.h"

namespace normsweep {

class ConfigError : public Error {
 public:
  ConfigError(std::string pointer, const std::string& message)
      : Error(pointer.empty() ? message : pointer + ": " + message),
        pointer_(std::move(pointer)),
        message_(message) {}
  const std::string& pointer() const { return pointer_; }  // "/sweep/normalizer/2/groups"
  const std::string& message() const { return message_; }

 private:
  std::string pointer_, message_;
};

}  // namespace normsweep
