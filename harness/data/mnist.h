// MNIST from <directory>/mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or .gz:
// big-endian IDX. The last 10,000 training images are the validation part.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/data/dataset.h"

namespace normsweep {

Dataset LoadMnist(const std::string& directory);  // pixels / 255; throws DataError

// The content of an IDX file of `sizes` = {images, rows, columns}, or of as many labels. Throws
// Error (without the file's name) for another header, size or label.
std::vector<float> ParseIdxImages(std::span<const uint8_t> content,
                                  std::span<const uint32_t, 3> sizes);
std::vector<int32_t> ParseIdxLabels(std::span<const uint8_t> content, uint32_t count);

}  // namespace normsweep
