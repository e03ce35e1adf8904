#include "norms/cost.h"

#include <fstream>
#include <string>

namespace normsweep {
namespace {

// The kernel's list of the first processor's caches. sysconf, which glibc answers from CPUID, gave
// 320 MB on a virtual machine whose two cores can fill 32 MB.
int64_t FromSysfs() {
  int64_t largest = 0;
  for (int index = 0;; ++index) {
    const std::string folder =
        "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    std::ifstream size_file(folder + "size"), type_file(folder + "type");
    int64_t kibibytes = 0;
    std::string type;
    if (!(size_file >> kibibytes) || !(type_file >> type)) return largest;
    if (type != "Instruction" && kibibytes * 1024 > largest) largest = kibibytes * 1024;
  }
}

}  // namespace

int64_t LastLevelCacheBytes() {
  static const int64_t bytes = [] {
    const int64_t found = FromSysfs();
    return found > 0 ? found : int64_t{32} << 20;
  }();
  return bytes;
}

bool StreamsOutput(int64_t bytes, Pass pass) {
  const int64_t sixteenths = pass == Pass::kOnce ? 8 : pass == Pass::kStatistics ? 5 : 4;
  return bytes > LastLevelCacheBytes() / 16 * sixteenths;
}

}  // namespace normsweep
