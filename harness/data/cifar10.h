// CIFAR-10, binary version, from <directory>/cifar-10-batches-bin/{data_batch_1..5,test_batch}.bin:
// 10,000 records of a label and 3x32x32 pixels, one colour after the other. The last 5,000 training
// images are the validation part.
#pragma once

#include <string>

#include "harness/data/dataset.h"

namespace normsweep {

Dataset LoadCifar10(const std::string& directory);  // pixels / 255; throws DataError

}  // namespace normsweep
