// A sweep: paths of the config, each with the values that it takes. The cases are the Cartesian
// product, the last axis fastest.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace normsweep {

// A planned training takes 2.3 KB and 35 us (20,000 measured), its copies and its row some more: at
// 200,000 a run stays below 2 GB before it loads anything, at a million it would not.
constexpr int64_t kMaxCases = 200'000;

struct Axis {
  std::string path;  // "training.learning_rate"
  std::vector<nlohmann::ordered_json> values;
  // What tables call each value: 2, "batch", "group(10)"; as many of an object's other keys with it
  // as tell it from the others of the axis.
  std::vector<nlohmann::ordered_json> labels;
};

// The axes of document["sweep"], in the order of the file. Throws ConfigError: a path that the
// schema does not know, that is given outside the sweep too or that a later axis would overwrite;
// an axis with no value, or twice the same; more than kMaxCases cases.
std::vector<Axis> ReadSweep(const nlohmann::ordered_json& document);

int64_t NumCases(const std::vector<Axis>& axes);
std::vector<size_t> IndicesOf(const std::vector<Axis>& axes, int64_t number);  // one per axis

// The document with these values in place of its sweep.
nlohmann::json PutValues(nlohmann::json document, const std::vector<Axis>& axes,
                         const std::vector<size_t>& indices);

// A pointer into such a document -> one into the file: /normalizer/groups ->
// /sweep/normalizer/2/groups.
std::string PointerInFile(const std::vector<Axis>& axes, const std::vector<size_t>& indices,
                          const std::string& pointer);

// What a table calls an object by itself: its name, with all of its other keys: "group(10)",
// "layer(affine=channel)".
std::string ObjectLabel(const nlohmann::ordered_json& value);

// "network.hidden" -> "/network/hidden"
std::string PointerOf(const std::string& path);

}  // namespace normsweep
