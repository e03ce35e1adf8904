#include "harness/run/memory.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <numeric>
#include <optional>
#include <vector>

#include "harness/config/config_error.h"
#include "harness/config/json_file.h"
#include "harness/nn/saturated.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

// Peaks of resident memory of runs of one case on the smallest tensors: 12 MB for check, 14 for
// speed, 19 for train without its data set, all without libtorch.
constexpr int64_t kProcessBytes = int64_t{24} << 20;
// A worker's stack, allocator and OpenMP threads.
constexpr int64_t kJobBytes = int64_t{4} << 20;
constexpr int64_t kBytesOfAPlannedCase = 8 << 10;

Saturated BytesOf(const Experiment& experiment, const Json& resolved_case) {
  return Saturated(experiment.CaseBytes(resolved_case)) + experiment.SharedBytes({resolved_case});
}

// Every integer above 1 in it.
void FindSizes(const Json& value, const std::string& pointer, std::vector<std::string>* sizes) {
  if (value.is_structured()) {
    for (const auto& [key, part] : value.items()) FindSizes(part, JoinPointer(pointer, key), sizes);
  } else if (value.is_number_integer() && value > 1) {
    sizes->push_back(pointer);
  }
}

// With 1 in the place of a number, or half of it where 1 is no valid one; nothing where neither is.
std::optional<Saturated> BytesWithLess(const Experiment& experiment, Json resolved_case,
                                       const std::string& pointer) {
  Json& value = resolved_case[Json::json_pointer(pointer)];
  const int64_t half = value.get<int64_t>() / 2;
  for (const int64_t less : {int64_t{1}, half}) {
    value = less;
    try {
      return BytesOf(experiment, resolved_case);
    } catch (const Error&) {
      continue;
    }
  }
  return std::nullopt;
}

// The number without which the case would take least. Where no single one helps, as the product of
// the others overflows too, the largest one.
std::string LargestContributor(const Experiment& experiment, const Json& resolved_case) {
  std::vector<std::string> sizes;
  FindSizes(resolved_case, "", &sizes);
  Saturated least = BytesOf(experiment, resolved_case);
  std::string found, largest;
  int64_t most = 0;
  for (const std::string& pointer : sizes) {
    const auto value = resolved_case[Json::json_pointer(pointer)].get<int64_t>();
    const bool is_size = pointer.find("seed") == std::string::npos;
    if (is_size && value > most) {
      most = value;
      largest = pointer;
    }
    const std::optional<Saturated> bytes = BytesWithLess(experiment, resolved_case, pointer);
    if (!bytes || *bytes >= least) continue;
    least = *bytes;
    found = pointer;
  }
  return found.empty() ? largest : found;
}

// The number that a file of one number holds; nothing for "max", and where there is no such file.
std::optional<int64_t> NumberIn(const std::string& path) {
  std::ifstream file(path);
  int64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

// "inactive_file 1234" in memory.stat, "MemAvailable:   1234 kB" in meminfo.
std::optional<int64_t> NumberNamed(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(name, 0) == 0) return std::atoll(line.c_str() + name.size());
  }
  return std::nullopt;
}

// What is left to a control group: its limit less its usage, of which inactive pages of files go
// when memory is needed. Nothing where it has no limit.
std::optional<int64_t> LeftTo(const std::string& group, const char* limit_file,
                              const char* usage_file) {
  constexpr int64_t kNoLimit = int64_t{1} << 60;  // v1 writes the greatest number of pages
  const auto limit = NumberIn(group + limit_file);
  if (!limit || *limit >= kNoLimit) return std::nullopt;
  const int64_t usage = NumberIn(group + usage_file).value_or(0);
  const int64_t files = NumberNamed(group + "/memory.stat", "inactive_file ").value_or(0);
  return std::max<int64_t>(0, *limit - std::max<int64_t>(0, usage - files));
}

