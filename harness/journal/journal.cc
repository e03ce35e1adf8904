#include "harness/journal/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "harness/journal/record.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

// Statuses of rows that run/isolated_case.cc makes.
constexpr std::array kBroken = {"crashed", "timed_out", "out_of_memory", "broke"};

// One line without its end. Nothing at the end of the file; *torn where it has no end, or is longer
// than any.
std::optional<std::string> NextLine(std::istream& in, bool* torn) {
  std::string line;
  for (int c = in.get(); c != std::istream::traits_type::eof(); c = in.get()) {
    if (c == '\n') return line;
    if (line.size() == kMaxJournalLine) break;
    line += static_cast<char>(c);
  }
  if (line.empty()) return std::nullopt;
  *torn = true;
  return line;
}

void TakeHeader(const OrderedJson& line, Journal* journal) {
  const auto version = line.find("journal");
  if (version == line.end()) throw JournalError("is no journal's first line");
  if (*version != kJournalVersion) {
    throw JournalError("version " + version->dump() + ", expected " +
                       std::to_string(kJournalVersion));
  }
  for (const char* key : {"build", "machine", "config", "selection"}) {
    if (!line.contains(key) || !line[key].is_object()) {
      throw JournalError(std::string("has no \"") + key + "\"");
    }
  }
  if (!line.contains("name") || !line["name"].is_string()) throw JournalError("has no \"name\"");
  journal->header = line;
  journal->header.erase("journal");
}

void TakeCase(const OrderedJson& line, Journal* journal) {
  const auto seconds = line.find("seconds"), rows = line.find("rows");
  if (!line["case"].is_string() || seconds == line.end() || !seconds->is_number() ||
      rows == line.end()) {
    throw JournalError("is no case's line");
  }
  if (journal->sessions.empty()) throw JournalError("is a case before any session");
  JournalCase one{RowsFromJson(*rows), seconds->get<double>(),
                  static_cast<int64_t>(journal->sessions.size()) - 1};
  const auto hash = line["case"].get<std::string>();
  const auto [place, is_new] = journal->cases.try_emplace(hash, one);
  if (is_new) return;
  if (!IsBroken(place->second.rows)) throw JournalError("is the case " + hash + " again");
  place->second = std::move(one);
}

void TakeLine(const OrderedJson& line, Journal* journal) {
  if (journal->header.is_null()) {
    TakeHeader(line, journal);
  } else if (line.contains("case")) {
    TakeCase(line, journal);
  } else if (line.contains("session") && line["session"].is_object()) {
    journal->sessions.push_back(line["session"]);
  } else {
    throw JournalError("is neither a session nor a case");
  }
}

}  // namespace

bool IsBroken(const std::vector<CaseResult>& rows) {
  if (rows.size() != 1) return false;
  for (const char* status : kBroken) {
    if (rows.front().status == status) return true;
  }
  return false;
}

Journal ReadJournal(std::istream& in) {
  Journal journal;
  int64_t number = 0;
  std::string damage;  // of the line before: harmless only where it is the last
  while (const auto text = NextLine(in, &journal.torn)) {
    if (!damage.empty()) throw JournalError(damage);
    ++number;
    const std::string where = "line " + std::to_string(number) + ": ";
    const auto line = journal.torn ? std::nullopt : OpenLine(*text);
    if (!line) {
      damage = where + "damaged, expected a line of JSON with its checksum";
      if (journal.torn) break;
      continue;
    }
    try {
      TakeLine(*line, &journal);
    } catch (const Error& error) {
      throw JournalError(where + error.what());
    }
    journal.whole_bytes += static_cast<int64_t>(text->size()) + 1;
  }
  if (journal.header.is_null()) {
    throw JournalError(damage.empty() ? "is empty, expected a journal" : damage);
  }
  journal.torn = !damage.empty();
  return journal;
}

Journal LoadJournal(const std::string& path) {
  std::error_code unknown;  // which the opening says better
  const auto kind = std::filesystem::status(path, unknown);
  if (std::filesystem::exists(kind) && !std::filesystem::is_regular_file(kind)) {
    throw JournalError(path + ": expected a file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw JournalError(path + ": cannot be opened: " + std::strerror(errno));
  try {
    Journal journal = ReadJournal(file);
    if (file.bad()) throw JournalError("cannot be read");
    return journal;
  } catch (const JournalError& error) {
    throw JournalError(path + ": " + error.what());
  }
}

Journal LoadJournalAtRest(const std::string& path) {
  // A pipe is refused by LoadJournal; opening one must not wait for a writer.
  const FileLock lock(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), LOCK_SH);
  if (lock.error() == EWOULDBLOCK)
    throw RefusedError(path + " is being written, expected the end of its run");
  return LoadJournal(path);
}

std::string HeaderLine(const OrderedJson& header) {
  OrderedJson line = {{"journal", kJournalVersion}};
  line.update(header);
  return SealLine(line);
}

std::string SessionLine(const OrderedJson& session) { return SealLine({{"session", session}}); }

std::string CaseLine(const std::string& hash, const JournalCase& one) {
  OrderedJson line;
  line["case"] = hash;
  line["seconds"] = one.seconds;
  line["rows"] = RowsToJson(one.rows);
  return SealLine(line);
}

std::string JournalText(const Journal& journal) {
  std::string text = HeaderLine(journal.header) + "\n";
  for (size_t i = 0; i < journal.sessions.size(); ++i) {
    text += SessionLine(journal.sessions[i]) + "\n";
    for (const auto& [hash, one] : journal.cases) {
      if (one.session == static_cast<int64_t>(i)) text += CaseLine(hash, one) + "\n";
    }
  }
  return text;
}

JournalWriter::JournalWriter(std::string path)
    : path_(std::move(path)),
      lock_(::open(path_.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC), LOCK_EX) {
  if (lock_.error() == EWOULDBLOCK) {
    throw RefusedError(path_ +
                       " is in use by another process, expected its end or another --output");
  }
  if (lock_.error() != 0) {
    throw Error("cannot write " + path_ + ": " + std::strerror(lock_.error()));
  }
}

void JournalWriter::CutTo(int64_t whole_bytes) {
  bytes_ = whole_bytes;
  if (::ftruncate(lock_.file(), bytes_) != 0) Fail(std::strerror(errno));
}

void JournalWriter::Fail(const std::string& reason) {
  // What fits of a line is no line; a failure here leaves a torn one, which a reader drops.
  [[maybe_unused]] const int ignored = ::ftruncate(lock_.file(), bytes_);
  throw Error("cannot write " + path_ + ": " + reason);
}

void JournalWriter::Append(const std::string& line) {
  const std::string text = line + '\n';
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(lock_.file(), text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) Fail(std::strerror(errno));
    written += static_cast<size_t>(count);
  }
  if (::fsync(lock_.file()) != 0) Fail(std::strerror(errno));
  // A deleted file takes what is written to it without a complaint.
  struct stat there {
  }, own{};
  if (::stat(path_.c_str(), &there) != 0 || ::fstat(lock_.file(), &own) != 0)
    Fail("it has vanished");
  if (there.st_ino != own.st_ino || there.st_dev != own.st_dev) Fail("another took its place");
  bytes_ += static_cast<int64_t>(text.size());
}

}  // namespace normsweep
