#include "harness/cli/apply_command.h"

#include <cmath>
#include <sstream>

#include "harness/apply/npy.h"
#include "harness/testing/folder.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

class ApplyTest {
 public:
  ApplyTest() {
    options.input = Write("x.npy", {{2, 2, 1}, DataType::kFloat64, {1, 10, 3, 30}});
    options.output = folder / "y.npy";
    options.normalizer = "batch";
    options.options = R"({"eps": 0})";
  }
  std::string Write(const std::string& name, const NpyArray& array) const {
    return folder.Write(name, FormatNpy(array));
  }
  int Apply() {
    err.str("");
    return ApplyCommand(options, console);
  }
  // Nothing was written, and it says why.
  void CheckRefused(int status, const std::string& text) {
    const int before = folder.Files();
    CHECK(Apply() == status);
    CHECK_THAT(err.str(), Catch::Matchers::ContainsSubstring(text));
    CHECK(folder.Files() == before);
  }

  TestFolder folder;
  ApplyOptions options;
  std::ostringstream out, err;
  Console console{&out, &err, {false, [] { return 80; }, {}}, false};
};

TEST_CASE("apply normalizes a file, and writes gradients and state") {
  for (const std::string backend : {"native", "reference", "onednn"}) {
    ApplyTest test;
    test.options.backend = backend;
    test.options.options = R"({"eps": 1e-12})";
    test.options.parameters = {"gamma=" +
                               test.Write("gamma.npy", {{2}, DataType::kFloat32, {1, 5}})};
    test.options.buffers = {"running_mean=" +
                            test.Write("mean.npy", {{1, 2}, DataType::kFloat64, {1, 2}})};
    test.options.grad_output = test.Write("dy.npy", {{2, 2, 1}, DataType::kFloat32, {1, 2, 1, 4}});
    test.options.grad_input = test.folder / "dx.npy";
    test.options.save_state = test.folder / "state";
    INFO(backend << ": " << test.err.str());
    REQUIRE(test.Apply() == kAllGood);
    const NpyArray y = ReadNpy(test.options.output);
    CHECK(y.type == (backend == "reference" ? DataType::kFloat64 : DataType::kFloat32));
    CHECK(y.dims == std::vector<int64_t>{2, 2, 1});
    const double expected[] = {-1, -5, 1, 5};  // of two values one is one deviation below
    for (size_t i = 0; i < 4; ++i) CHECK(y.values[i] == Approx(expected[i]).epsilon(1e-5));
    const NpyArray beta_gradient = ReadNpy(test.folder / "state/beta.grad.npy");
    CHECK(beta_gradient.dims == std::vector<int64_t>{2});
    CHECK(beta_gradient.values == std::vector<double>{2, 6});
    CHECK(ReadNpy(test.folder / "state/gamma.npy").values == std::vector<double>{1, 5});
    const NpyArray mean = ReadNpy(test.folder / "state/running_mean.npy");
    CHECK(mean.values[0] == Approx(0.9 * 1 + 0.1 * 2));
    CHECK(mean.values[1] == Approx(0.9 * 2 + 0.1 * 20));
    CHECK(ReadNpy(test.options.grad_input).values[0] == Approx(0).margin(1e-4));
  }
}

TEST_CASE("a weight starts from the file, an element of a sample has a gamma of its own") {
  ApplyTest test;
  test.options.normalizer = "weight";
  test.options.options = "{}";
  test.options.save_state = test.folder / "state";
  REQUIRE(test.Apply() == kAllGood);
  CHECK(ReadNpy(test.options.output).values[3] == Approx(30));
  const NpyArray g = ReadNpy(test.folder / "state/g.npy");
  CHECK(g.dims == std::vector<int64_t>{2});
  CHECK(g.values[0] == Approx(std::sqrt(101.0)));
  test.options.normalizer = "layer";
  test.options.input = test.Write("x.npy", {{1, 2, 3, 1}, DataType::kFloat32, {1, 2, 3, 4, 5, 6}});
  REQUIRE(test.Apply() == kAllGood);
  CHECK(ReadNpy(test.folder / "state/gamma.npy").dims == std::vector<int64_t>{2, 3, 1});
}