// Of this process: the path behind "0::" (v2) or "N:memory:" (v1) in /proc/self/cgroup, "" for the root.
std::string GroupPath(const std::string& root, const std::string& controller) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if (line.substr(first + 1, second - first - 1) != controller) continue;
    const std::string path = line.substr(second + 1);
    return path.size() > 1 && path.front() == '/' ? path : "";
  }
  return "";
}

}  // namespace

void CheckCaseMemory(const Experiment& experiment, const Json& resolved_case) {
  const Saturated bytes = BytesOf(experiment, resolved_case);
  if (bytes <= kMostCaseBytes) return;
  const std::string pointer = LargestContributor(experiment, resolved_case);
  const std::string value =
      pointer.empty() ? "this case" : resolved_case[Json::json_pointer(pointer)].dump();
  throw ConfigError(pointer, value + " makes a case of " + BytesText(bytes.value()) +
                                 " or more of memory, expected at most " +
                                 BytesText(kMostCaseBytes));
}

MemoryEstimate EstimateMemory(const Plan& plan, int jobs) {
  const bool alone = plan.kind->case_threads == CaseThreads::kAlone;
  const auto side_by_side =
      std::min(plan.cases.size(), static_cast<size_t>(alone ? 1 : std::max(1, jobs)));
  MemoryEstimate estimate;
  std::vector<int64_t> bytes;
  std::vector<Json> resolved;
  bytes.reserve(plan.cases.size());
  resolved.reserve(plan.cases.size());
  for (const SweepCase& one : plan.cases) {
    bytes.push_back(plan.experiment->CaseBytes(one.resolved));
    resolved.push_back(one.resolved);
  }
  estimate.largest =
      static_cast<size_t>(std::max_element(bytes.begin(), bytes.end()) - bytes.begin());
  estimate.largest_case = bytes[estimate.largest];
  estimate.shared = plan.experiment->SharedBytes(resolved);
  const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(side_by_side);
  std::partial_sort(bytes.begin(), end, bytes.end(), std::greater<>());
  const Saturated running = std::accumulate(bytes.begin(), end, Saturated());
  const Saturated process =
      Saturated(kProcessBytes) + kJobBytes * Saturated(static_cast<int64_t>(side_by_side)) +
      kBytesOfAPlannedCase * Saturated(static_cast<int64_t>(plan.cases.size()));
  estimate.running = running.value();
  estimate.process = process.value();
  estimate.total = (process + running + estimate.shared).value();
  return estimate;
}

int64_t AvailableMemory(const std::string& root) {
  std::optional<int64_t> least;
  const auto take = [&](std::optional<int64_t> bytes) {
    if (bytes && (!least || *bytes < *least)) least = bytes;
  };
  if (const auto kilobytes = NumberNamed(root + "/proc/meminfo", "MemAvailable:")) {
    take(*kilobytes * 1024);
  }
  // A group has the limits of those above it. In a container, whose root is some group of the
  // host's, the path may be the host's and not be there: the root is then all there is.
  const auto climb = [&](const std::string& base, std::string path, const char* limit,
                         const char* usage) {
    while (!path.empty()) {
      take(LeftTo(base + path, limit, usage));
      path.resize(path.rfind('/'));
    }
    take(LeftTo(base, limit, usage));
  };
  climb(root + "/sys/fs/cgroup", GroupPath(root, ""), "/memory.max", "/memory.current");
  climb(root + "/sys/fs/cgroup/memory", GroupPath(root, "memory"), "/memory.limit_in_bytes",
        "/memory.usage_in_bytes");
  return least.value_or(-1);
}

std::string MemoryWarning(const MemoryEstimate& estimate, int64_t available) {
  if (available < 0 || estimate.total <= available) return "";
  return "may take " + BytesText(estimate.total) + " of memory (" + BytesText(estimate.shared) +
         " shared, " + BytesText(estimate.running) + " of cases that run side by side, " +
         BytesText(estimate.process) + " of the program), but " + BytesText(available) +
         " are available: fewer --jobs, or smaller cases, take less";
}

std::string BytesText(int64_t bytes) {
  constexpr std::array kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " bytes";
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g %s", value, kUnits[unit]);
  return text.data();
}

}  // namespace normsweep
