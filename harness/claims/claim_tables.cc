#include "harness/claims/claim_tables.h"

#include <array>
#include <cstdio>

#include "harness/config/json_file.h"
#include "harness/report/csv.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson OrNull(const std::optional<double>& value) {
  return value ? OrderedJson(*value) : OrderedJson();
}

OrderedJson OneClaim(const Judgement& j) {
  OrderedJson one;
  one["name"] = j.claim.name;
  one["source"] = j.claim.source;
  one["metric"] = j.claim.metric;
  one["expect"] = Name(j.claim.expect);
  one["by"] = j.claim.by;
  one["verdict"] = Name(j.verdict);
  one["effect"] = OrNull(j.effect);
  one["low"] = OrNull(j.low);
  one["high"] = OrNull(j.high);
  one["confidence"] = j.claim.confidence;
  one["p"] = j.p;
  one["p_adjusted"] = j.p_adjusted;
  one["n"] = j.n;
  one["paired"] = j.paired;
  one["reason"] = j.reason;
  one["p_contrary"] = j.p_contrary;
  one["p_contrary_adjusted"] = j.p_contrary_adjusted;
  one["case"] = j.claim.selected;
  if (!j.claim.against.empty()) one["against"] = j.claim.against;
  if (!j.claim.axis.empty()) one["axis"] = j.claim.axis;
  if (j.claim.than) one["than"] = *j.claim.than;
  if (!j.claim.with.empty()) one["with"] = j.claim.with;
  if (!j.claim.relative_to.empty()) one["relative_to"] = j.claim.relative_to;
  return one;
}

// normalizer.name=batch, batch_size=2
std::string SelectorText(const RowSelector& selector) {
  std::string text;
  for (const auto& [column, value] : selector.items()) {
    text += (text.empty() ? "" : ", ") + column + "=" + PlainText(value);
  }
  return text;
}

std::string Text(const std::optional<double>& value) {
  if (!value) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g", *value);
  return text.data();
}

// The names of claims are sentences: each has a line of its own, and the numbers one below.
void PrintOne(const Judgement& j, std::ostream* out) {
  const bool refuted = j.verdict == Verdict::kRefuted;
  *out << Name(j.verdict) << ": " << j.claim.name;
  if (!j.claim.source.empty()) *out << " (" << j.claim.source << ")";
  *out << "\n  " << j.claim.metric << ' ' << Name(j.claim.expect);
  const char* link = j.claim.expect == Expect::kEqual ? " to " : " than ";
  if (j.claim.expect == Expect::kCorrelation) link = " with ";
  if (j.claim.than) *out << link << *j.claim.than;
  if (!j.claim.with.empty()) *out << link << j.claim.with;
  if (j.claim.by > 0)
    *out << (j.claim.expect == Expect::kEqual ? " within " : " by ") << j.claim.by;
  *out << ": " << Text(j.effect) << " [" << Text(j.low) << ", " << Text(j.high) << "], p "
       << Text(refuted ? j.p_contrary_adjusted : j.p_adjusted) << (refuted ? " against it" : "")
       << ", n " << j.n << (j.paired ? " pairs" : "");
  if (!j.reason.empty()) *out << "; " << j.reason;
  *out << '\n';
}

}  // namespace

std::string ClaimsCsv(const std::vector<Judgement>& judgements) {
  CsvTable table;
  for (const Judgement& j : judgements) {
    table.NewRow();
    const OrderedJson one = OneClaim(j);
    for (const auto& [name, value] : one.items()) {
      table.Put(name, value.is_object() ? OrderedJson(SelectorText(value)) : value);
    }
  }
  return table.Text();
}

OrderedJson ClaimsJson(const std::vector<Judgement>& judgements) {
  OrderedJson all = OrderedJson::array();
  for (const Judgement& j : judgements) all.push_back(OneClaim(j));
  return all;
}

void PrintClaims(const std::vector<Judgement>& judgements, std::ostream* out) {
  if (judgements.empty()) return;
  *out << "\nClaims (p with Holm's correction over these)\n";
  for (const Judgement& j : judgements) PrintOne(j, out);
}

}  // namespace normsweep
