# shellcheck shell=bash disable=SC2034  # The arrays are for the scripts that source this file.
# Every distribution package that the scripts install, by purpose; nothing else lists them.

# scripts/run and scripts/test. scripts/cmake/FindDNNL.cmake finds oneDNN (libdnnl-dev) without the
# OpenCL kit that oneDNN's own package file asks for. curl is for fetch-data, python3 for its test
# and with python3-matplotlib for the report of a run.
build_packages=(
  g++ cmake ninja-build git ca-certificates curl python3
  python3-matplotlib libdnnl-dev nlohmann-json3-dev libcli11-dev libvalijson-dev zlib1g-dev
  libhwy-dev catch2 librapidcheck-dev libbenchmark-dev libboost-math-dev libeigen3-dev
)

# scripts/test besides: the report in a browser; a Slurm (slurm-wlm's parts); pgrep.
test_packages=(
  chromium chromium-driver python3-selenium munge slurmctld slurmd slurm-client procps
)

# scripts/sanitize and scripts/fuzz: clang with its sanitizers and libFuzzer, its own OpenMP, and
# what names the lines of a report.
sanitizer_packages=(clang libclang-rt-14-dev libomp-dev llvm)

# scripts/format, and what scripts/lint needs beside the build. clang-tidy reads GCC's command
# lines, and clang has no <omp.h> without libomp-dev.
format_packages=(clang-format)
lint_packages=(clang-tidy libomp-dev shellcheck)

# scripts/test-in-debian, and in its system what clang needs beside the build.
debian_packages=(debootstrap)
clang_packages=(clang libomp-dev)

# Laying out the real data sets in .ci/run.
data_packages=(python3-pil python3-numpy)
