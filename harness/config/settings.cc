#include "harness/config/settings.h"

#include <vector>

#include "harness/config/config_error.h"
#include "harness/config/expected.h"
#include "harness/config/json_file.h"
#include "harness/config/schema.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

// A number, an array, ... as JSON; everything else is a string that spares the shell its quotes.
OrderedJson ValueOf(const std::string& text) {
  if (OrderedJson::accept(text)) return ParseJson(text);
  return text;
}

// The place of `keys` in *document; missing objects on the way are made.
OrderedJson* Reach(const std::string& setting, const std::vector<std::string>& keys,
                   OrderedJson* document) {
  OrderedJson* place = document;
  std::string pointer;
  for (const std::string& key : keys) {
    if (place->is_null()) *place = OrderedJson::object();
    if (!place->is_object()) {
      throw ConfigError(pointer, Shown(*place) + ", expected an object for --set " + setting);
    }
    place = &(*place)[key];
    pointer = JoinPointer(pointer, key);
  }
  return place;
}

}  // namespace

void ApplySetting(const std::string& setting, OrderedJson* document) {
  const size_t equals = setting.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ConfigError("", "--set " + setting + ": expected PATH=VALUE");
  }
  const std::string path = setting.substr(0, equals);
  OrderedJson value = ValueOf(setting.substr(equals + 1));
  const std::string sweep = "sweep.";
  if (path.rfind(sweep, 0) == 0) {
    *Reach(setting, {"sweep", path.substr(sweep.size())}, document) = std::move(value);
  } else if (document->contains("sweep") && (*document)["sweep"].contains(path)) {
    (*document)["sweep"][path] = OrderedJson::array({std::move(value)});
  } else {
    *Reach(setting, SplitPath(path), document) = std::move(value);
  }
}

}  // namespace normsweep
