#include "harness/config/json_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "harness/config/config_error.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string LineAndColumn(const std::string& text, size_t offset) {
  int line = 1;
  int column = 1;
  for (size_t i = 0; i < std::min(offset, text.size()); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

// What the library says after its own position: "syntax error while parsing value - ...".
std::string WithoutPrefix(const std::string& what) {
  const size_t found = what.find("syntax error");
  if (found != std::string::npos) return what.substr(found);
  const size_t bracket = what.find("] ");
  return bracket == std::string::npos ? what : what.substr(bracket + 2);
}

// Builds the document itself, because the library's own builder lets the last of two equal keys
// win.
class Builder : public nlohmann::json_sax<OrderedJson> {
 public:
  explicit Builder(const std::string& text) : text_(text) {}

  OrderedJson TakeRoot() { return std::move(root_); }

  bool null() override { return Add(nullptr); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(number_integer_t value) override { return Add(value); }
  bool number_unsigned(number_unsigned_t value) override { return Add(value); }
  bool number_float(number_float_t value, const string_t&) override { return Add(value); }
  bool string(string_t& value) override { return Add(value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return Open(OrderedJson::object()); }
  bool end_object() override { return Close(); }
  bool start_array(size_t) override { return Open(OrderedJson::array()); }
  bool end_array() override { return Close(); }

  bool key(string_t& name) override {
    OrderedJson& object = *stack_.back();
    if (object.contains(name)) {
      throw ConfigError(JoinPointer(pointers_.back(), name),
                        "key \"" + name + "\" is given twice, expected once");
    }
    key_ = name;
    return true;
  }

  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    throw ConfigError("", "not JSON: " + LineAndColumn(text_, position == 0 ? 0 : position - 1) +
                              ": " + WithoutPrefix(error.what()));
  }

 private:
  bool Add(OrderedJson value) {
    Place(std::move(value));
    return true;
  }

  OrderedJson* Place(OrderedJson value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    OrderedJson& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[key_] = std::move(value));
  }

  bool Open(OrderedJson container) {
    std::string pointer;
    if (!stack_.empty()) {
      const OrderedJson& parent = *stack_.back();
      pointer =
          JoinPointer(pointers_.back(), parent.is_array() ? std::to_string(parent.size()) : key_);
    }
    if (stack_.size() >= kMaxJsonDepth) {
      throw ConfigError(pointer, "nested deeper than " + std::to_string(kMaxJsonDepth) +
                                     " levels, expected at most that");
    }
    stack_.push_back(Place(std::move(container)));
    pointers_.push_back(std::move(pointer));
    return true;
  }

  bool Close() {
    stack_.pop_back();
    pointers_.pop_back();
    return true;
  }

  const std::string& text_;
  OrderedJson root_;
  std::vector<OrderedJson*> stack_;  // open containers; only the last of them grows
  std::vector<std::string> pointers_;
  std::string key_;
};

}  // namespace

std::string JoinPointer(const std::string& pointer, const std::string& key) {
  std::string joined = pointer + "/";
  for (const char c : key) {
    if (c == '~') {
      joined += "~0";
    } else if (c == '/') {
      joined += "~1";
    } else {
      joined += c;
    }
  }
  return joined;
}

std::string PlainText(const OrderedJson& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

OrderedJson ParseJson(const std::string& text) {
  Builder builder(text);
  OrderedJson::sax_parse(text, &builder);
  return builder.TakeRoot();
}

OrderedJson ReadJsonFile(const std::string& path) {
  if (std::filesystem::is_directory(path)) {
    throw ConfigError("", "is a directory, expected a JSON file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ConfigError("", "cannot be opened, expected a readable JSON file");
  // Read, not asked for its size first: a pipe has none.
  std::string text;
  std::vector<char> block(size_t{1} << 16);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block.data(), static_cast<size_t>(file.gcount()));
    if (static_cast<int64_t>(text.size()) > kMaxJsonBytes) {
      throw ConfigError(
          "", "larger than " + std::to_string(kMaxJsonBytes) + " bytes, expected at most that");
    }
  }
  if (file.bad()) throw ConfigError("", "reading failed, expected a readable JSON file");
  return ParseJson(text);
}

}  // namespace normsweep
