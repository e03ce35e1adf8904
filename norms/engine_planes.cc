// The engine of batch norm in channels_first: a set is the planes of a channel, one a sample of its
// sub-batch, a sample apart in memory.
//
// Neighbouring channels form a block of 32 KiB where that is more than one, so that a thread reads
// whole lines and still finds the block in its cache when it comes back to apply (blocks of 256
// KiB: the same forward, backward 1.1 to 1.3 times as long at [2, 256, 14, 14] and [1, 128, 28,
// 28]). Blocks that the threads cannot share out evenly (three channels) are cut into tiles for all
// of them.
#include <algorithm>

#include "norms/engine.h"
#include "norms/kernels/moment_kernels.h"
#include "norms/kernels/plane_kernels.h"
#include "norms/parallel.h"
#include "norms/pieces.h"
#include "norms/plane_strips.h"

namespace normsweep {
namespace {

using kernels::kTileValues;
using kernels::PlaneBlock;

constexpr int64_t kBlockValues = 8192;

class PlanesEngine final : public Engine {
 public:
  void Forward(const float* x, float* y, const Affine& affine, bool measure,
               SetRules& rules) override;
  void Backward(const float* x, const float* dy, float* dx, const Affine& affine,
                const AffineGradients& gradients, SetRules& rules) override;

 private:
  using Channels = PlaneStrips::Channels;
  // Planes, or a piece of one, of a set.
  struct Tile {
    int64_t offset;
    kernels::Rows rows;
  };

  void DoPlan() override;
  Tile TileOf(int64_t set, int64_t tile) const;
  void Evaluate(const Call& call);
  void Run(const Call& call);
  void RunStrip(const Call& call, Channels channels);
  void MeasureSmallSets(const Call& call, Channels channels);
  void RunBlock(const Call& call, Channels channels);
  void MeasureTogether(const Call& call, Channels channels);
  void RunTogether(const Call& call, Channels channels);
  // Statistics of a tile into its slot, of which a channel has sub_batches * tiles_.
  void MeasureTile(const Call& call, int64_t set, int64_t tile, int64_t slot);
  void MergeSet(const Call& call, int64_t set, int64_t slot);
  // Coefficients or gradients of the sets of these channels, and dgamma and dbeta.
  void FinishSets(const Call& call, Channels channels);
  // Output of sample n: values [first, last) counted from its start.
  void Apply(const Call& call, int64_t n, int64_t first, int64_t last, int64_t ahead = 0) const;

