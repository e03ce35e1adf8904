#include "norms/engine.h"

namespace normsweep {

std::unique_ptr<Engine> MakeEngine(const Shape& shape, bool across_samples, AffineKind affine) {
  const bool first = shape.layout == Layout::kChannelsFirst;
  if (across_samples) return first && shape.s > 1 ? MakePlanesEngine() : MakeColumnsEngine();
  if (affine == AffineKind::kElement || shape.s == 1) return MakeRunsEngine(true);
  return first ? MakeRunsEngine(false) : MakeColumnsEngine();
}

void Engine::Plan(const Shape& shape, const Partition& partition) {
  if (planned_ && shape == shape_ && partition == partition_) return;
  planned_ = false;  // a plan that runs out of memory halfway is none
  shape_ = shape;
  partition_ = partition;
  sets_ = (partition.across_samples ? partition.sub_batches : shape.n) * partition.groups;
  arrays_.Resize(sets_);
  DoPlan();
  planned_ = true;
}

bool Engine::Streams(Pass pass) const {
  return StreamsOutput(shape_.Elements() * SizeOf(DataType::kFloat32), pass);
}

}  // namespace normsweep
