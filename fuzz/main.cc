// nacre-fuzz: looks for modules that Nacre handles wrongly. Built with sanitizers by ./dev fuzz.
//
//   nacre-fuzz LANE [--seed N] [--count N] [--seconds N] [--dump DIR] [--portable]
//   nacre-fuzz file PATH
//
// Lanes: generate (valid modules: must validate, survive encode, decode, print and parse unchanged,
// and run), tiers (programs of one or two modules: every tier must do the same), bytes (damaged
// binaries: must be refused or accepted, and if accepted survive the same way), text (damaged
// text). --dump writes each module and what was observed for
// second_opinion.mjs;
// --portable leaves out what Node does not have, --scalar vectors and atomics. A finding is
// printed, saved and ends the run with 1.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "execute.h"
#include "generate.h"
#include "interp/tier.h"
#include "mutate.h"
#include "runtime/module.h"
#include "tiers.h"
#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/text/parser.h"
#include "wasm/text/printer.h"

namespace nacre::fuzz {
namespace {

struct Options {
  std::string lane;
  std::string path;
  std::string dump;
  uint64_t seed = 1;
  uint64_t count = 1000;
  uint64_t seconds = 0;
  bool portable = false;
  bool scalar = false;
};

struct Finding {
  std::string what;
};

class Fuzzer {
 public:
  explicit Fuzzer(const Options& options) : options_(options) {
    generate_.wide_arithmetic = !options.portable;
    generate_.relaxed_simd = !options.portable;
    if (options.scalar) generate_.simd = generate_.threads = false;
    wasm::Features features;
    if (options.portable) {
      (void)features.apply("-wide-arithmetic,-compact-import-section");
    }
    runtime::EngineOptions engine_options;
    engine_options.features = features;
    engine_options.validation_threads = 1;
    auto engine = runtime::Engine::create(interp::make_tier(), engine_options);
    if (!engine) {
      std::fprintf(stderr, "error: %s\n", engine.error().to_string().c_str());
      std::exit(2);
    }
    engine_ = *engine;
    if (options.lane != "tiers") return;
    generate_.whole_interface = true;
    auto tiers = TierComparison::create(features);
    if (!tiers) {
      std::fprintf(stderr, "error: %s\n", tiers.error().to_string().c_str());
      std::exit(2);
    }
    tiers_ = std::move(*tiers);
  }

  int run() {
    auto start = std::chrono::steady_clock::now();
    auto expired = [&] {
      return options_.seconds != 0 &&
             std::chrono::steady_clock::now() - start >= std::chrono::seconds(options_.seconds);
    };
    uint64_t done = 0;
    for (; options_.seconds != 0 ? !expired() : done < options_.count; ++done) {
      uint64_t seed = options_.seed + done;
      if (options_.lane == "generate") {
        generated(seed);
      } else if (options_.lane == "tiers") {
        in_every_tier(seed);
      } else if (options_.lane == "bytes") {
        damaged_bytes(seed);
      } else {
        damaged_text(seed);
      }
      if (findings_ != 0) break;
    }
    std::printf("%s: %llu modules from seed %llu, %llu accepted, %d findings\n",
                options_.lane.c_str(), static_cast<unsigned long long>(done),
                static_cast<unsigned long long>(options_.seed),
                static_cast<unsigned long long>(accepted_), findings_);
    return findings_ == 0 ? 0 : 1;
  }

