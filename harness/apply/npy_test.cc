#include "harness/apply/npy.h"

#include <sstream>

#include "harness/testing/folder.h"
#include "norms/errors.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

// A file with this header dictionary.
std::string File(const std::string& dictionary, const std::string& data, char major = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += major;
  bytes += '\0';
  bytes += static_cast<char>(dictionary.size());
  bytes += '\0';
  if (major > 1) bytes += std::string(2, '\0');
  return bytes + dictionary + data;
}

NpyArray Read(const std::string& bytes) {
  std::istringstream stream(bytes);
  return ReadNpy(stream, "x.npy");
}

std::string ErrorOf(const std::string& bytes) {
  try {
    Read(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string ErrorOfHeader(const std::string& dictionary) { return ErrorOf(File(dictionary, "")); }

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

TEST_CASE("arrays come back as they were written") {
  for (const DataType type : {DataType::kFloat32, DataType::kFloat64}) {
    for (const std::vector<int64_t>& dims :
         {std::vector<int64_t>{}, {1}, {3}, {2, 3}, {1, 1, 7, 1, 2}, {0, 3}}) {
      NpyArray array{dims, type, {}};
      int64_t elements = 1;
      for (const int64_t dim : dims) elements *= dim;
      for (int64_t i = 0; i < elements; ++i) array.values.push_back(0.5 * static_cast<double>(i));
      const std::string bytes = FormatNpy(array);
      const auto data = static_cast<size_t>(elements * SizeOf(type));
      CHECK((bytes.size() - data) % 64 == 0);
      CHECK(bytes[bytes.size() - data - 1] == '\n');
      const NpyArray read = Read(bytes);
      CHECK(read.dims == dims);
      CHECK(read.type == type);
      CHECK(read.values == array.values);
    }
  }
}

TEST_CASE("versions 1.0 to 3.0, keys in any order, with or without the last comma") {
  const std::string four("\0\0\x80\x3f", 4);  // 1.0f
  const std::string header = "{\"shape\": (1,), 'descr': '<f4','fortran_order':False}\n";
  for (const char major : {char{1}, char{2}, char{3}})
    CHECK(Read(File(header, four, major)).values[0] == 1.0);
  CHECK_THAT(ErrorOf(File(header, four, 4)),
             ContainsSubstring("x.npy: version 4.0, expected 1.0, 2.0 or 3.0"));
}

TEST_CASE("what cannot be read is named") {
  const std::string f4 = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  CHECK(ErrorOf("") == "x.npy: is no .npy file, expected NumPy's magic");
  CHECK(ErrorOf("PK\x03\x04 a zip file") == "x.npy: is no .npy file, expected NumPy's magic");
  CHECK(ErrorOf("\x93NUMPY") == "x.npy: ends in its version after 0 bytes of 2");
  CHECK_THAT(ErrorOf(File(f4, "").substr(0, 30)),
             ContainsSubstring("ends in its header after 20 bytes"));
  CHECK(ErrorOf(File(f4, std::string(15, 'x'))) == "x.npy: ends in its data after 15 bytes of 16");
  CHECK(ErrorOf(File(f4, std::string(17, 'x'))) ==
        "x.npy: bytes after its data, expected 16 for shape (2, 2)");
  CHECK_THAT(ErrorOfHeader("{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}"),
             ContainsSubstring("Fortran order, expected C order"));
  for (const char* type : {">f4", "<i4", "<f2", "|O"}) {
    CHECK_THAT(
        ErrorOfHeader(std::string("{'descr': '") + type +
                      "', 'fortran_order': False, 'shape': (1,)}"),
        ContainsSubstring(std::string("elements of type '") + type + "', expected '<f4' or '<f8'"));
  }
  CHECK_THROWS_WITH(ReadNpy("/nonexistent.npy"), StartsWith("/nonexistent.npy: cannot be opened"));
}

TEST_CASE("a header cannot ask for more memory than the file has bytes") {
  const auto of_shape = [](const std::string& shape) {
    return ErrorOfHeader("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + "}");
  };
  CHECK(of_shape("(1099511627776,)") == "x.npy: ends in its data after 0 bytes of 8796093022208");
  CHECK_THAT(of_shape("(4294967296, 4294967296)"), ContainsSubstring("too many elements"));
  CHECK_THAT(of_shape("(0, 4294967296, 4294967296)"), ContainsSubstring("too many elements"));
  CHECK_THAT(of_shape("(99999999999999999999,)"), ContainsSubstring("more than 63 bits"));
  std::string huge = "\x93NUMPY";
  huge += '\x02';
  huge += '\0';
  huge += "\xff\xff\xff\xff";
  CHECK(ErrorOf(huge) == "x.npy: a header of 4294967295 bytes, expected at most 65536");
}

TEST_CASE("damaged headers are errors") {
  for (const char* header :
       {"", "{", "{}", "[]", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} more",
        "{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}"}) {
    CHECK_THAT(ErrorOfHeader(header), StartsWith("x.npy: damaged header: "));
  }
}

}  // namespace
}  // namespace normsweep
