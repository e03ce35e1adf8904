#include "norms/none/none_norm.h"

namespace normsweep {

NoneNormOptions ReadNoneNormOptions(OptionReader* reader) {
  reader->Finish();
  return {};
}

}  // namespace normsweep
