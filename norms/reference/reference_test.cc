#include "norms/reference/reference.h"

#include <cmath>

#include "norms/none/none_norm.h"
#include "norms/testing/float64.h"

namespace normsweep::testing {
namespace {

TEST_CASE("reference: elements lie as NCHW and NHWC do") {
  const Shape first{2, 3, 5}, last{2, 3, 5, Layout::kChannelsLast};
  CHECK(reference::Offset(first, 1, 2, 4) == 29);
  CHECK(reference::Offset(first, 0, 1, 2) == 7);
  CHECK(reference::Offset(last, 0, 1, 2) == 7);
  CHECK(reference::Offset(last, 1, 0, 3) == 24);
  CHECK(reference::Offset(last, 0, 2, 1) == 5);
}

TEST_CASE("reference: moments to the last digits") {
  const Values one = {3};
  CHECK(reference::TwoPass(one).mean == 3);
  CHECK(reference::TwoPass(one).variance == 0);
  // A constant has no variance at all, however its sum rounds.
  const Values constant(7001, 0.1);
  CHECK(reference::TwoPass(constant).variance < 1e-36);
  Values far(100000);
  for (size_t i = 0; i < far.size(); ++i) far[i] = 1e9 + (i % 2 == 0 ? 0.5 : -0.5);
  CHECK(reference::TwoPass(far).mean == 1e9);
  CHECK(reference::TwoPass(far).variance == 0.25);
  CHECK(std::isnan(static_cast<double>(reference::TwoPass(Values{1, std::nan("")}).mean)));
}

TEST_CASE("none reference: y = x and dx = dy") {
  for (const Layout layout : kLayouts) {
    const Shape shape{1, 3, 1, layout};
    const auto none = Make(MakeNoneNormReference, {}, shape);
    const Values x = {1, 2, std::nan("")};
    for (const Mode mode : kModes) {
      const Values y = Forward(none.get(), mode, shape, x);
      CHECK(y[0] == 1);
      CHECK(y[1] == 2);
      CHECK(std::isnan(y[2]));
      CHECK(Backward(none.get(), shape, x, {4, 5, 6}) == Values{4, 5, 6});
    }
    CheckGradients(none.get(), Mode::kTrain, {2, 3, 1, layout}, Spread(6, 1));
    CHECK(none->Statistics().mean.empty());
    CHECK(none->Parameters().empty());
  }
}

}  // namespace
}  // namespace normsweep::testing
