// The readers of published files, on files of a few bytes.
#include <fcntl.h>
#include <zlib.h>

#include <array>

#include "harness/data/cifar10.h"
#include "harness/data/data_file.h"
#include "harness/data/mnist.h"
#include "harness/testing/folder.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using Bytes = std::vector<uint8_t>;

template <class Call>
std::string ErrorOf(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("an IDX file has the header, the size and the labels that are asked for", "[data]") {
  const std::array<uint32_t, 3> sizes = {1, 1, 3};
  const Bytes images = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 51, 255};
  CHECK(ParseIdxImages(images, sizes) == std::vector<float>{0, 0.2f, 1});
  CHECK(ErrorOf([&] { ParseIdxImages(Bytes(images.begin(), images.end() - 1), sizes); }) ==
        "is not the IDX file: 18 bytes for 19");
  CHECK(ErrorOf([&] { ParseIdxImages({}, sizes); }) == "is not the IDX file: 0 bytes for 19");
  CHECK(ErrorOf([&] {
          ParseIdxImages(images, std::array<uint32_t, 3>{1, 3, 1});
        }) == "is not the IDX file: header number 1 for 3");

  Bytes labels = {0, 0, 8, 1, 0, 0, 0, 2, 9, 0};
  CHECK(ParseIdxLabels(labels, 2) == std::vector<int32_t>{9, 0});
  labels[8] = 10;
  CHECK(ErrorOf([&] { ParseIdxLabels(labels, 2); }) == "has a label 10");
}

TEST_CASE("CIFAR-10 records are added whole or not at all", "[data]") {
  DataPart part;
  AppendCifarRecords(Bytes{7, 0, 51, 102, 153, 204, 255}, 2, &part);
  CHECK(part.labels == std::vector<int32_t>{7});
  CHECK(part.images == std::vector<float>{0, 0.4f, 0.8f, 0.2f, 0.6f, 1});
  CHECK(ErrorOf([&] { AppendCifarRecords(Bytes(8), 2, &part); }) == "ends within a record");
  const Bytes second_is_wrong = {1, 0, 0, 0, 10, 0, 0, 0};
  CHECK(ErrorOf([&] { AppendCifarRecords(second_is_wrong, 1, &part); }) == "has a label 10");
  CHECK(part.count() == 1);
  CHECK(part.images.size() == 6);
}

TEST_CASE("a gzip file is unpacked no further than it should be long", "[data]") {
  const TestFolder folder;
  const std::string path = folder / "zeros.gz";
  const gzFile out = gzopen(path.c_str(), "wb");
  const Bytes zeros(1 << 20);
  for (int i = 0; i < 64; ++i) gzwrite(out, zeros.data(), 1 << 20);  // 64 MB in 64 kB
  gzclose(out);
  const auto unpack = [&](int64_t bytes) { return Unpack(open(path.c_str(), O_RDONLY), bytes); };
  CHECK(unpack(int64_t{64} << 20).size() == 64u << 20);
  CHECK(ErrorOf([&] { unpack(10); }) == "has too many bytes");
  CHECK(ErrorOf([&] { unpack((int64_t{64} << 20) + 1); }) == "has only 67108864 bytes (unpacked)");
  CHECK(ErrorOf([] { Unpack(-1, 10); }) == "cannot be read");
}

}  // namespace
}  // namespace normsweep
