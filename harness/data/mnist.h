// MNIST from <directory>/mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or .gz:
// big-endian IDX. The last 10,000 training images are the validation part.
#pragma once

#include <string>

#include "harness/data/dataset.h"

namespace normsweep {

Dataset LoadMnist(const std::string& directory);  // pixels / 255; throws DataError

}  // namespace normsweep
