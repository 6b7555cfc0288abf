// nacre-fuzz-policy: looks for policies that Nacre reads wrongly. Built with sanitizers by ./dev
// fuzz.
//
//   nacre-fuzz-policy [--seed N] [--count N] [--seconds N] [--show]
//
// Each seed makes a policy, damages it or not, and reads it. One with problems must not be used; of
// one without, every verdict is held against a second, simpler reading of the rules, against the
// same policy written and read back, and against ones with a denial more or a grant less, which may
// allow nothing more. Remembered decisions and patterns of endpoints likewise. A finding ends the
// run with 1.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "../budget.h"
#include "../random.h"
#include "grant/policy_file.h"
#include "grant/rules.h"
#include "policy/store.h"

namespace nacre::fuzz {
namespace {

using grant::EndpointPattern;
using grant::Kind;
using grant::PolicyFile;
using grant::Request;
using grant::Rights;
using grant::Rule;
using grant::RuleSet;
using grant::Verdict;

// Below a place that does not exist, so that no link of this machine has a part in it.
const grant::Place kPlace{way_by_words, "/nacre-fuzz/here", "/nacre-fuzz/home"};

constexpr std::string_view kWords[] = {"a",  "b",     "ab",      "a b", "..", ".",  "",
                                       "ro", "read",  "*",       "ä",   ":",  "::", "a:ro",
                                       "~",  "x\\ty", "\\u202e", "a/b", "[",  "'"};
constexpr std::string_view kHosts[] = {
    "a.example", "b.a.example", "example", "*.example", "*",     "10.0.0.0/8",      "10.1.2.3",
    "::1",       "[::1]",       "::/0",    "0.0.0.0/0", "1.2.3", "::ffff:10.1.2.3", "10.0.0.1/8"};
constexpr std::string_view kPorts[] = {"", ":80", ":*", ":1-100", ":0", ":65535", ":65536", ":2-1"};
constexpr std::string_view kSuffixes[] = {
    "", ":ro", ":read", ":write", ":create", ":read+write", ":read+read", "::/g", "::g:ro", ":rw"};
constexpr std::string_view kNames[] = {"A",       "B", "AB",  "A_TOKEN", "A*",
                                       "*_TOKEN", "*", "A=1", "=",       ""};

std::string pick(Random& random, std::span<const std::string_view> from) {
  return std::string(random.pick(from));
}

std::string path_text(Random& random) {
  std::string text = random.one_in(3) ? "" : "/";
  for (uint32_t i = random.below(4); i != 0; --i) text += pick(random, kWords) + "/";
  return text + pick(random, kWords);
}

std::string value_text(Random& random, grant::Shape shape) {
  switch (shape) {
    case grant::Shape::path:
      return path_text(random) + pick(random, kSuffixes);
    case grant::Shape::variable:
      return pick(random, kNames);
    case grant::Shape::endpoint:
      return (random.one_in(4) ? "tcp://" : "") + pick(random, kHosts) + pick(random, kPorts);
    case grant::Shape::host:
      return pick(random, kHosts);
    default:
      return std::to_string(random.interesting()) + (random.one_in(2) ? "M" : "s");
  }
}

// Rules about few paths, all well formed: many of them meet.
std::string tame_policy_text(Random& random) {
  static constexpr std::string_view kFew[] = {"a", "b", "ab", "a:ro", "ä"};
  static constexpr std::string_view kGood[] = {"", ":read", ":write", ":create", ":read+write"};
  std::string text;
  for (const char* table : {"allow", "deny"}) {
    text += std::string("[") + table + "]\n";
    for (const char* kind : {"dir", "file"}) {
      text += std::string(kind) + " = [";
      for (uint32_t i = random.below(4); i != 0; --i) {
        std::string path = random.one_in(2) ? "/nacre-fuzz" : "";
        for (uint32_t depth = 1 + random.below(3); depth != 0; --depth) {
          path += (path.empty() ? "" : "/") + pick(random, kFew);
        }
        text += "\"" + path + pick(random, kGood) + "\", ";
      }
      text += "]\n";
    }
  }
  return text;
}

std::string policy_text(Random& random) {
  std::string text;
  for (const char* table : {"allow", "deny"}) {
    text += std::string("[") + table + "]\n";
    for (const grant::KindInfo& info : grant::kinds()) {
      if (!random.one_in(3)) continue;
      text += std::string(info.name) + " = ";
      if (info.shape == grant::Shape::on_off) {
        text += random.one_in(4) ? "false\n" : "true\n";
        continue;
      }
      text += "[";
      for (uint32_t i = random.below(4); i != 0; --i) {
        text += "\"" + value_text(random, info.shape) + "\", ";
      }
      text += "]\n";
    }
  }
  return text;
}

void damage(std::string& text, Random& random) {
  for (uint32_t times = 1 + random.below(4); times != 0 && !text.empty(); --times) {
    size_t at = random.below(static_cast<uint32_t>(text.size()));
    switch (random.below(4)) {
      case 0:
        text[at] = static_cast<char>(random.next());
        break;
      case 1:
        text.erase(at, 1 + random.below(8));
        break;
      case 2:
        text.insert(at, std::string(random.one_in(50) ? 70'000 : 1 + random.below(4),
                                    "[]{}\"'=,.\n\\#:*"[random.below(15)]));
        break;
      default:
        text.insert(at, text.substr(random.below(static_cast<uint32_t>(text.size())), 20));
    }
  }
}

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> words;
  std::string word;
  for (char c : path) {
    if (c != '/') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, ""));
    }
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

