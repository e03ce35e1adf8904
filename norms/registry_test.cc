#include "norms/registry.h"

#include <array>
#include <set>

#include "norms/errors.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

const Shape kShape{2, 6, 5};

TEST_CASE("every normalizer has a row for every backend, a factory or a reason") {
  std::set<std::string> rows;
  for (const RegistryRow& row : Registry()) {
    CHECK(rows.insert(std::string(row.name) + " " + row.backend).second);
    CHECK((row.factory == nullptr) == (row.why_not != nullptr));
  }
  for (const NormalizerKind& kind : NormalizerKinds()) {
    for (const char* backend : Backends())
      CHECK(rows.count(std::string(kind.name) + " " + backend));
  }
  CHECK(rows.size() == NormalizerKinds().size() * Backends().size());
}

TEST_CASE("unknown names are errors that list the known ones") {
  CHECK_THROWS_WITH(Create({"bathc", "native", {}}, kShape),
                    Catch::Matchers::ContainsSubstring("\"bathc\"") &&
                        Catch::Matchers::ContainsSubstring("\"batch_renorm\""));
  CHECK_THROWS_WITH(Create({"batch", "cudnn", {}}, kShape),
                    Catch::Matchers::ContainsSubstring("\"cudnn\"") &&
                        Catch::Matchers::ContainsSubstring("\"onednn\""));
}

TEST_CASE("a combination that cannot be says why") {
  std::string why;
  CHECK(Create({"weight", "onednn", {}}, kShape, &why) == nullptr);
  CHECK(why == "oneDNN has no weight normalization");
  CHECK(Create({"batch", "onednn", {{"center_only", true}}}, kShape, &why) == nullptr);
  CHECK(why.find("deviation") != std::string::npos);
}

// The pointer of the OptionError that Create throws.
std::string Pointer(const char* name, const char* options) {
  for (const char* backend : {"native", "reference"}) {
    try {
      Create({name, backend, nlohmann::json::parse(options)}, kShape);
      return "no error from " + std::string(backend);
    } catch (const OptionError& error) {
      if (std::string(backend) == "reference") return error.pointer();
    }
  }
  return "";
}

TEST_CASE("an impossible option is an error with its pointer") {
  CHECK(Pointer("batch", R"({"epsilon": 1})") == "/epsilon");
  CHECK(Pointer("batch", R"({"eps": -1})") == "/eps");
  CHECK(Pointer("batch", R"({"eps": "small"})") == "/eps");
  CHECK(Pointer("batch", R"({"momentum": 2})") == "/momentum");
  CHECK(Pointer("batch", R"({"affine": 1})") == "/affine");
  CHECK(Pointer("batch", R"({"dialect": "mxnet"})") == "/dialect");
  CHECK(Pointer("batch", R"({"normalization_batch_size": 0})") == "/normalization_batch_size");
  CHECK(Pointer("batch", R"({"normalization_batch_size": 1.5})") == "/normalization_batch_size");
  CHECK(Pointer("batch", R"({"horizon": 10, "momentum": 0.1})") == "/horizon");
  CHECK(Pointer("batch", R"({"horizon": 0})") == "/horizon");
  CHECK(Pointer("batch_renorm", R"({"r_max": 0.5})") == "/r_max");
  CHECK(Pointer("batch_renorm", R"({"d_max": -1})") == "/d_max");
  CHECK(Pointer("batch_renorm", R"({"ramp_steps": -1})") == "/ramp_steps");
  CHECK(Pointer("layer", R"({"affine": true})") == "/affine");
  CHECK(Pointer("group", R"({})") == "/groups");  // 32 does not divide 6
  CHECK(Pointer("group", R"({"groups": 4})") == "/groups");
  CHECK(Pointer("group", R"({"groups": 18446744073709551615})") == "/groups");
  CHECK(Pointer("weight", R"({"eps": null})") == "/eps");
  CHECK(Pointer("spectral", R"({"power_iterations": 0})") == "/power_iterations");
  CHECK(Pointer("none", R"({"eps": 1})") == "/eps");
  CHECK(Pointer("batch", R"([1])").empty());
}

TEST_CASE("empty and overflowing shapes are errors") {
  CHECK_THROWS_AS(Create({"batch", "native", {}}, {0, 3, 4}), ShapeError);
  CHECK_THROWS_AS(Create({"batch", "native", {}}, {2, -3, 4}), ShapeError);
  CHECK_THROWS_AS(Create({"batch", "native", {}}, {int64_t{1} << 31, int64_t{1} << 31, 4}),
                  ShapeError);
  const std::vector<int64_t> overflowing = {2, 3, int64_t{1} << 40, int64_t{1} << 40};
  CHECK_THROWS_WITH(MakeShape(overflowing, Layout::kChannelsFirst),
                    Catch::Matchers::ContainsSubstring("too many elements"));
  CHECK_THROWS_AS(MakeShape(std::vector<int64_t>{3}, Layout::kChannelsFirst), ShapeError);
  CHECK_THROWS_AS(MakeShape(std::vector<int64_t>(6, 2), Layout::kChannelsFirst), ShapeError);
}

TEST_CASE("2-D to 5-D tensors are [N, C, S] in both layouts") {
  const auto shape = [](std::vector<int64_t> dims, Layout layout) {
    const Shape s = MakeShape(dims, layout);
    return std::array<int64_t, 3>{s.n, s.c, s.s};
  };
  using Sizes = std::array<int64_t, 3>;
  CHECK(shape({2, 3}, Layout::kChannelsFirst) == Sizes{2, 3, 1});
  CHECK(shape({2, 3}, Layout::kChannelsLast) == Sizes{2, 3, 1});
  CHECK(shape({2, 3, 4, 5}, Layout::kChannelsFirst) == Sizes{2, 3, 20});
  CHECK(shape({2, 4, 5, 3}, Layout::kChannelsLast) == Sizes{2, 3, 20});
  CHECK(shape({2, 4, 5, 6, 3}, Layout::kChannelsLast) == Sizes{2, 3, 120});
}

TEST_CASE("the resolved options say what is in force") {
  const auto made = Create({"batch", "native", {{"dialect", "keras"}}}, kShape);
  const nlohmann::json& options = made->Info().options;
  CHECK(options["eps"] == 1e-3);
  CHECK(options["momentum"] == 0.99);
  CHECK(options["momentum_weights"] == "old");
  CHECK(options["running_variance"] == "biased");
  CHECK(options["normalization_batch_size"] == nullptr);
  CHECK(Create({"group", "native", {{"groups", 3}}}, kShape)->Info().label == "group(3)");
}

TEST_CASE("Info names oneDNN's implementation") {
  Shape shape{2, 16, 49, Layout::kChannelsFirst};
  const auto made = Create({"batch", "onednn", {}}, shape);
  CHECK(made->Info().implementation.find("bnorm") != std::string::npos);
  CHECK_FALSE(made->Info().composite);
  CHECK(Create({"instance", "onednn_composite", {}}, shape)->Info().composite);
}

}  // namespace
}  // namespace normsweep
