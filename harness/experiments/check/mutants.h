// Known wrong versions of the normalizers: mistakes that were made in real libraries, or that a
// reader of the papers is likely to make. The check is worth something only because it catches them
// all.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "harness/experiments/check/comparison.h"

namespace normsweep {

struct Mutant {
  const char* name;
  const char* normalizer;  // which it is a wrong version of
  const char* mistake;     // one line
};
std::span<const Mutant> Mutants();

// Create, but with every native normalizer wrapped as a mutant's is, without a mistake: the
// control, which the check must pass.
Creator WithControl();

// Create, but with the mutant in place of the native version of its normalizer. Throws
// UnknownNameError for a name that is not in Mutants().
Creator WithMutant(const std::string& name);

}  // namespace normsweep
