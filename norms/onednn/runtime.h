// What every user of oneDNN shares: the CPU engine, and memory objects over the caller's data.
#pragma once

#include <dnnl.hpp>

namespace normsweep::onednn {

// The CPU engine of this process; made on first use, safe from any thread.
inline const dnnl::engine& CpuEngine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// oneDNN takes mutable pointers even for what it only reads.
inline dnnl::memory Memory(const dnnl::memory::desc& desc, const void* data) {
  return {desc, CpuEngine(), const_cast<void*>(data)};
}

}  // namespace normsweep::onednn