  int64_t tiles_ = 0;            // of a set
  int64_t planes_per_tile_ = 0;  // of a tile
  int64_t pieces_ = 0;           // of a plane
  int64_t piece_length_ = 0;
  std::vector<Moments> moments_;    // [channel][sub-batch][tile]
  std::vector<GradientSums> sums_;  // the same
  bool fetch_ahead_ = false;        // the next block's input while this one's output streams
  PlaneStrips strips_;
};

void PlanesEngine::DoPlan() {
  const int64_t planes = shape_.n / partition_.sub_batches;
  piece_length_ = kernels::PieceLength(shape_.s);
  pieces_ = (shape_.s + piece_length_ - 1) / piece_length_;
  planes_per_tile_ = std::max<int64_t>(1, kTileValues / shape_.s);
  tiles_ = (planes + planes_per_tile_ - 1) / planes_per_tile_ * pieces_;
  moments_.resize(static_cast<size_t>(sets_ * tiles_));
  sums_.resize(moments_.size());
}

PlanesEngine::Tile PlanesEngine::TileOf(int64_t set, int64_t tile) const {
  const int64_t sample = shape_.c * shape_.s, step = partition_.sub_batches;
  const int64_t first = tile / pieces_ * planes_per_tile_;
  const int64_t start = tile % pieces_ * piece_length_;
  const int64_t planes = std::min(planes_per_tile_, shape_.n / step - first);
  const int64_t n = set / shape_.c + first * step;
  return {n * sample + set % shape_.c * shape_.s + start,
          {planes, step * sample, std::min(piece_length_, shape_.s - start)}};
}

void PlanesEngine::MeasureTile(const Call& call, int64_t set, int64_t tile, int64_t slot) {
  const Tile t = TileOf(set, tile);
  if (!call.backward) {
    moments_[static_cast<size_t>(slot + tile)] = kernels::RowMoments(call.x + t.offset, t.rows);
    return;
  }
  sums_[static_cast<size_t>(slot + tile)] =
      kernels::SumPlaneRows(call.x + t.offset, call.dy + t.offset, t.rows, arrays_.View().From(set),
                            call.affine.From(GroupOf(set)));
}

void PlanesEngine::MergeSet(const Call& call, int64_t set, int64_t slot) {
  const auto at = static_cast<size_t>(set);
  if (!call.backward) {
    Moments merged;
    for (int64_t i = slot; i < slot + tiles_; ++i) merged.Merge(moments_[static_cast<size_t>(i)]);
    arrays_.PutMoments(set, merged);
    return;
  }
  GradientSums sums;
  for (int64_t i = slot; i < slot + tiles_; ++i) {
    sums.g += sums_[static_cast<size_t>(i)].g;
    sums.gx += sums_[static_cast<size_t>(i)].gx;
  }
  arrays_.g[at] = sums.g;
  arrays_.gx[at] = sums.gx;
}

void PlanesEngine::FinishSets(const Call& call, Channels channels) {
  for (int64_t c = channels.first; call.backward && c < channels.last; ++c) {
    const auto gamma = static_cast<double>(call.affine.Gamma(c));
    double dgamma = 0, dbeta = 0;  // over the sub-batches
    for (int64_t part = 0; part < parts(); ++part) {
      const auto at = static_cast<size_t>(SetOf(part, c));
      dgamma += arrays_.gx[at] + static_cast<double>(arrays_.shift[at]) * arrays_.g[at];
      dbeta += arrays_.g[at];
      arrays_.g[at] *= gamma;
      arrays_.gx[at] *= gamma;
    }
    if (call.gradients.dgamma != nullptr) call.gradients.dgamma[c] += static_cast<float>(dgamma);
    if (call.gradients.dbeta != nullptr) call.gradients.dbeta[c] += static_cast<float>(dbeta);
  }
  for (int64_t part = 0; part < parts(); ++part) {
    const SetRange sets{SetOf(part, channels.first), SetOf(part, channels.last)};
    if (call.backward) {
      call.rules->Gradients(sets, &arrays_);
    } else {
      call.rules->Coefficients(sets, &arrays_);
    }
  }
}

void PlanesEngine::Apply(const Call& call, int64_t n, int64_t first, int64_t last,
                         int64_t ahead) const {
  const int64_t sample = n * shape_.c * shape_.s;
  const int64_t part = n % partition_.sub_batches;
  const PlaneBlock all{0, 0, shape_.s, shape_.c, 1, -part * shape_.c, call.stream, ahead};
  ForPlanePieces(all, first, last, [&](const PlaneBlock& block, int64_t at) {
    const int64_t offset = sample + first + at;
    if (call.backward) {
      kernels::BackwardPlanes(call.x + offset, call.dy + offset, call.out + offset, block,
                              arrays_.View(), call.affine);
    } else {
      kernels::ApplyPlanes(call.x + offset, call.out + offset, block, arrays_.View(), call.affine);
    }
  });
}

void PlanesEngine::RunStrip(const Call& call, Channels channels) {
  if (call.backward) {
    strips_.Sum(call.x, call.dy, channels, call.affine, &arrays_);
    FinishSets(call, channels);
    strips_.Backward(call.x, call.dy, call.out, channels, arrays_, call.affine, call.stream);
    return;
  }
  if (call.measure) strips_.Measure(call.x, channels, &arrays_);
  FinishSets(call, channels);
  strips_.Apply(call.x, call.out, channels, arrays_, call.affine, call.stream);
}

// Sets of one tile: all of the block in one call of the kernel (one by one, 39 ns of which 20 were
// not the kernel's for planes of 7x7).
void PlanesEngine::MeasureSmallSets(const Call& call, Channels channels) {
  const int64_t count = channels.last - channels.first;
  for (int64_t part = 0; part < parts(); ++part) {
    const int64_t set = SetOf(part, channels.first);
    const Tile t = TileOf(set, 0);
    if (call.backward) {
      kernels::SumChannels(call.x + t.offset, call.dy + t.offset, count, t.rows,
                           arrays_.View().From(set), call.affine.From(channels.first),
                           arrays_.g.data() + set, arrays_.gx.data() + set);
    } else {
      kernels::SetMoments(call.x + t.offset, count, t.rows, arrays_.mean.data() + set,
                          arrays_.variance.data() + set);
    }
  }
}

void PlanesEngine::RunBlock(const Call& call, Channels channels) {
  if (tiles_ == 1) MeasureSmallSets(call, channels);
  for (int64_t c = channels.first; tiles_ > 1 && c < channels.last; ++c) {
    for (int64_t part = 0; part < parts(); ++part) {
      const int64_t set = SetOf(part, c), slot = (c * parts() + part) * tiles_;
      for (int64_t tile = 0; tile < tiles_; ++tile) MeasureTile(call, set, tile, slot);
      MergeSet(call, set, slot);
    }
  }
  FinishSets(call, channels);
  for (int64_t n = 0; n < shape_.n; ++n) {
    const int64_t first = channels.first * shape_.s, last = channels.last * shape_.s;
    Apply(call, n, first, last, fetch_ahead_ ? last - first : 0);
  }
}

void PlanesEngine::MeasureTogether(const Call& call, Channels channels) {
  const int64_t count_of = channels.last - channels.first, sets = count_of * parts();
  if (tiles_ == 1) {  // as RunBlock does, so that the bits are the same
    ParallelFor(count_of, sets * count(), [&](int64_t i) {
      MeasureSmallSets(call, {channels.first + i, channels.first + i + 1});
    });
    return;
  }
  const auto set_of = [&](int64_t i) { return SetOf(i % parts(), channels.first + i / parts()); };
  const int64_t slots = channels.first * parts() * tiles_;
  ParallelFor(sets * tiles_, sets * count(), [&](int64_t i) {
    MeasureTile(call, set_of(i / tiles_), i % tiles_, slots + i / tiles_ * tiles_);
  });
  for (int64_t i = 0; i < sets; ++i) MergeSet(call, set_of(i), slots + i * tiles_);
}

void PlanesEngine::RunTogether(const Call& call, Channels channels) {
  const int64_t work = (channels.last - channels.first) * parts() * count();
  MeasureTogether(call, channels);
  FinishSets(call, channels);
  const int64_t values = (channels.last - channels.first) * shape_.s;
  const int64_t pieces = (values + kTileValues - 1) / kTileValues;
  ParallelFor(shape_.n * pieces, work, [&](int64_t i) {
    const int64_t first = i % pieces * kTileValues;
    const int64_t start = channels.first * shape_.s;
    Apply(call, i / pieces, start + first, start + std::min(values, first + kTileValues));
  });
}

void PlanesEngine::Run(const Call& call) {
  const int64_t per_channel = shape_.n * shape_.s;
  const int64_t tensors = call.backward ? 2 : 1;
  const int64_t threads = WorthThreads(shape_.Elements()) ? ThreadCount() : 1;
  if (PlaneStrips::Suit(shape_, partition_)) {
    strips_.Plan(shape_, partition_, threads);
    const int64_t step = strips_.channels();
    ParallelFor((shape_.c + step - 1) / step, shape_.Elements(), [&](int64_t strip) {
      RunStrip(call, {strip * step, std::min(shape_.c, (strip + 1) * step)});
    });
    return;
  }
  // Blocks in equal numbers for all threads, one of which may get a channel more than another; with
  // few channels that would be too uneven, and all threads share what is left over.
  const int64_t even = shape_.c >= 8 * threads ? shape_.c : shape_.c / threads * threads;
  const int64_t fit = std::max<int64_t>(1, kBlockValues / tensors / per_channel);
  const int64_t blocks = (even + threads * fit - 1) / (threads * fit) * threads;
  // Where a block and the next of every thread stay in the cache; else the next one would be read
  // twice (beyond that, 0.95 to 0.99 times as fast with it).
  const int64_t block_bytes = 4 * tensors * per_channel * std::min(fit, even);
  fetch_ahead_ = 2 * threads * block_bytes <= LastLevelCacheBytes() / 2;
  ParallelFor(even == 0 ? 0 : blocks, shape_.Elements(), [&](int64_t block) {
    RunBlock(call, {block * even / blocks, (block + 1) * even / blocks});
  });
  if (even < shape_.c) RunTogether(call, {even, shape_.c});
}

// Constant statistics: a thread takes its channels through all samples, or where they are few its
// share of the values.
void PlanesEngine::Evaluate(const Call& call) {
  const int64_t threads = WorthThreads(shape_.Elements()) ? ThreadCount() : 1;
  if (shape_.c >= 8 * threads) {
    ParallelFor(threads, shape_.Elements(), [&](int64_t i) {
      const int64_t first = i * shape_.c / threads, last = (i + 1) * shape_.c / threads;
      call.rules->Coefficients({first, last}, &arrays_);
      for (int64_t n = 0; n < shape_.n; ++n) Apply(call, n, first * shape_.s, last * shape_.s);
    });
    return;
  }
  call.rules->Coefficients({0, sets_}, &arrays_);
  const int64_t sample = shape_.c * shape_.s;
  const int64_t pieces = (sample + kTileValues - 1) / kTileValues;
  ParallelFor(shape_.n * pieces, shape_.Elements(), [&](int64_t i) {
    const int64_t first = i % pieces * kTileValues;
    Apply(call, i / pieces, first, std::min(sample, first + kTileValues));
  });
}

void PlanesEngine::Forward(const float* x, float* y, const Affine& affine, bool measure,
                           SetRules& rules) {
  const Call call{x, nullptr, y, affine, {}, &rules, false, measure, Streams(ForwardPass(measure))};
  measure || (!call.stream && PlaneStrips::Suit(shape_, partition_)) ? Run(call) : Evaluate(call);
}

void PlanesEngine::Backward(const float* x, const float* dy, float* dx, const Affine& affine,
                            const AffineGradients& gradients, SetRules& rules) {
  Run({x, dy, dx, affine, gradients, &rules, true, true, Streams(Pass::kBackward)});
}

}  // namespace

std::unique_ptr<Engine> MakePlanesEngine() { return std::make_unique<PlanesEngine>(); }

}  // namespace normsweep
