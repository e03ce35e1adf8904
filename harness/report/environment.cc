#include "harness/report/environment.h"

#include <dnnl_version.h>
#include <gnu/libc-version.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include <CLI/Version.hpp>
#include <algorithm>
#include <array>
#include <boost/version.hpp>
#include <chrono>
#include <ctime>
#include <dnnl.hpp>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>
#include <utility>

#include "build_info.h"
#include "harness/data/sha256.h"
#include "norms/cost.h"
#include "norms/kernels/target.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string Version(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

// "model name   : Xeon" -> "Xeon" where `line` starts with `key`; nothing otherwise.
std::string ValueOf(const std::string& line, const std::string& key) {
  const size_t colon = line.find(": ");
  if (line.rfind(key, 0) != 0 || colon == std::string::npos) return "";
  return line.substr(colon + 2);
}

// Name and number of physical cores, as far as the system tells.
void AddProcessor(OrderedJson* environment) {
  std::ifstream file("/proc/cpuinfo");
  std::string name, package;
  std::set<std::pair<std::string, std::string>> cores;  // package, core
  for (std::string line; std::getline(file, line);) {
    if (name.empty()) name = ValueOf(line, "model name");
    const std::string physical = ValueOf(line, "physical id");
    if (!physical.empty()) package = physical;
    const std::string core = ValueOf(line, "core id");
    if (!core.empty()) cores.emplace(package, core);
  }
  (*environment)["processor"] = name.empty() ? OrderedJson() : OrderedJson(name);
  (*environment)["cores"] = cores.empty() ? OrderedJson() : OrderedJson(cores.size());
  (*environment)["threads"] = std::thread::hardware_concurrency();
}

// The last level is the kernel's figure: sysconf's is that of the whole host (norms/cost.cc).
OrderedJson Caches() {
  OrderedJson caches = OrderedJson::object();
  for (const auto& [name, key] :
       {std::pair{"l1d", _SC_LEVEL1_DCACHE_SIZE}, std::pair{"l2", _SC_LEVEL2_CACHE_SIZE}}) {
    const long bytes = ::sysconf(key);
    caches[name] = bytes > 0 ? OrderedJson(bytes) : OrderedJson();
  }
  caches["last_level"] = LastLevelCacheBytes();
  return caches;
}

// The widest that this processor has and that the kernels care about.
std::string InstructionSet() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") != 0) return "avx512";
  if (__builtin_cpu_supports("avx2") != 0) return "avx2";
  if (__builtin_cpu_supports("sse4.1") != 0) return "sse4.1";
  return "sse2";
#else
  utsname name{};
  return ::uname(&name) == 0 ? name.machine : "";
#endif
}

std::string OperatingSystem() {
  utsname name{};
  if (::uname(&name) != 0) return "";
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

// Of all times here, and of Google Benchmark's: the least step that it was seen to take.
OrderedJson Clock() {
  using Steady = std::chrono::steady_clock;
  static_assert(Steady::is_steady);
  auto least = Steady::duration::max();
  for (int i = 0; i < 1000; ++i) {
    const auto start = Steady::now();
    auto end = start;
    while (end == start) end = Steady::now();
    least = std::min(least, end - start);
  }
  return {{"name", "std::chrono::steady_clock"},
          {"step_ns", std::chrono::duration<double, std::nano>(least).count()}};
}

std::string Compiler() {
#ifdef __clang__  // it calls itself GCC 4.2 besides
  return "Clang " + Version(__clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return std::string("GCC ") + __VERSION__;
#endif
}

OrderedJson Libraries() {
  OrderedJson libraries;
  libraries["onednn"] = Version(DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, DNNL_VERSION_PATCH);
  libraries["nlohmann_json"] = Version(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                       NLOHMANN_JSON_VERSION_PATCH);
  libraries["cli11"] = CLI11_VERSION;
  libraries["boost"] =
      Version(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
  libraries["eigen"] = NORMSWEEP_EIGEN_VERSION;
  libraries["zlib"] = zlibVersion();
  libraries["google_benchmark"] = NORMSWEEP_BENCHMARK_VERSION;
  libraries["highway"] = NORMSWEEP_HIGHWAY_VERSION;
  return libraries;
}

std::string ChecksumOfThisProgram() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  return bytes.empty() ? "" : Sha256(bytes);
}

// As oneDNN numbers them: 0x7 is AVX2, 0x27 AVX-512 with VNNI (dnnl_types.h).
std::string OnednnInstructionSet() {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%#x",
                static_cast<unsigned>(dnnl::get_effective_cpu_isa()));
  return text.data();
}

// Of the library that runs, which need not be the one of the headers.
std::string OnednnVersion() {
  const dnnl_version_t* version = dnnl_version();
  return Version(version->major, version->minor, version->patch);
}

std::string Now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace

const char* NormsweepVersion() { return build_info::kVersion; }

OrderedJson BuildIdentity() {
  OrderedJson build;
  build["normsweep"] = build_info::kVersion;
  build["commit"] = build_info::kCommit;
  build["tree_clean"] = build_info::kTreeClean;
  // Once: the program may be replaced on the disk while it runs, and it stays what it was.
  static const std::string program = build_info::kTreeClean ? "" : ChecksumOfThisProgram();
  if (!build_info::kTreeClean) build["program"] = program;
  build["compiler"] = Compiler();
  build["flags"] = build_info::kFlags;
  return build;
}

OrderedJson MachineIdentity() {
  return {{"instruction_set", kernels::CurrentTarget()},
          {"onednn", OnednnVersion()},
          {"onednn_instruction_set", OnednnInstructionSet()},
          {"libtorch", NORMSWEEP_TORCH_VERSION},
          {"c_library", gnu_get_libc_version()}};
}

OrderedJson Environment(const std::vector<std::string>& command_line) {
  OrderedJson environment;
  environment["normsweep"] = build_info::kVersion;
  const std::string commit = build_info::kCommit;
  environment["commit"] = commit.empty() ? OrderedJson() : OrderedJson(commit);
  environment["tree_clean"] = commit.empty() ? OrderedJson() : OrderedJson(build_info::kTreeClean);
  environment["time"] = Now();
  environment["command_line"] = command_line;
  AddProcessor(&environment);
  environment["caches"] = Caches();
  environment["instruction_set"] = InstructionSet();
  environment["operating_system"] = OperatingSystem();
  environment["clock"] = Clock();
  environment["compiler"] = Compiler();
  environment["flags"] = build_info::kFlags;
  environment["libraries"] = Libraries();
  return environment;
}

}  // namespace normsweep
