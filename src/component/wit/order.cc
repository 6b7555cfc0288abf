#include "component/wit/order.h"

#include <functional>
#include <queue>

namespace nacre::component::wit {

std::expected<std::vector<size_t>, Reference> order_by_references(
    const std::vector<std::vector<Reference>>& references) {
  size_t count = references.size();
  std::vector<size_t> missing(count);
  std::vector<std::vector<size_t>> referring(count);
  for (size_t i = 0; i < count; ++i) {
    missing[i] = references[i].size();
    for (const Reference& reference : references[i]) referring[reference.to].push_back(i);
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < count; ++i) {
    if (missing[i] == 0) ready.push(i);
  }
  std::vector<size_t> order;
  order.reserve(count);
  while (!ready.empty()) {
    size_t next = ready.top();
    ready.pop();
    order.push_back(next);
    for (size_t i : referring[next]) {
      if (--missing[i] == 0) ready.push(i);
    }
  }
  if (order.size() == count) return order;

  // Whatever is left refers to something that is left: following that leads into a circle.
  auto left_reference = [&](size_t from) {
    for (const Reference& reference : references[from]) {
      if (missing[reference.to] != 0) return reference;
    }
    return Reference{from, 0};
  };
  size_t at = 0;
  while (missing[at] == 0) ++at;
  for (size_t step = 0; step < count; ++step) at = left_reference(at).to;
  return std::unexpected(left_reference(at));
}

}  // namespace nacre::component::wit