TEST_CASE("channels_last takes the last size for the channels; eval uses the buffers") {
  ApplyTest test;
  test.options.layout = "channels_last";
  test.options.mode = "eval";
  test.options.options = R"({"eps": 0})";
  test.options.input = test.Write("x.npy", {{1, 2, 3}, DataType::kFloat32, {1, 2, 3, 4, 5, 6}});
  test.options.buffers = {"running_mean=" +
                          test.Write("mean.npy", {{3}, DataType::kFloat32, {1, 2, 3}})};
  REQUIRE(test.Apply() == kAllGood);
  CHECK(ReadNpy(test.options.output).values == std::vector<double>{0, 0, 0, 3, 3, 3});
}

TEST_CASE("apply refuses with a reason and writes nothing") {
  ApplyTest test;
  const ApplyOptions good = test.options;
  const auto refuse = [&](auto change, int status, const std::string& text) {
    test.options = good;
    change(&test.options);
    test.CheckRefused(status, text);
  };
  const std::string three = test.Write("three.npy", {{3}, DataType::kFloat32, {1, 2, 3}});
  refuse([](auto* o) { o->normalizer = "btach"; }, 2, "unknown normalizer \"btach\"");
  refuse([](auto* o) { o->backend = "cuda"; }, 2, "unknown backend \"cuda\"");
  refuse([](auto* o) { o->options = "{\"ep\": 1}"; }, 2, "--options: /ep: unknown option");
  refuse([](auto* o) { o->options = "{\"eps\": 1, \"eps\": 2}"; }, 2, "--options: /eps: key");
  refuse([](auto* o) { o->options = "[]"; }, 2, "--options: [], expected an object");
  refuse(
      [](auto* o) {
        o->normalizer = "group";
        o->options = "{\"groups\": 3}";
      },
      2, "/groups");
  refuse(
      [](auto* o) {
        o->normalizer = "none";
        o->options = "{}";
        o->backend = "onednn";
      },
      2, "not to be had from onednn");
  refuse([&](auto* o) { o->parameters = {"gama=" + three}; }, 2,
         "no parameter \"gama\", expected one of \"gamma\" \"beta\"");
  refuse([&](auto* o) { o->parameters = {"gamma=" + three}; }, 3,
         "parameter \"gamma\" has shape (3,), expected (2,)");
  refuse([&](auto* o) { o->parameters = {"gamma=" + o->input, "gamma=" + o->input}; }, 2, "twice");
  refuse([&](auto* o) { o->parameters = {"gamma"}; }, 2, "--param gamma: expected NAME=FILE");
  refuse([](auto* o) { o->grad_output = o->input; }, 2, "expected both");
  refuse(
      [&](auto* o) {
        o->grad_output = three;
        o->grad_input = "dx.npy";
      },
      3, "gradient has shape (3,), expected that of the input, (2, 2, 1)");
  refuse([&](auto* o) { o->input = three; }, 3, "tensor with 1 dimensions");
  refuse([](auto* o) { o->input = "/nonexistent.npy"; }, 3, "/nonexistent.npy: cannot be opened");
  refuse([](auto* o) { o->save_state = o->input; }, 3, "cannot create the folder");
  refuse([&](auto* o) { o->output = test.folder / "no/y.npy"; }, 3, "cannot write");
}

TEST_CASE("one value per set in training is an error") {
  ApplyTest test;
  test.options.input = test.Write("x.npy", {{1, 2}, DataType::kFloat32, {1, 2}});
  test.CheckRefused(3, "batch");
  test.options.mode = "eval";
  CHECK(test.Apply() == kAllGood);
}

}  // namespace
}  // namespace normsweep
