#include "harness/experiments/train/train_config.h"

#include <algorithm>
#include <cmath>

#include "harness/config/config_error.h"
#include "harness/nn/config_reader.h"
#include "harness/nn/slot.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kBelowOne = 1 - 1e-9;

const Json& ObjectOrEmpty(ConfigReader* reader, const char* key) {
  static const Json empty = Json::object();
  const Json* given = reader->Any(key);
  return given == nullptr ? empty : *given;
}

void ReadTraining(const Json& json, TrainConfig* config) {
  ConfigReader reader(json, "/training");
  reader.Integer("epochs", &config->epochs, 1);
  reader.Positive("learning_rate", &config->learning_rate);
  reader.Integer("reference_batch_size", &config->reference_batch_size, 1);
  reader.Number("momentum", &config->momentum, 0, kBelowOne);
  reader.Number("weight_decay", &config->weight_decay, 0, kInfinity);
  reader.Number("spectral_penalty", &config->spectral_penalty, 0, kInfinity);
  reader.Choice("schedule", &config->schedule,
                {{"cosine", Schedule::Kind::kCosine}, {"constant", Schedule::Kind::kConstant}});
  reader.Number("warmup_fraction", &config->warmup_fraction, 0, kBelowOne);
  reader.Boolean("drop_last", &config->drop_last);
  reader.Number("target_error", &config->target_error, 0, 100);
  reader.Integer("evaluations_per_epoch", &config->evaluations_per_epoch, 1);
  reader.Finish();
}

bool HasOption(const std::string& normalizer, const std::string& option) {
  for (const NormalizerKind& kind : NormalizerKinds()) {
    if (normalizer != kind.name) continue;
    const auto options = kind.options(Json::object());
    return std::any_of(options.begin(), options.end(),
                       [&](const OptionHelp& help) { return help.name == option; });
  }
  return false;
}

// "ramp": [a, b], fractions of the training, to the steps that batch renorm's options count in.
void ResolveRamp(TrainConfig* config) {
  Json& options = config->normalizer.options;
  const std::string pointer = "/normalizer/ramp";
  const Json ramp = options["ramp"];
  if (!ramp.is_array() || ramp.size() != 2) {
    throw ConfigError(pointer, ramp.dump() + ", expected [start, end] as fractions of the steps");
  }
  const double start = RequireNumber(ramp[0], 0, 1, pointer + "/0");
  const double end = RequireNumber(ramp[1], start, 1, pointer + "/1");
  if (options.contains("warmup_steps") || options.contains("ramp_steps")) {
    throw ConfigError(pointer, "expected either ramp or warmup_steps and ramp_steps, not both");
  }
  options.erase("ramp");
  const auto steps = static_cast<double>(config->Steps());
  options["warmup_steps"] = std::llround(start * steps);
  options["ramp_steps"] = std::llround((end - start) * steps);
}

void ReadNormalizer(const Json& json, TrainConfig* config) {
  const std::string pointer = "/normalizer";
  if (!json.is_object()) throw ConfigError(pointer, json.dump() + ", expected an object");
  NormalizerSpec& spec = config->normalizer;
  if (!json.contains("name") || !json["name"].is_string()) {
    throw ConfigError(pointer, "\"name\" is missing, expected a normalizer's name");
  }
  spec.name = json["name"].get<std::string>();
  spec.options = json;
  spec.options.erase("name");
  if (const auto backend = json.find("backend"); backend != json.end()) {
    if (*backend != "native" && *backend != "onednn") {
      throw ConfigError(pointer + "/backend",
                        backend->dump() + ", expected \"native\" or \"onednn\"");
    }
    spec.backend = backend->get<std::string>();
    spec.options.erase("backend");
  }
  if (spec.options.contains("normalization_batch_size")) {
    throw ConfigError(pointer + "/normalization_batch_size",
                      "expected beside batch_size at the top of the config");
  }
  if (spec.options.contains("activation")) {
    throw ConfigError(
        pointer + "/activation",
        "expected in the network, as network.activation, which is fused where it can");
  }
  if (spec.name == "batch_renorm" && spec.options.contains("ramp")) ResolveRamp(config);
  if (spec.name == "weight" && spec.options.contains("init_samples")) {
    config->init_samples =
        RequireInteger(spec.options["init_samples"], 0, pointer + "/init_samples");
    spec.options.erase("init_samples");
  }
  config->normalizer_crosses_samples =
      HasOption(spec.name, "normalization_batch_size") ||
      (spec.name == "weight" && spec.options.value("mean_only_batch", Json()) == Json(true));
  if (config->normalizer_crosses_samples && config->normalization_batch_size) {
    spec.options["normalization_batch_size"] = *config->normalization_batch_size;
  }
}

void CheckSizes(const TrainConfig& config) {
  if (config.StepsPerEpoch() < 1) {
    throw ConfigError("/batch_size", std::to_string(config.batch_size) + ", expected at most the " +
                                         std::to_string(config.dataset.TrainSamples()) +
                                         " training samples");
  }
  if (!config.normalization_batch_size) return;
  const int64_t b = *config.normalization_batch_size;
  const auto must_divide = [&](int64_t n, const char* pointer, const char* what) {
    if (n % b != 0) {
      throw ConfigError(pointer, std::to_string(b) + " does not divide " + what + " of " +
                                     std::to_string(n) + ", which normalization_batch_size must");
    }
  };
  must_divide(config.batch_size, "/normalization_batch_size", "the batch size");
  if (config.measure.percentiles && config.dataset.ValidationSamples() < b) {
    throw ConfigError("/measure/percentiles", "true, expected at least the " + std::to_string(b) +
                                                  " validation samples of a normalization batch");
  }
  if (!config.normalizer_crosses_samples) return;
  must_divide(config.recompute_batch_size.value_or(config.batch_size), "/recompute/batch_size",
              "the batch size");
  must_divide(config.LastBatchSize(), "/training/drop_last", "the last batch");
}

