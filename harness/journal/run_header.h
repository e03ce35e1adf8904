// What makes two runs the same run: whose finished cases may stand in one table.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/run/plan.h"

namespace normsweep {

// The header of the run's journal: "name", "build" (version, commit, compiler and flags; of a tree
// that is not clean also the program's checksum), "machine" (what the bits of results depend on:
// instruction set, oneDNN and what it chooses, libtorch, C library, threads of a case), "config"
// (the document) and "selection" (filter, case, shard).
nlohmann::ordered_json RunHeader(const Plan& plan, const Selection& selection,
                                 int threads_per_case);

// The first place where two JSON values differ: "/build/commit", with what each has there as text.
struct Difference {
  std::string pointer, first, second;
};
std::optional<Difference> FindDifference(const nlohmann::ordered_json& first,
                                         const nlohmann::ordered_json& second);

// Of two headers. What the config claims is not compared: claims are judged when all cases are
// there, and change none.
std::optional<Difference> CompareHeaders(const nlohmann::ordered_json& first,
                                         const nlohmann::ordered_json& second);

}  // namespace normsweep
