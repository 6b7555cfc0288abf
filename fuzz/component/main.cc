// nacre-fuzz-component: looks for components that Nacre handles wrongly. Built with sanitizers by
// ./dev fuzz.
//
//   nacre-fuzz-component [--seed N] [--count N] [--seconds N] [--dump DIR] [--components DIR]
//
// Each seed takes a valid component, of seeds.h or of the files in --components, and damages the
// contents of some of its sections, with sizes that fit, so that what is inside of them is reached.
// What can still be decoded must come back from the encoder, and from its text, as the same
// definitions with the same verdict; whatever it is, nothing may crash or take long. --dump writes
// each case to N.wasm and its verdict to verdicts.txt, for second_opinion.py. A finding is saved and
// ends the run with 1.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "../budget.h"
#include "../random.h"
#include "component/binary/decoder.h"
#include "component/binary/encoder.h"
#include "component/text/name_section.h"
#include "component/text/parser.h"
#include "component/text/printer.h"
#include "component/validate/validate.h"
#include "seeds.h"
#include "wasm/binary/decoder.h"
#include "wasm/reader.h"
#include "wasm/validate/validate.h"

namespace nacre::fuzz {
namespace {

using component::Component;
using ByteVector = std::vector<uint8_t>;

constexpr size_t kHeaderBytes = 8;
constexpr uint8_t kComponentSection = 4;

void append_leb(ByteVector& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

// Changes a few bytes, mostly to small numbers, which are indices and codes.
void damage_bytes(ByteVector& bytes, Random& random) {
  for (uint32_t times = 1 + random.below(3); times != 0 && !bytes.empty(); --times) {
    auto at = bytes.begin() + random.below(static_cast<uint32_t>(bytes.size()));
    switch (random.below(6)) {
      case 0:
        *at = static_cast<uint8_t>(random.next());
        break;
      case 1:
        bytes.erase(at);
        break;
      case 2:
        bytes.insert(at, static_cast<uint8_t>(random.below(8)));
        break;
      case 3:
        *at = static_cast<uint8_t>(*at + (random.one_in(2) ? 1 : -1));
        break;
      default:
        *at = static_cast<uint8_t>(random.below(16));
    }
  }
}

struct Section {
  uint8_t id = 0;
  ByteVector payload;
};

std::vector<Section> split(Bytes component) {
  std::vector<Section> sections;
  wasm::Reader reader(component.subspan(kHeaderBytes));
  while (reader.ok() && !reader.at_end()) {
    uint8_t id = reader.u8();
    Bytes payload = reader.bytes(reader.u32());
    sections.push_back({id, {payload.begin(), payload.end()}});
  }
  return sections;
}

ByteVector damaged(Bytes component, Random& random, int depth = 0) {
  std::vector<Section> sections = split(component);
  for (uint32_t times = 1 + random.below(2); times != 0 && !sections.empty(); --times) {
    auto at = random.below(static_cast<uint32_t>(sections.size()));
    Section& section = sections[at];
    if (random.one_in(12)) {
      sections.insert(sections.begin() + at, sections[at]);
    } else if (random.one_in(16)) {
      std::swap(section, sections[random.below(static_cast<uint32_t>(sections.size()))]);
    } else if (random.one_in(16)) {
      sections.erase(sections.begin() + at);
    } else if (section.id == kComponentSection && depth < 4 &&
               section.payload.size() >= kHeaderBytes) {
      section.payload = damaged(section.payload, random, depth + 1);
    } else {
      damage_bytes(section.payload, random);
    }
  }
  ByteVector out(component.begin(), component.begin() + kHeaderBytes);
  for (const Section& section : sections) {
    out.push_back(section.id);
    append_leb(out, section.payload.size());
    out.insert(out.end(), section.payload.begin(), section.payload.end());
  }
  return out;
}

// What text does not keep is taken out: names, and how modules write their numbers.
void simplify(component::Definitions& definitions) {
  std::erase_if(definitions, [](const component::Definition& definition) {
    const auto* custom = std::get_if<component::CustomSection>(&definition.content);
    return custom != nullptr && custom->name == component::kComponentNameSection;
  });
  for (component::Definition& definition : definitions) {
    if (auto* module = std::get_if<component::CoreModule>(&definition.content)) module->bytes = {};
    if (auto* nested = std::get_if<component::NestedComponent>(&definition.content)) {
      simplify(nested->definitions);
    }
  }
}

class Case {
 public:
  explicit Case(ByteVector bytes) : bytes_(std::move(bytes)) {
    features_ = component::Features::all();
  }

  // What is wrong; empty: all is well.
  std::string check() {
    Result<Component> decoded = component::decode(bytes_, nullptr, features_.core);
    if (!decoded) {
      verdict_ = "malformed: " + decoded.error().to_string();
      return {};
    }
    verdict_ = verdict_of(*decoded);
    ByteVector encoded = component::encode(*decoded);
    Result<Component> again = component::decode(encoded, nullptr, features_.core);
    if (!again) return "what was encoded is not decoded: " + again.error().to_string();
    if (component::encode(*again) != encoded) return "encoding is not stable";
    if (verdict_of(*again).substr(0, 5) != verdict_.substr(0, 5)) return "the verdict changes";
    // The text of a module that is not valid may not be one of a module.
    return modules_are_valid(decoded->definitions) ? check_text(*decoded) : "";
  }
  const ByteVector& bytes() const { return bytes_; }
  const std::string& verdict() const { return verdict_; }

 private:
  std::string verdict_of(const Component& component) const {
    wasm::TypeRegistry registry;
    auto valid = component::validate_component(component, features_, registry);
    return valid ? "valid" : valid.error().to_string();
  }

  bool modules_are_valid(const component::Definitions& definitions) const {
    wasm::TypeRegistry registry;
    for (const component::Definition& definition : definitions) {
      if (const auto* nested = std::get_if<component::NestedComponent>(&definition.content)) {
        if (!modules_are_valid(nested->definitions)) return false;
      }
      const auto* module = std::get_if<component::CoreModule>(&definition.content);
      if (module == nullptr) continue;
      Result<wasm::Module> decoded = wasm::decode(module->bytes, nullptr, features_.core);
      if (!decoded) continue;  // printed as its bytes
      if (!wasm::validate_module(*decoded, features_.core, registry, {.threads = 1})) return false;
    }
    return true;
  }

  std::string check_text(Component& decoded) const {
    Result<std::string> text = component::print_component(decoded, features_.core);
    if (!text) return text.error().code() == ErrorCode::limit ? "" : text.error().to_string();
    Result<Component> parsed = component::parse_component(*text, features_.core);
    if (!parsed) {
      if (parsed.error().code() == ErrorCode::limit) return {};
      return "its text is not parsed: " + parsed.error().to_string() + "\n" + *text;
    }
    std::string verdict = verdict_of(*parsed);
    if (verdict.substr(0, 5) != verdict_.substr(0, 5)) {
      return "its text has another verdict: " + verdict_ + " / " + verdict + "\n" + *text;
    }
    simplify(decoded.definitions);
    simplify(parsed->definitions);
    if (component::encode(decoded) != component::encode(*parsed)) {
      return "its text is another component\n" + *text;
    }
    return {};
  }

  ByteVector bytes_;
  component::Features features_;
  std::string verdict_;
};

void save(const std::string& path, const ByteVector& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

std::vector<ByteVector> make_seeds() {
  std::vector<ByteVector> seeds;
  for (std::string_view text : kSeeds) {
    Result<Component> parsed = component::parse_component(text, wasm::Features());
    if (!parsed) {
      std::printf("a seed is not parsed: %s\n", parsed.error().to_string().c_str());
      std::exit(1);
    }
    Case seed(component::encode(*parsed));
    std::string wrong = seed.check();
    if (!wrong.empty() || seed.verdict() != "valid") {
      std::printf("a seed is wrong: %s %s\n", seed.verdict().c_str(), wrong.c_str());
      std::exit(1);
    }
    seeds.push_back(seed.bytes());
  }
  return seeds;
}

void add_files(std::vector<ByteVector>& seeds, const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".wasm") paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    ByteVector bytes((std::istreambuf_iterator<char>(file)), {});
    if (component::decode(bytes, nullptr, wasm::Features())) seeds.push_back(std::move(bytes));
  }
}

std::string argument(int argc, char** argv, std::string_view name) {
  for (int at = 1; at + 1 < argc; at += 2) {
    if (argv[at] == name) return argv[at + 1];
  }
  return {};
}

int run(int argc, char** argv) {
  Budget budget(argc, argv);
  std::string folder = argument(argc, argv, "--dump");
  std::ofstream verdicts;
  if (!folder.empty()) {
    std::filesystem::create_directories(folder);
    verdicts.open(folder + "/verdicts.txt");
  }
  std::vector<ByteVector> seeds = make_seeds();
  std::string components = argument(argc, argv, "--components");
  if (!components.empty()) add_files(seeds, components);
  uint64_t done = 0;
  uint64_t valid = 0;
  for (; !budget.is_spent(done); ++done) {
    uint64_t seed = budget.first_seed() + done;
    Random random(seed);
    Case one(damaged(random.pick(std::span<const ByteVector>(seeds)), random));
    std::string wrong = one.check();
    if (!wrong.empty()) {
      save("finding-component.wasm", one.bytes());
      std::printf("seed %llu: %s\nsaved as finding-component.wasm\n",
                  static_cast<unsigned long long>(seed), wrong.c_str());
      return 1;
    }
    valid += one.verdict() == "valid" ? 1 : 0;
    if (folder.empty()) continue;
    save(folder + "/" + std::to_string(seed) + ".wasm", one.bytes());
    verdicts << seed << ' ' << one.verdict() << '\n';
  }
  std::printf("%llu components, %llu of them valid\n", static_cast<unsigned long long>(done),
              static_cast<unsigned long long>(valid));
  return 0;
}

}  // namespace
}  // namespace nacre::fuzz

int main(int argc, char** argv) { return nacre::fuzz::run(argc, argv); }