// Whether a normalizer can be at a place depends on the channels, and on how many values share
// statistics only as far as it is 1 or more: two positions, samples and sub-batches stand for any
// number, so that what is only looked at stays small.
class Miniature {
 public:
  explicit Miniature(const TrainConfig& config) : spec(config.normalizer) {
    if (!config.normalizer_crosses_samples || !config.normalization_batch_size) return;
    size_ = *config.normalization_batch_size;
    spec.options["normalization_batch_size"] = std::min<int64_t>(size_, 2);
  }
  int64_t Samples(int64_t n) const {
    return std::min<int64_t>(size_, 2) * std::min<int64_t>(n / size_, 2);
  }
  static FeatureShape Of(const FeatureShape& shape) {
    return {shape.channels, 1, std::min<int64_t>(shape.Spatial(), 2)};
  }

  NormalizerSpec spec;

 private:
  int64_t size_ = 1;  // of a sub-batch, which divides every batch (CheckSizes)
};

}  // namespace

int64_t TrainConfig::StepsPerEpoch() const {
  const int64_t samples = dataset.TrainSamples();
  return drop_last ? samples / batch_size : (samples + batch_size - 1) / batch_size;
}

int64_t TrainConfig::LastBatchSize() const {
  const int64_t rest = dataset.TrainSamples() % batch_size;
  return drop_last || rest == 0 ? batch_size : rest;
}

double TrainConfig::PeakLearningRate() const {
  if (!reference_batch_size) return learning_rate;
  return learning_rate * static_cast<double>(batch_size) /
         static_cast<double>(*reference_batch_size);
}

Schedule TrainConfig::MakeSchedule() const {
  return {.kind = schedule,
          .peak = PeakLearningRate(),
          .warmup_steps = std::llround(warmup_fraction * static_cast<double>(Steps())),
          .steps = Steps()};
}

NetworkOptions TrainConfig::MakeNetworkOptions() const {
  return {.network = network,
          .normalizer = normalizer,
          .input = dataset.Shape(),
          .classes = dataset.Classes(),
          .seed = static_cast<uint64_t>(seed)};
}

TrainConfig ReadTrainConfig(const Json& resolved_case) {
  TrainConfig config;
  ConfigReader reader(resolved_case, "");
  for (const char* key : {"dataset", "network", "normalizer"}) reader.Require(key);
  config.dataset = ReadDatasetConfig(*reader.Any("dataset"), "/dataset");
  config.network = ReadNetworkConfig(*reader.Any("network"), "/network");
  ReadTraining(ObjectOrEmpty(&reader, "training"), &config);
  config.measure = ReadMeasureConfig(ObjectOrEmpty(&reader, "measure"), config.network);
  ConfigReader recompute(ObjectOrEmpty(&reader, "recompute"), "/recompute");
  recompute.Integer("samples", &config.recompute_samples, 1);
  recompute.Integer("batch_size", &config.recompute_batch_size, 1);
  recompute.Finish();
  reader.Integer("batch_size", &config.batch_size, 1);
  reader.Integer("normalization_batch_size", &config.normalization_batch_size, 1);
  reader.Integer("seed", &config.seed, 0);
  ReadNormalizer(*reader.Any("normalizer"), &config);
  reader.Any("experiment");
  reader.Finish();
  CheckSizes(config);
  return config;
}

void CheckNormalizers(const TrainConfig& config) {
  try {
    const Miniature miniature(config);
    const Slot slot(miniature.spec, config.network);
    if (config.spectral_penalty > 0 && slot.WrapsWeight()) {
      throw ConfigError("/training/spectral_penalty",
                        "of a network whose weights \"" + config.normalizer.name +
                            "\" normalizes, expected 0: the penalty is on the trained weights");
    }
    for (const FeatureShape& whole : SlotShapes(config.network, config.dataset.Shape())) {
      const FeatureShape shape = Miniature::Of(whole);
      if (slot.WrapsWeight()) slot.MakeForWeight({shape.channels, 1, 1, Layout::kChannelsFirst});
      if (!slot.BeforeActivation() && !slot.AfterActivation()) continue;
      const auto normalizer = slot.MakeForActivation(shape, true);
      for (const int64_t n : {config.batch_size, config.LastBatchSize()}) {
        const Shape batch{miniature.Samples(n), shape.channels, shape.Spatial(),
                          Layout::kChannelsLast};
        FloatBuffer x(batch.Elements());
        normalizer->Forward(Mode::kTrain, ConstTensorView(x.data(), batch),
                            TensorView(x.data(), batch));
        if (n == config.LastBatchSize()) break;
      }
    }
  } catch (const OptionError& e) {
    const std::string prefix =
        e.pointer() == "/normalization_batch_size" ? std::string() : "/normalizer";
    throw ConfigError(prefix + e.pointer(), e.message());
  } catch (const UnknownNameError& e) {
    throw ConfigError("/normalizer/name", e.what());
  } catch (const ConfigError&) {
    throw;
  } catch (const Error& e) {
    throw ConfigError("/normalizer", std::string(e.what()) + " (in this network, at batch size " +
                                         std::to_string(config.batch_size) + ")");
  }
}

}  // namespace normsweep
