// The exceptions of the library. Each text names the offending value and what was expected.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace normsweep {

// ` "a" "b"`: what an error's text lists after "expected one of". `name_of` may be a member.
template <class Range, class NameOf = std::identity>
std::string QuotedNames(const Range& range, const NameOf& name_of = {}) {
  std::string text;
  for (const auto& one : range) {
    text += " \"";
    text += std::invoke(name_of, one);
    text += '"';
  }
  return text;
}

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A tensor's shape, layout, element type or overlap is not what the call needs.
class ShapeError : public Error {
 public:
  using Error::Error;
};

// The numbers themselves make the operation undefined, such as a weight row of length zero.
class ValueError : public Error {
 public:
  using Error::Error;
};

// A call out of order: Backward without a Forward, or after one of another shape.
class StateError : public Error {
 public:
  using Error::Error;
};

// The library behind a backend refused a call.
class BackendError : public Error {
 public:
  using Error::Error;
};

// A normalizer, backend or dialect that does not exist.
class UnknownNameError : public Error {
 public:
  using Error::Error;
};

// An option that is unknown, of the wrong type or impossible. `pointer` is the JSON pointer of the
// offending value within the options, so that a caller can put the options' own place before it.
class OptionError : public Error {
 public:
  OptionError(std::string pointer, const std::string& message)
      : Error(pointer + ": " + message), pointer_(std::move(pointer)), message_(message) {}
  const std::string& pointer() const { return pointer_; }
  const std::string& message() const { return message_; }  // without the pointer

 private:
  std::string pointer_, message_;
};

}  // namespace normsweep
