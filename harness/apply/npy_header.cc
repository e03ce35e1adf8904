#include "harness/apply/npy_header.h"

#include <charconv>
#include <set>

#include "norms/errors.h"

namespace normsweep {
namespace {

// Reads the few Python literals that the format knows.
class Parser {
 public:
  explicit Parser(const std::string& text) : at_(text.data()), end_(at_ + text.size()) {}

  NpyHeader Header() {
    NpyHeader header;
    std::set<std::string> keys;
    Expect('{');
    while (!Accept('}')) {
      const std::string key = String();
      if (!keys.insert(key).second) Fail("key '" + key + "' is given twice");
      Expect(':');
      if (key == "descr") {
        header.descr = String();
      } else if (key == "fortran_order") {
        header.fortran_order = Boolean();
      } else if (key == "shape") {
        header.dims = Tuple();
      } else {
        Fail("unknown key '" + key + "'");
      }
      if (!Accept(',')) {
        Expect('}');
        break;
      }
    }
    Spaces();
    if (at_ != end_) Fail("text after the dictionary");
    if (keys.size() != 3) Fail("a key is missing");
    return header;
  }

 private:
  [[noreturn]] static void Fail(const std::string& what) {
    throw Error("damaged header: " + what +
                ", expected a dictionary of 'descr', 'fortran_order' and 'shape'");
  }

  void Spaces() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n')) ++at_;
  }

  bool Accept(char c) {
    Spaces();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  void Expect(char c) {
    if (!Accept(c)) Fail(std::string("no '") + c + "'");
  }

  std::string String() {
    Spaces();
    if (at_ == end_ || (*at_ != '\'' && *at_ != '"')) Fail("no string");
    const char quote = *at_++;
    std::string text;
    while (at_ != end_ && *at_ != quote) text += *at_++;
    if (at_ == end_) Fail("a string without an end");
    ++at_;
    return text;
  }

  bool Boolean() {
    Spaces();
    for (const bool value : {true, false}) {
      const std::string word = value ? "True" : "False";
      if (std::string(at_, std::min(end_, at_ + word.size())) != word) continue;
      at_ += word.size();
      return value;
    }
    Fail("fortran_order is neither True nor False");
  }

  int64_t Size() {
    Spaces();
    int64_t value = 0;
    const auto [next, error] = std::from_chars(at_, end_, value);
    if (error == std::errc::result_out_of_range) Fail("a size that needs more than 63 bits");
    if (error != std::errc() || value < 0) Fail("a size that is no number of 0 or more");
    at_ = next;
    return value;
  }

  std::vector<int64_t> Tuple() {
    constexpr size_t kMostDims = 32;  // NumPy's own limit until 2.0
    std::vector<int64_t> dims;
    Expect('(');
    while (!Accept(')')) {
      if (dims.size() == kMostDims) Fail("more than 32 dimensions");
      dims.push_back(Size());
      if (Accept(',')) continue;
      Expect(')');
      if (dims.size() == 1) Fail("a shape without its comma");  // (3) is no tuple
      break;
    }
    return dims;
  }

  const char* at_;
  const char* end_;
};

}  // namespace

NpyHeader ParseNpyHeader(const std::string& text) { return Parser(text).Header(); }

}  // namespace normsweep
