// Mutates JSON as a tree, since nearly every change of its bytes only makes a syntax error.
#pragma once

#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace normsweep {

class JsonMutator {
 public:
  explicit JsonMutator(unsigned seed) : random_(seed) {}

  // One node removed, doubled, put in place of another or replaced by a value from the edges.
  void Mutate(nlohmann::ordered_json* root) {
    std::vector<Json*> nodes;
    Collect(root, &nodes);
    Json* node = nodes[Below(nodes.size())];
    switch (Below(5)) {
      case 0: *node = Edge(); break;
      case 1: *node = Json(*nodes[Below(nodes.size())]); break;
      case 2: Remove(node); break;
      case 3: Add(node, Json(*nodes[Below(nodes.size())])); break;
      default: Nudge(node);
    }
  }

 private:
  using Json = nlohmann::ordered_json;

  size_t Below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }

  // Of a child. An object's iterator takes steps of one only.
  Json::iterator Any(Json* node) {
    return std::next(node->begin(), static_cast<std::ptrdiff_t>(Below(node->size())));
  }

  static void Collect(Json* node, std::vector<Json*>* nodes) {
    nodes->push_back(node);
    if (!node->is_structured()) return;
    for (Json& child : *node) Collect(&child, nodes);
  }

  Json Edge() {
    const std::vector<Json> edges = {nullptr,
                                     true,
                                     false,
                                     0,
                                     1,
                                     2,
                                     -1,
                                     3,
                                     7,
                                     INT64_MAX,
                                     INT64_MIN,
                                     UINT64_MAX,
                                     1 << 30,
                                     1e300,
                                     0.5,
                                     1e-320,
                                     -0.0,
                                     1e18,
                                     "",
                                     "..",
                                     "../../x",
                                     "a/b",
                                     Json::array(),
                                     Json::object()};
    return edges[Below(edges.size())];
  }

  void Remove(Json* node) {
    if (!node->is_structured() || node->empty()) return;
    node->erase(Any(node));
  }

  void Add(Json* node, Json value) {
    if (node->is_array()) node->push_back(std::move(value));
    if (node->is_object() && !node->empty()) {
      const std::string key = Any(node).key();
      (*node)[key] = std::move(value);
    }
  }

  void Nudge(Json* node) {
    if (node->is_number_float()) {
      *node = node->get<double>() * (Below(2) == 0 ? -1 : 1e3);
    } else if (node->is_number()) {
      *node = static_cast<int64_t>(node->get<uint64_t>() + Below(17) - 8);
    } else if (node->is_boolean()) {
      *node = !node->get<bool>();
    } else if (node->is_string()) {
      auto text = node->get<std::string>();
      text.insert(Below(text.size() + 1), 1, "./\\ ~\nA0"[Below(8)]);
      *node = text;
    }
  }

  std::minstd_rand random_;
};

}  // namespace normsweep
