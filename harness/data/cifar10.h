// CIFAR-10, binary version, from <directory>/cifar-10-batches-bin/{data_batch_1..5,test_batch}.bin:
// 10,000 records of a label and 3x32x32 pixels, one colour after the other. The last 5,000 training
// images are the validation part.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "harness/data/dataset.h"

namespace normsweep {

Dataset LoadCifar10(const std::string& directory);  // pixels / 255; throws DataError

// Adds records of a label and 3 * `pixels` values. Throws Error (without the file's name), nothing
// added, for a part of a record or a label above 9.
void AppendCifarRecords(std::span<const uint8_t> content, size_t pixels, DataPart* part);

}  // namespace normsweep
