// Catch2 as the distribution has it: 2.x in Debian 12, 3.x in Debian 13. The tests use the names of
// 3.x, where Contains is about an element of a range.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;  // NOLINT(misc-unused-using-decls): the 2.x header has it at the top level
#else
#include <catch2/catch.hpp>
#include <string>

namespace Catch::Matchers {

inline auto ContainsSubstring(const std::string& text) { return Contains(text); }

}  // namespace Catch::Matchers
#endif
