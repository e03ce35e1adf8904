#include "norms/activation.h"

#include <array>
#include <string>

namespace normsweep {

Activation ReadActivation(OptionReader* reader) {
  constexpr std::array kNames = {"none", "relu"};
  std::string name = "none";
  reader->Choice("activation", &name, kNames, "what follows in the same pass: relu(z), or nothing");
  return name == "relu" ? Activation::kRelu : Activation::kNone;
}

}  // namespace normsweep
