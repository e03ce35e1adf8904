// Journals: an error that names its line, or a journal that is the same after it was written and
// read again. A line of an input that begins with + gets the checksum that its text must have, which
// mutations would hardly find.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>
#include <string>

#include "harness/journal/journal.h"
#include "harness/journal/record.h"
#include "harness/testing/fuzzing.h"

namespace normsweep {
namespace {

std::string WithChecksum(std::string object) {
  if (object.empty() || object.back() != '}') return object;
  const uLong sum = crc32_z(0, reinterpret_cast<const Bytef*>(object.data()), object.size());
  std::array<char, 32> tail{};
  std::snprintf(tail.data(), tail.size(), ",\"crc32\":\"%08lx\"}", sum);
  object.pop_back();
  return object + tail.data();
}

std::string Sealed(const std::string& input) {
  std::string text;
  for (size_t begin = 0; begin < input.size();) {
    const size_t end = std::min(input.find('\n', begin), input.size());
    const std::string line = input.substr(begin, end - begin);
    text += line.rfind('+', 0) == 0 ? WithChecksum(line.substr(1)) : line;
    if (end < input.size()) text += '\n';
    begin = end + 1;
  }
  return text;
}

Journal Read(const std::string& text) {
  std::istringstream in(text);
  return ReadJournal(in);
}

void ReadAndWrite(const std::string& text) {
  const Journal journal = Read(text);
  const auto size = static_cast<int64_t>(text.size());
  Require(journal.whole_bytes <= size, "no more bytes than there are");
  Require(journal.torn == (journal.whole_bytes < size), "what is not whole is torn");
  Require(!Read(text.substr(0, static_cast<size_t>(journal.whole_bytes))).torn,
          "without its torn line it is whole");
  const std::string written = JournalText(journal);
  const Journal again = Read(written);
  Require(again.cases.size() == journal.cases.size(), "the same cases again");
  Require(again.sessions.size() == journal.sessions.size(), "the same sessions again");
  Require(JournalText(again) == written, "the same bytes again");
}

}  // namespace
}  // namespace normsweep

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    normsweep::ReadAndWrite(normsweep::Sealed({reinterpret_cast<const char*>(data), size}));
  } catch (const normsweep::JournalError& error) {
    const std::string text = error.what();
    normsweep::Require(text.rfind("line ", 0) == 0 || text.rfind("is empty", 0) == 0,
                       "an error names the line");
  }
  return 0;
}
