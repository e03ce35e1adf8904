// What only the torch backend promises; its numbers are the check experiment's business, and the
// rest of the contract is contract_test's. Without libtorch only the first case has something to
// do.
#include <omp.h>

#include <cmath>
#include <functional>
#include <thread>

#include "norms/errors.h"
#include "norms/registry.h"
#include "norms/testing/float64.h"

namespace normsweep {
namespace {

// The options under which a normalizer of a row can be made for six channels.
NormalizerSpec SpecOf(const char* name) {
  NormalizerSpec spec{name, "torch", nlohmann::json::object()};
  if (spec.name == "group") spec.options["groups"] = 3;
  return spec;
}

void ForAll(const std::function<void(const NormalizerSpec&, const Shape&)>& body) {
  for (const RegistryRow& row : Registry()) {
    if (std::string(row.backend) != "torch" || row.factory == nullptr) continue;
    for (const Layout layout : testing::kLayouts) {
      for (const Shape& sizes : {Shape{1, 6, 7}, Shape{2, 6, 35}, Shape{5, 6, 1}}) {
        if (std::string(row.name) == "instance" && sizes.s == 1) continue;  // one value a set
        const Shape shape{sizes.n, sizes.c, sizes.s, layout};
        INFO(row.name << " " << shape.ToString());
        body(SpecOf(row.name), shape);
      }
    }
  }
}

bool Built() {
  std::string why;
  return Create(SpecOf("batch"), {2, 6, 5}, &why) != nullptr || why != "built without libtorch";
}

std::string WhyNot(const NormalizerSpec& spec, const Shape& shape) {
  std::string why;
  CHECK(Create(spec, shape, &why) == nullptr);
  return why;
}

TEST_CASE("torch: every normalizer can be made, or says why not") {
  const Shape shape{2, 6, 5};
  for (const char* name : {"batch", "layer", "instance", "group", "weight"}) {
    std::string why;
    INFO(name);
    const auto made = Create(SpecOf(name), shape, &why);
    CHECK((made != nullptr) == Built());
    if (made == nullptr) CHECK(why == "built without libtorch");
    if (made != nullptr) CHECK(made->Info().implementation.find("libtorch ") == 0);
  }
  for (const char* name : {"none", "batch_renorm", "spectral"}) {
    CHECK(WhyNot(SpecOf(name), shape).find("libtorch") != std::string::npos);
  }
}

TEST_CASE("torch: options that its operators do not have are refused with a reason") {
  if (!Built()) return;
  const auto refused = [](const char* name, nlohmann::json options, const char* reason) {
    const std::string why = WhyNot({name, "torch", std::move(options)}, {2, 6, 5});
    INFO(name << ": " << why);
    CHECK(why.find(reason) != std::string::npos);
  };
  refused("batch", {{"center_only", true}}, "deviation");
  refused("batch", {{"normalization_batch_size", 1}}, "sub-batches");
  refused("batch", {{"dialect", "keras"}}, "unbiased");
  refused("batch", {{"horizon", 64}}, "horizon");
  refused("batch", {{"momentum", nullptr}}, "null");
  refused("instance", {{"track_running_stats", true}, {"momentum", nullptr}}, "null");
  refused("layer", {{"affine", "channel"}}, "one a channel");
  refused("weight", {{"eps", 0.1}}, "eps");
  // Statistics that are not kept have no conventions, and with S = 1 a channel is an element.
  CHECK(Create({"batch", "torch", {{"dialect", "keras"}, {"track_running_stats", false}}},
               {2, 6, 5}) != nullptr);
  CHECK(Create({"layer", "torch", {{"affine", "channel"}}}, {2, 6, 1}) != nullptr);
}

TEST_CASE("torch: the operators write into the caller's memory, without a copy") {
  ForAll([](const NormalizerSpec& spec, const Shape& shape) {
    const auto made = Create(spec, shape);
    REQUIRE(made != nullptr);
    // at::instance_norm answers in channels_first, and so does group norm's backward in torch 1.
    const bool last = shape.layout == Layout::kChannelsLast && shape.s > 1;
    const bool copies = last && spec.name == "instance";
    const bool may_copy = copies || (last && spec.name == "group");
    const auto size = static_cast<size_t>(shape.Elements());
    std::vector<float> x(size), y(size), dx(size);
    for (size_t i = 0; i < size; ++i) x[i] = static_cast<float>(i % 5);
    CHECK(made->Info().composite == copies);
    made->Init({x.data(), shape}, 1);
    for (const Mode mode : testing::kModes) {
      INFO(Name(mode));
      made->Forward(mode, {x.data(), shape}, {y.data(), shape});
      CHECK(made->Info().composite == copies);
      made->Backward({x.data(), shape}, {x.data(), shape}, {dx.data(), shape});
      if (!may_copy) CHECK_FALSE(made->Info().composite);
      y = x;
      made->Forward(mode, {y.data(), shape}, {y.data(), shape});
      CHECK(made->Info().composite);  // torch has no in place
    }
  });
}

TEST_CASE("torch: a batch of one value a set, whose statistics are as large as it, keeps both") {
  if (!Built()) return;
  const Shape shape{1, 6, 1};
  const auto made = Create({"batch", "torch", {{"track_running_stats", false}}}, shape);
  const std::vector<float> x = {1, -2, 3, 4, 5, 6}, dy(6, 1);
  std::vector<float> y(6, -99), dx(6, -99);
  made->Forward(Mode::kBatchStatistics, {x.data(), shape}, {y.data(), shape});
  for (const float value : y) CHECK(std::abs(value) < 1e-3F);  // what is left of 316 x - 316 x
  const SetStatistics statistics = made->Statistics();
  CHECK(statistics.mean == std::vector<double>(x.begin(), x.end()));
  CHECK(statistics.count == 1);
  made->Backward({x.data(), shape}, {dy.data(), shape}, {dx.data(), shape});
  for (const float value : dx) CHECK(std::abs(value) < 1e-3F);
}

TEST_CASE("torch: a row of zeros is an error before anything is written") {
  if (!Built()) return;
  const Shape shape{3, 2, 2};
  const auto made = Create(SpecOf("weight"), shape);
  const std::vector<float> x = {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  std::vector<float> y(12, -99);
  CHECK_THROWS_WITH(made->Forward(Mode::kEval, {x.data(), shape}, {y.data(), shape}),
                    Catch::Matchers::ContainsSubstring("row 1"));
  CHECK_THROWS_AS(made->Init({x.data(), shape}, 1), ValueError);
  CHECK(y == std::vector<float>(12, -99));
}

// libtorch sets the number of a thread that it meets for the first time.
TEST_CASE("torch: the number of OpenMP threads stays the caller's, in every thread") {
  if (!Built()) return;
  const auto check = [](int threads) {
    omp_set_num_threads(threads);
    const Shape shape{2, 6, 5};
    const auto made = Create(SpecOf("batch"), shape);
    std::vector<float> x(60, 1), y(60);
    made->Forward(Mode::kEval, {x.data(), shape}, {y.data(), shape});
    return omp_get_max_threads();
  };
  const int before = omp_get_max_threads();
  for (const int threads : {3, 1, 2}) {
    int in_thread = 0;
    std::thread([&] { in_thread = check(threads); }).join();
    CHECK(in_thread == threads);
    CHECK(check(threads) == threads);
  }
  omp_set_num_threads(before);
}

}  // namespace
}  // namespace normsweep
