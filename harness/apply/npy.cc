#include "harness/apply/npy.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <limits>

#include "harness/apply/npy_header.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are copied as they are");

const std::string kMagic = "\x93NUMPY";
constexpr uint32_t kMaxHeader = 1u << 16;  // NumPy itself refuses more than 10,000

// What the file has of the next `size` bytes; memory grows with what comes.
std::string ReadUpTo(std::istream& file, uint64_t size) {
  constexpr uint64_t kBlock = uint64_t{1} << 16;
  std::string bytes;
  while (bytes.size() < size && file) {
    const size_t before = bytes.size();
    bytes.resize(before + static_cast<size_t>(std::min(kBlock, size - before)));
    file.read(bytes.data() + before, static_cast<std::streamsize>(bytes.size() - before));
    bytes.resize(before + static_cast<size_t>(file.gcount()));
  }
  return bytes;
}

std::string ReadAll(std::istream& file, uint64_t size, const char* what) {
  std::string bytes = ReadUpTo(file, size);
  if (bytes.size() == size) return bytes;
  throw Error("ends in its " + std::string(what) + " after " + std::to_string(bytes.size()) +
              " bytes of " + std::to_string(size));
}

uint64_t LittleEndian(const std::string& bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

NpyHeader ReadHeader(std::istream& file) {
  if (ReadUpTo(file, kMagic.size()) != kMagic)
    throw Error("is no .npy file, expected NumPy's magic");
  const std::string version = ReadAll(file, 2, "version");
  if (version[0] < 1 || version[0] > 3 || version[1] != 0) {
    throw Error("version " + std::to_string(version[0]) + "." + std::to_string(version[1]) +
                ", expected 1.0, 2.0 or 3.0");
  }
  const uint64_t size = LittleEndian(ReadAll(file, version[0] == 1 ? 2 : 4, "header size"));
  if (size > kMaxHeader) {
    throw Error("a header of " + std::to_string(size) + " bytes, expected at most " +
                std::to_string(kMaxHeader));
  }
  return ParseNpyHeader(ReadAll(file, size, "header"));
}

uint64_t ElementsOf(const std::vector<int64_t>& dims) {
  const auto most = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / sizeof(double);
  uint64_t elements = 1;
  // A size of 0 anywhere makes it 0, but the product of the others must not overflow on the way.
  for (const int64_t dim : dims) {
    const auto size = static_cast<uint64_t>(dim);
    if (size > 0 && elements > most / size) {
      throw Error("shape " + DimsText(dims) +
                  " has too many elements: their bytes must fit in 63 "
                  "bits");
    }
    elements *= std::max<uint64_t>(size, 1);
  }
  const bool empty = std::find(dims.begin(), dims.end(), 0) != dims.end();
  return empty ? 0 : elements;
}

template <class T>
std::vector<double> Widen(const std::string& bytes) {
  std::vector<double> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

NpyArray ReadArray(std::istream& file) {
  NpyHeader header = ReadHeader(file);
  if (header.fortran_order) {
    throw Error("is in Fortran order, expected C order (numpy.ascontiguousarray)");
  }
  if (header.descr != "<f4" && header.descr != "<f8") {
    throw Error("elements of type '" + header.descr + "', expected '<f4' or '<f8'");
  }
  NpyArray array{
      std::move(header.dims), header.descr == "<f4" ? DataType::kFloat32 : DataType::kFloat64, {}};
  const auto size = static_cast<uint64_t>(SizeOf(array.type));
  const std::string bytes = ReadAll(file, ElementsOf(array.dims) * size, "data");
  if (file.peek() != std::istream::traits_type::eof()) {
    throw Error("bytes after its data, expected " + std::to_string(bytes.size()) + " for shape " +
                DimsText(array.dims));
  }
  array.values = array.type == DataType::kFloat32 ? Widen<float>(bytes) : Widen<double>(bytes);
  return array;
}

}  // namespace

std::string DimsText(const std::vector<int64_t>& dims) {
  std::string text = "(";
  for (size_t i = 0; i < dims.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(dims[i]);
  return text + (dims.size() == 1 ? ",)" : ")");
}

NpyArray ReadNpy(std::istream& file, const std::string& path) {
  try {
    return ReadArray(file);
  } catch (const Error& error) {
    throw Error(path + ": " + error.what());
  }
}

NpyArray ReadNpy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path + ": cannot be opened, expected a readable .npy file");
  return ReadNpy(file, path);
}

std::string FormatNpy(const NpyArray& array) {
  const bool single = array.type == DataType::kFloat32;
  std::string header = "{'descr': '" + std::string(single ? "<f4" : "<f8") +
                       "', 'fortran_order': False, 'shape': " + DimsText(array.dims) + ", }";
  // The data start at a multiple of 64 bytes: 10 bytes before the header, a line end after it.
  const size_t rest = (kMagic.size() + 4 + header.size() + 1) % 64;
  header += std::string(rest == 0 ? 0 : 64 - rest, ' ') + "\n";
  std::string bytes = kMagic + std::string("\x01\x00", 2);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  for (const double value : array.values) {
    const auto narrow = static_cast<float>(value);
    bytes.append(
        single ? reinterpret_cast<const char*>(&narrow) : reinterpret_cast<const char*>(&value),
        static_cast<size_t>(SizeOf(array.type)));
  }
  return bytes;
}

}  // namespace normsweep
