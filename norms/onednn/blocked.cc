#include "norms/onednn/blocked.h"

#include <array>
#include <utility>

#include "norms/batch/batch_norm.h"
#include "norms/errors.h"
#include "norms/onednn/runtime.h"
#include "norms/sets.h"

namespace normsweep::onednn {
namespace {

using Tag = dnnl::memory::format_tag;

void Need(bool has, const char* call, const char* expected) {
  if (has) return;
  throw StateError(std::string("blocked batch: ") + call + ", expected " + expected + " before it");
}

}  // namespace

BlockedBatchNorm::Choice BlockedBatchNorm::Choose(const Shape& shape,
                                                  const StandardizeOptions& options) {
  using Format = std::pair<const char*, Tag>;
  std::array<Format, 4> formats = {Format{"nChw16c", Tag::nChw16c}, Format{"nChw8c", Tag::nChw8c},
                                   Format{"nhwc", Tag::nhwc}, Format{"nchw", Tag::nchw}};
  const int64_t beyond = shape.c % 16;
  if (beyond >= 1 && beyond <= 8) std::swap(formats[0], formats[1]);  // pads less
  for (const auto& [name, tag] : formats) {
    const dnnl::memory::desc desc({shape.n, shape.c, shape.s, 1}, dnnl::memory::data_type::f32,
                                  tag);
    try {
      auto primitive = MakeBatchPrimitive(desc, options);
      if (primitive->Implementation().find("jit") != std::string::npos) {
        return {name, desc, std::move(primitive)};
      }
    } catch (const dnnl::error& error) {
      if (error.status != dnnl_unimplemented) throw;
    }
  }
  return {shape.layout == Layout::kChannelsFirst ? "nchw" : "nhwc", PlainDesc(shape),
          MakeBatchPrimitive(shape, options)};
}

std::unique_ptr<BlockedBatchNorm> BlockedBatchNorm::Make(const nlohmann::json& options,
                                                         const Shape& shape, Mode mode,
                                                         std::string* why_not) {
  CheckShape(shape);
  OptionReader reader(options);
  const BatchNormOptions read = ReadBatchNormOptions(&reader);
  const char* reason = nullptr;
  if (read.center_only) reason = "oneDNN's batch normalization always divides by the deviation";
  if (read.normalization_batch_size) reason = "a blocked tensor is not split into sub-batches";
  if (read.activation != Activation::kNone) reason = "timed without a fused activation";
  if (reason != nullptr) {
    if (why_not != nullptr) *why_not = reason;
    return nullptr;
  }
  if (mode == Mode::kTrain) CheckSetSize("batch", shape, shape.n * shape.s);
  const bool given_statistics = mode == Mode::kEval && read.track_running_stats;
  Choice choice = Choose(shape, {static_cast<float>(read.eps), read.affine, given_statistics});
  return std::unique_ptr<BlockedBatchNorm>(
      new BlockedBatchNorm(shape, read.affine, std::move(choice)));
}

BlockedBatchNorm::BlockedBatchNorm(const Shape& shape, bool affine, Choice choice)
    : format_(std::move(choice.format)),
      primitive_(std::move(choice.primitive)),
      plain_(PlainDesc(shape)),
      x_(choice.desc, CpuEngine()),
      dy_(choice.desc, CpuEngine()),
      y_(choice.desc, CpuEngine()),
      dx_(choice.desc, CpuEngine()),
      load_(Memory(plain_, nullptr), x_),
      store_(y_, Memory(plain_, nullptr)),
      stream_(CpuEngine()),
      mean_(static_cast<size_t>(shape.c), 0),
      variance_(static_cast<size_t>(shape.c), 1) {
  if (!affine) return;
  gamma_.assign(mean_.size(), 1);
  beta_.assign(mean_.size(), 0);
  dgamma_.assign(mean_.size(), 0);
  dbeta_.assign(mean_.size(), 0);
}

void BlockedBatchNorm::Run(const dnnl::reorder& reorder, const dnnl::memory& from,
                           const dnnl::memory& to) {
  reorder.execute(stream_, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
  stream_.wait();
}

void BlockedBatchNorm::Load(const float* x, const float* dy) {
  Run(load_, Memory(plain_, x), x_);
  if (dy != nullptr) Run(load_, Memory(plain_, dy), dy_);
  has_x_ = true;
  has_dy_ = dy != nullptr;
  has_y_ = has_dx_ = false;
}

void BlockedBatchNorm::Forward() {
  Need(has_x_, "Forward", "a Load");
  const auto data = [](const dnnl::memory& m) { return static_cast<float*>(m.get_data_handle()); };
  primitive_->Forward(
      {data(x_), data(y_), mean_.data(), variance_.data(), gamma_.data(), beta_.data(), nullptr});
  has_y_ = true;
}

void BlockedBatchNorm::Backward() {
  Need(has_y_, "Backward", "a Forward");
  Need(has_dy_, "Backward", "a Load with dy");
  const auto data = [](const dnnl::memory& m) { return static_cast<float*>(m.get_data_handle()); };
  primitive_->Backward({data(x_), data(dy_), data(dx_), mean_.data(), variance_.data(),
                        gamma_.data(), beta_.data(), dgamma_.data(), dbeta_.data(), nullptr});
  has_dx_ = true;
}

void BlockedBatchNorm::StoreForward(float* y) {
  Need(has_y_, "StoreForward", "a Forward");
  Run(store_, y_, Memory(plain_, y));
}

void BlockedBatchNorm::StoreBackward(float* dx) {
  Need(has_dx_, "StoreBackward", "a Backward");
  Run(store_, dx_, Memory(plain_, dx));
}

}  // namespace normsweep::onednn
