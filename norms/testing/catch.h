// Catch2 as the distribution has it: 2.x in Debian 12, 3.x in Debian 13.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;  // NOLINT(misc-unused-using-decls): the 2.x header has it at the top level
#else
#include <catch2/catch.hpp>
#endif