// The second reading: a path is about a rule if its words begin with the rule's.
bool is_about(const Rule& rule, const Request& request) {
  if (!rule.is_path()) return false;
  auto top = components(rule.path);
  auto words = components(request.object);
  if (rule.kind == Kind::file) return top == words;
  return top.size() <= words.size() && std::equal(top.begin(), top.end(), words.begin());
}

Verdict::Answer second_reading(const RuleSet& rules, const Request& request) {
  uint8_t left = static_cast<uint8_t>(request.rights);
  for (const Rule& rule : rules.rules()) {
    auto both = static_cast<uint8_t>(rule.rights & request.rights);
    if (!is_about(rule, request) || both == 0) continue;
    if (!rule.allow) return Verdict::denied;
    left &= static_cast<uint8_t>(~both);
  }
  return left == 0 ? Verdict::allowed : Verdict::undecided;
}

class Fuzzer {
 public:
  Fuzzer(std::string scratch, bool show) : scratch_(std::move(scratch)), show_(show) {}
  bool found() const { return found_; }
  uint64_t accepted() const { return accepted_; }

  void run(uint64_t seed) {
    seed_ = seed;
    Random random(seed);
    std::string text = random.one_in(2) ? tame_policy_text(random) : policy_text(random);
    if (random.one_in(3)) damage(text, random);
    if (show_) std::printf("%s\n", text.c_str());
    std::fflush(stdout);
    PolicyFile file = grant::parse_policy(text, "p", kPlace);
    for (const grant::Problem& problem : file.problems) {
      if (problem.line == 0 || problem.column == 0) report("a problem without a place", text);
    }
    if (file.problems.empty()) {
      ++accepted_;
      check_policy(file, text, random);
    }
    check_endpoints(random);
    if (seed % 8 == 0) check_store(random);
  }

 private:
  void report(const std::string& what, const std::string& text) {
    std::printf("seed %llu: %s:\n%s\n", static_cast<unsigned long long>(seed_), what.c_str(),
                text.c_str());
    found_ = true;
  }

  static std::vector<std::string> objects(const PolicyFile& file, Random& random) {
    std::vector<std::string> paths = {"/", "/nacre-fuzz/here/a", "/nacre-fuzz/home"};
    for (const Rule& rule : file.rules) {
      if (!rule.is_path()) continue;
      paths.push_back(rule.path);
      paths.push_back(rule.path + (rule.path == "/" ? "a" : "/a"));
      paths.push_back(rule.path + "b");
      paths.push_back(rule.path.substr(0, std::max<size_t>(1, rule.path.rfind('/'))));
    }
    if (paths.size() > 24) paths.resize(24);
    std::swap(paths[0], paths[random.below(static_cast<uint32_t>(paths.size()))]);
    return paths;
  }

  void check_policy(const PolicyFile& file, const std::string& text, Random& random) {
    RuleSet rules;
    rules.add_all(file.rules);
    PolicyFile again = grant::parse_policy(grant::write_policy(file.rules, "x"), "p", kPlace);
    if (!again.problems.empty()) {
      return report("what was written cannot be read: " + again.problems[0].message, text);
    }
    RuleSet written;
    written.add_all(again.rules);
    RuleSet stricter;
    for (const Rule& rule : file.rules) {
      if (!rule.allow || !random.one_in(3)) stricter.add(rule);
    }
    auto more = grant::parse_rule(Kind::dir, path_text(random), false, kPlace);
    if (more) stricter.add(*more);
    for (const std::string& object : objects(file, random)) {
      Request request{
          .kind = Kind::file, .object = object, .rights = static_cast<Rights>(1 + random.below(7))};
      Verdict::Answer answer = rules.evaluate(request).answer;
      if (answer != second_reading(rules, request)) {
        return report("\"" + object + "\" is read in two ways", text);
      }
      if (written.evaluate(request).answer != answer) {
        return report("\"" + object + "\" differs once written", text);
      }
      if (stricter.evaluate(request).answer == Verdict::allowed && answer != Verdict::allowed) {
        return report("\"" + object + "\" is allowed by less", text);
      }
      request.is_directory = request.subtree = true;
      if (rules.evaluate(request).answer == Verdict::allowed && answer != Verdict::allowed) {
        return report("\"" + object + "\" may be moved but not used", text);
      }
    }
  }

