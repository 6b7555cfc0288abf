#include "grant/rules.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/path.h"

namespace nacre::grant {
namespace {

bool is_path(Kind kind) { return info_of(kind).shape == Shape::path; }

// Whether the rule is about what the request wants of this path: for whole directories that move,
// every part must be.
bool applies_to_path(const Rule& rule, const Request& request) {
  bool at_or_above =
      rule.kind == Kind::dir ? is_beneath(request.object, rule.path) : request.object == rule.path;
  if (!at_or_above || (rule.rights & request.rights) == Rights::none) return false;
  bool moves = request.subtree && request.is_directory;
  return !rule.allow || !moves || rule.kind == Kind::dir;
}

// Whether the request would change where the names lead that a denial was said by: then what is
// denied would be reached by another name, or the next run would deny something else. Directories
// on the way are neither moved nor removed, nor made as something else while they are missing;
// links on the way stay what they are.
bool changes_way(const Rule& denial, const Request& request) {
  bool makes = request.missing && includes(request.rights, Rights::create);
  bool moves = request.subtree && request.is_directory;
  if (!makes && !moves && !request.removes) return false;
  auto leads_on = [&](const std::string& link) { return is_beneath(link, request.object); };
  return std::ranges::any_of(denial.links, leads_on) ||
         (denial.path != request.object && is_beneath(denial.path, request.object));
}

// What a request about the network is about: the object, and the same by its names.
struct Ends {
  EndpointPattern itself;
  std::vector<EndpointPattern> by_name;
  std::vector<EndpointPattern> by_trusted_name;  // for which allowing a name is enough
  bool listens = false;

  static Result<Ends> of(const Request& request) {
    Ends ends;
    bool is_host = info_of(request.kind).shape == Shape::host;
    ends.itself = TRY(is_host ? EndpointPattern::parse_host(request.object)
                              : EndpointPattern::parse(request.object));
    ends.listens = request.kind == Kind::listen;
    const IpAddress* address = ends.itself.address();
    for (const std::string& name : request.names) {
      ends.by_name.push_back(ends.itself.with_name(name));
      bool trusted = address != nullptr && may_stand_for(name, *address, request.stays_here);
      if (trusted) ends.by_trusted_name.push_back(ends.by_name.back());
    }
    return ends;
  }
  bool covered_by(const Rule& rule) const {
    auto covers = [&](const EndpointPattern& end) { return rule.endpoint.covers(end); };
    if (covers(itself)) return true;
    if (rule.allow) return std::ranges::any_of(by_trusted_name, covers);
    // Every name that leads there is denied.
    return rule.endpoint.covers_carried(itself) || (listens && rule.endpoint.covers_part(itself)) ||
           std::ranges::any_of(by_name, covers);
  }
};

bool applies_to_network(const Rule& rule, const Request& request, const Ends& ends) {
  if (rule.kind == request.kind) return ends.covered_by(rule);
  bool implies_lookup = rule.kind == Kind::net && request.kind == Kind::lookup &&
                        (rule.allow || rule.endpoint.has_every_port());
  return implies_lookup && rule.endpoint.covers_host(ends.itself);
}

bool applies(const Rule& rule, const Request& request, const std::optional<Ends>& ends) {
  if (is_path(rule.kind) || is_path(request.kind)) {
    return is_path(rule.kind) && is_path(request.kind) &&
           (applies_to_path(rule, request) || (!rule.allow && changes_way(rule, request)));
  }
  if (ends) return applies_to_network(rule, request, *ends);
  if (rule.kind != request.kind) return false;
  return info_of(rule.kind).shape != Shape::variable || matches_name(rule, request.object);
}

uint64_t narrowness(const Rule& rule) {
  switch (info_of(rule.kind).shape) {
    case Shape::path:
      return rule.path.size() * 2 + (rule.kind == Kind::file ? 1 : 0);
    case Shape::variable:
      return rule.name.size() * 2 + (rule.name.find('*') == std::string::npos ? 1 : 0);
    case Shape::endpoint:
    case Shape::host:
      return rule.endpoint.narrowness();
    default:
      return 0;
  }
}

}  // namespace

void RuleSet::add_all(std::vector<Rule> rules) {
  rules_.insert(rules_.end(), std::make_move_iterator(rules.begin()),
                std::make_move_iterator(rules.end()));
}

Verdict RuleSet::evaluate(const Request& request) const {
  Shape shape = info_of(request.kind).shape;
  std::optional<Ends> ends;
  if (shape == Shape::endpoint || shape == Shape::host) {
    auto parsed = Ends::of(request);
    // What cannot be read matches nothing, so only a default could allow it.
    if (!parsed) return {Verdict::denied, nullptr};
    ends = std::move(*parsed);
  }
  const Rule* denier = nullptr;
  const Rule* allower = nullptr;
  Rights missing = shape == Shape::path ? request.rights : Rights::none;
  auto narrower = [](const Rule* old, const Rule& rule) {
    return old == nullptr || narrowness(rule) > narrowness(*old);
  };
  for (const Rule& rule : rules_) {
    if (!applies(rule, request, ends)) continue;
    if (rule.allow) {
      missing = missing - rule.rights;
      if (narrower(allower, rule)) allower = &rule;
    } else if (narrower(denier, rule)) {
      denier = &rule;
    }
  }
  if (denier != nullptr) return {Verdict::denied, denier};
  if (allower != nullptr && missing == Rights::none) return {Verdict::allowed, allower};
  return {};
}

bool RuleSet::restricts(std::string_view host_directory) const {
  for (const Rule& rule : rules_) {
    if (rule.allow || !rule.is_path()) continue;
    bool above = rule.kind == Kind::dir && is_beneath(host_directory, rule.path);
    auto below = [&](const std::string& path) { return is_beneath(path, host_directory); };
    if (above || below(rule.path) || std::ranges::any_of(rule.links, below)) return true;
  }
  return false;
}

const Rule* RuleSet::limit(Kind kind) const {
  const Rule* smallest = nullptr;
  for (const Rule& rule : rules_) {
    if (rule.kind != kind) continue;
    if (smallest == nullptr || rule.amount < smallest->amount) smallest = &rule;
  }
  return smallest;
}

std::string subject_of(const Request& request) {
  std::string object(request.object);
  if (request.names.empty()) return object;
  auto endpoint = EndpointPattern::parse(object);
  if (!endpoint || endpoint->address() == nullptr) return object;
  for (const std::string& name : request.names) {
    if (!may_stand_for(name, *endpoint->address(), request.stays_here)) continue;
    size_t host = object.find("://") + 3;
    return object.substr(0, host) + name + object.substr(object.rfind(':'));
  }
  return object;
}

bool covers(const Rule& wide, const Rule& narrow) {
  if (wide.allow != narrow.allow) return false;
  if (wide.is_path() && narrow.is_path()) {
    if (!includes(wide.rights, narrow.rights)) return false;
    if (wide.kind == Kind::dir) return is_beneath(narrow.path, wide.path);
    return narrow.kind == Kind::file && narrow.path == wide.path;
  }
  if (wide.kind != narrow.kind) return false;
  switch (info_of(wide.kind).shape) {
    case Shape::variable:
      return wide.name == narrow.name
                 ? wide.value == narrow.value
                 : !wide.value && !narrow.value && matches_name(wide, narrow.name) &&
                       narrow.name.find('*') == std::string::npos;
    case Shape::endpoint:
    case Shape::host:
      return wide.endpoint.covers(narrow.endpoint);
    case Shape::on_off:
      return true;
    default:
      return wide.allow ? wide.amount >= narrow.amount : false;
  }
}

}  // namespace nacre::grant