  int run_file() {
    std::ifstream in(options_.path, std::ios::binary);
    std::string contents{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    std::vector<uint8_t> bytes(contents.begin(), contents.end());
    check_round_trip(0, bytes);
    auto seen = observe(engine_, bytes);
    std::printf("%s\n", seen ? seen->c_str() : seen.error().to_string().c_str());
    return findings_ == 0 ? 0 : 1;
  }

 private:
  std::string save(uint64_t seed, const char* which, Bytes bytes) const {
    std::string path = "finding-" + options_.lane + "-" + std::to_string(seed) + which + ".wasm";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return path;
  }

  void report(uint64_t seed, const std::string& what, Bytes bytes) {
    ++findings_;
    std::string path = save(seed, "", bytes);
    std::printf("seed %llu: %s (saved as %s)\n", static_cast<unsigned long long>(seed),
                what.c_str(), path.c_str());
  }

  void dump(uint64_t seed, Bytes bytes, const std::string& observed) const {
    if (options_.dump.empty()) return;
    std::string path = options_.dump + "/" + std::to_string(seed);
    std::ofstream(path + ".wasm", std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    std::ofstream(path + ".txt") << observed;
  }

  void generated(uint64_t seed) {
    std::vector<uint8_t> bytes = wasm::encode(generate_module(seed, generate_));
    auto observed = observe(engine_, bytes);
    if (!observed) return report(seed, "refused: " + observed.error().to_string(), bytes);
    ++accepted_;
    auto again = observe(engine_, bytes);
    if (!again || *again != *observed) return report(seed, "runs differently each time", bytes);
    check_round_trip(seed, bytes);
    dump(seed, bytes, *observed);
  }

  void in_every_tier(uint64_t seed) {
    std::vector<std::vector<uint8_t>> modules;
    for (const wasm::Module& module : generate_program(seed, generate_))
      modules.push_back(wasm::encode(module));
    auto seen = tiers_->run(seed, modules);
    if (!seen) {
      for (size_t i = 1; i < modules.size(); ++i) save(seed, "-second", modules[i]);
      return report(seed, seen.error().to_string(), modules[0]);
    }
    ++accepted_;
    dump(seed, modules[0], *seen);
  }

  void damaged_bytes(uint64_t seed) {
    Random random(seed);
    std::vector<uint8_t> bytes = wasm::encode(generate_module(seed / 16, generate_));
    mutate_bytes(bytes, random);
    auto module = runtime::Module::create(engine_, Bytes(bytes), nullptr);
    dump(seed, bytes, module ? "valid\n" : "invalid: " + module.error().to_string() + "\n");
    if (!module) return;
    ++accepted_;
    check_round_trip(seed, bytes);
  }

  void damaged_text(uint64_t seed) {
    Random random(seed);
    auto text = wasm::print_module(generate_module(seed / 16, generate_), engine_->features());
    if (!text) return report(seed, "cannot be printed: " + text.error().to_string(), {});
    mutate_text(*text, random);
    auto module = wasm::parse_module(*text, engine_->features());
    if (!module) return;
    ++accepted_;
    std::vector<uint8_t> bytes = wasm::encode(*module);
    if (runtime::Module::create(engine_, Bytes(bytes), nullptr)) check_round_trip(seed, bytes);
  }

  // What was accepted must print, and come back as the same bytes if it was canonical.
  void check_round_trip(uint64_t seed, Bytes bytes) {
    auto module = wasm::decode(bytes, nullptr, engine_->features());
    if (!module) return report(seed, "not decoded: " + module.error().to_string(), bytes);
    std::vector<uint8_t> encoded = wasm::encode(*module);
    bool canonical = std::equal(encoded.begin(), encoded.end(), bytes.begin(), bytes.end());
    auto text = wasm::print_module(*module, engine_->features());
    if (!text) return report(seed, "cannot be printed: " + text.error().to_string(), bytes);
    auto parsed = wasm::parse_module(*text, engine_->features());
    if (!parsed) {
      return report(seed, "its text cannot be parsed: " + parsed.error().to_string(), bytes);
    }
    if (!canonical || !has_canonical_code(*module)) return;
    std::vector<uint8_t> back = wasm::encode(*parsed);
    if (!std::equal(back.begin(), back.end(), bytes.begin(), bytes.end())) {
      report(seed, "printing and parsing changes its bytes", bytes);
    }
  }

  // Damage makes long LEB128s inside bodies and odd custom sections, which text does not keep: only
  // undamaged modules are held to equality.
  bool has_canonical_code(const wasm::Module&) const { return options_.lane == "generate"; }

  Options options_;
  GenerateOptions generate_;
  std::shared_ptr<runtime::Engine> engine_;
  std::optional<TierComparison> tiers_;
  uint64_t accepted_ = 0;
  int findings_ = 0;
};

bool parse(int argc, char** argv, Options& options) {
  if (argc < 2) return false;
  options.lane = argv[1];
  int at = 2;
  if (options.lane == "file") {
    if (argc != 3) return false;
    options.path = argv[2];
    return true;
  }
  for (; at < argc; ++at) {
    std::string word = argv[at];
    if (word == "--portable") {
      options.portable = true;
    } else if (word == "--scalar") {
      options.scalar = true;
    } else if (at + 1 == argc) {
      return false;
    } else if (word == "--seed") {
      options.seed = std::strtoull(argv[++at], nullptr, 10);
    } else if (word == "--count") {
      options.count = std::strtoull(argv[++at], nullptr, 10);
    } else if (word == "--seconds") {
      options.seconds = std::strtoull(argv[++at], nullptr, 10);
    } else if (word == "--dump") {
      options.dump = argv[++at];
    } else {
      return false;
    }
  }
  return options.lane == "generate" || options.lane == "tiers" || options.lane == "bytes" ||
         options.lane == "text";
}

}  // namespace
}  // namespace nacre::fuzz

int main(int argc, char** argv) {
  nacre::fuzz::Options options;
  if (!nacre::fuzz::parse(argc, argv, options)) {
    std::fputs(
        "usage: nacre-fuzz generate|tiers|bytes|text [--seed N] [--count N] [--seconds N] [--dump "
        "DIR]\n"
        "                  [--portable] [--scalar]\n"
        "       nacre-fuzz file PATH\n",
        stderr);
    return 2;
  }
  nacre::fuzz::Fuzzer fuzzer(options);
  return options.lane == "file" ? fuzzer.run_file() : fuzzer.run();
}
