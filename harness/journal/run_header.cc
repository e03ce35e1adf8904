#include "harness/journal/run_header.h"

#include "harness/config/expected.h"
#include "harness/config/json_file.h"
#include "harness/report/environment.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string ShownOrMissing(const OrderedJson& object, const std::string& key) {
  return object.contains(key) ? Shown(object[key]) : "nothing";
}

std::optional<Difference> DifferenceAt(const std::string& pointer, const OrderedJson& first,
                                       const OrderedJson& second) {
  // The order of keys is that of columns and cases, so it counts only by what it changes.
  if (nlohmann::json(first) == nlohmann::json(second)) return std::nullopt;
  if (!first.is_object() || !second.is_object())
    return Difference{pointer, Shown(first), Shown(second)};
  for (const OrderedJson* side : {&first, &second}) {
    for (const auto& [key, unused] : side->items()) {
      const std::string place = JoinPointer(pointer, key);
      if (!first.contains(key) || !second.contains(key)) {
        return Difference{place, ShownOrMissing(first, key), ShownOrMissing(second, key)};
      }
      if (auto found = DifferenceAt(place, first[key], second[key])) return found;
    }
  }
  return std::nullopt;
}

OrderedJson WithoutClaims(OrderedJson header) {
  for (const char* key : {"claims", "$schema"}) header["config"].erase(key);
  return header;
}

}  // namespace

OrderedJson RunHeader(const Plan& plan, const Selection& selection, int threads_per_case) {
  OrderedJson header;
  header["name"] = plan.config.name;
  header["build"] = BuildIdentity();
  header["machine"] = MachineIdentity();
  header["machine"]["threads_per_case"] = threads_per_case;
  header["config"] = plan.config.document;
  header["selection"] = {{"filter", selection.filter},
                         {"case", selection.hash},
                         {"shard", selection.shard.number},
                         {"shards", selection.shard.of}};
  return header;
}

std::optional<Difference> FindDifference(const OrderedJson& first, const OrderedJson& second) {
  return DifferenceAt("", first, second);
}

std::optional<Difference> CompareHeaders(const OrderedJson& first, const OrderedJson& second) {
  return FindDifference(WithoutClaims(first), WithoutClaims(second));
}

}  // namespace normsweep
