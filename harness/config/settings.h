// --set PATH=VALUE: a config changed from the command line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace normsweep {

// `setting` is PATH=VALUE with VALUE in JSON, or else taken as a string. Where PATH is swept, VALUE
// replaces all of its values; "sweep.PATH=[1, 2]" gives an axis several. Throws ConfigError for a
// setting of another form or a path through something that is no object.
void ApplySetting(const std::string& setting, nlohmann::ordered_json* document);

}  // namespace normsweep