  void check_endpoints(Random& random) {
    std::string texts[3];
    std::optional<EndpointPattern> patterns[3];
    for (int i = 0; i < 3; ++i) {
      texts[i] = value_text(random, grant::Shape::endpoint);
      if (random.one_in(4)) damage(texts[i], random);
      auto parsed = EndpointPattern::parse(texts[i]);
      if (parsed) patterns[i] = *parsed;
    }
    std::string all = texts[0] + "\n" + texts[1] + "\n" + texts[2];
    for (const auto& pattern : patterns) {
      if (!pattern) continue;
      if (!pattern->covers(*pattern)) report("a pattern that does not cover itself", all);
    }
    if (!patterns[0] || !patterns[1] || !patterns[2]) return;
    if (patterns[0]->covers(*patterns[1]) && patterns[1]->covers(*patterns[2]) &&
        !patterns[0]->covers(*patterns[2])) {
      report("covering does not carry over", all);
    }
  }

  // A damaged file of decisions is refused, or says nothing that the undamaged one did not allow.
  void check_store(Random& random) {
    std::filesystem::remove(scratch_);
    policy::Store store(scratch_);
    auto made = store.change([&](grant::Decisions& all) -> Result<void> {
      all.modules.push_back({.digest = "sha256:00", .place = "/p", .size_bytes = 1});
      for (int i = 0; i < 3; ++i) {
        auto rule = grant::parse_rule(Kind::file, path_text(random), random.one_in(2), kPlace);
        if (rule) grant::decide(all.modules[0].decisions, {.rule = *rule});
      }
      return {};
    });
    if (!made) return report("cannot be kept: " + made.error().to_string(), scratch_);
    auto whole = store.load();
    if (!whole) return report("cannot be read: " + whole.error().to_string(), scratch_);
    std::ifstream in(scratch_, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    text.resize(random.below(static_cast<uint32_t>(text.size() + 1)));
    std::ofstream(scratch_, std::ios::binary | std::ios::trunc) << text;
    auto cut = store.load();
    if (!cut || cut->modules.empty()) return;
    for (const grant::StoredDecision& decision : cut->modules[0].decisions) {
      if (!decision.rule.allow || known(*whole, decision.rule)) continue;
      report("a file that was cut off allows more", text);
    }
  }

  static bool known(const grant::Decisions& all, const Rule& rule) {
    for (const grant::ModuleDecisions& module : all.modules) {
      for (const grant::StoredDecision& decision : module.decisions) {
        if (grant::covers(decision.rule, rule)) return true;
      }
    }
    return false;
  }

  std::string scratch_;
  bool show_;  // each policy, before it is read
  uint64_t seed_ = 0;
  uint64_t accepted_ = 0;
  bool found_ = false;
};

}  // namespace
}  // namespace nacre::fuzz

int main(int argc, char** argv) {
  nacre::fuzz::Budget budget(argc, argv);
  uint64_t seed = budget.first_seed();
  bool show = argc % 2 == 0 && std::strcmp(argv[argc - 1], "--show") == 0;
  // In memory, where there is such a place: decisions are written durably.
  std::filesystem::path place = std::filesystem::temp_directory_path();
  if (std::filesystem::is_directory("/dev/shm")) place = "/dev/shm";
  std::string folder = place / "nacre-fuzz-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 2;
  nacre::fuzz::Fuzzer fuzzer(folder + "/permissions.toml", show);
  uint64_t done = 0;
  for (; !fuzzer.found() && !budget.is_spent(done); ++done) fuzzer.run(seed + done);
  std::filesystem::remove_all(folder);
  std::printf("policy: %llu from seed %llu, %llu accepted, %d findings\n",
              static_cast<unsigned long long>(done), static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(fuzzer.accepted()), fuzzer.found() ? 1 : 0);
  return fuzzer.found() ? 1 : 0;
}
