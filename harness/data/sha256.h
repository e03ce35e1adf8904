// SHA-256, FIPS 180-4: what the tests know a data set's bytes by.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace normsweep {

std::string Sha256(std::span<const uint8_t> bytes);  // 64 lower-case hexadecimal digits

}  // namespace normsweep
