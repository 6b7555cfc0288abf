// The leak oracle of instance pools (invariants.md: slot-reset): a guest of every shape fills all
// it can reach with a secret; the next guest in its slot, of every shape as well, finds none of it
// anywhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "api/handles.h"
#include "runtime/pool.h"
#include "wasm/text/parser.h"

namespace nacre::api {
namespace {

using runtime::Extern;
using runtime::Instance;
using runtime::Lease;
using runtime::Memory;
using runtime::Store;
using runtime::Table;

constexpr uint8_t kSecretByte = 0xA5;
constexpr uint64_t kSecret = 0xA5A5A5A5A5A5A5A5;

// Fills the stack with arguments, locals and results, in registers and in the argument area, and
// drops what segments there are. $write and $globals are the shape's own.
constexpr std::string_view kCommon = R"(
  (func $many (export "many")
    (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 i32)
    (result i64 i64 i64 i64 f64 f64 f64)
    (local i64 i64 i64 i64 i64 i64 f64 f64)
    (local.set 21 (local.get 0)) (local.set 22 (local.get 21)) (local.set 25 (local.get 9))
    (if (result i64 i64 i64 i64 f64 f64 f64) (local.get 20)
      (then
        (call $many
          (local.get 0) (local.get 21) (local.get 22) (local.get 3) (local.get 4) (local.get 5)
          (local.get 6) (local.get 7) (local.get 8) (local.get 25) (local.get 10) (local.get 11)
          (local.get 12) (local.get 13) (local.get 14) (local.get 15) (local.get 16)
          (local.get 17) (local.get 18) (local.get 19)
          (i32.sub (local.get 20) (i32.const 1))))
      (else
        (local.get 0) (local.get 1) (local.get 2) (local.get 3)
        (local.get 10) (local.get 11) (local.get 12)))))";

struct Shape {
  std::string name;
  std::string fields;
};

std::vector<Shape> shapes() {
  std::string large;
  for (int i = 0; i < 300; ++i) large += " $many";
  return {
      {"nothing", ""},
      {"zero pages", "(memory (export \"m\") 0 40)"},
      {"one page", "(memory (export \"m\") 1 40)"},
      {"one page, image",
       "(memory (export \"m\") 1 40) (data (i32.const 100) \"hello\") (data \"passive\")"
       "(global (export \"g\") (mut i64) (i64.const 1))"},
      {"30 pages, images apart",
       "(memory (export \"m\") 30 60) (data (i32.const 65530) \"across pages\")"
       "(data (i32.const 1900000) \"far\") (global (export \"g\") (mut externref) (ref.null "
       "extern))"},
      {"64-bit", "(memory (export \"m\") i64 2 40) (data (i64.const 70000) \"wide\")"},
      {"bytes", "(memory (export \"m\") 5000 90000 (pagesize 1)) (data (i32.const 4990) \"end\")"},
      {"two memories",
       "(memory (export \"m\") 1 40) (memory (export \"n\") 2 40)"
       "(data (memory 1) (i32.const 9) \"second\")"},
      {"shared", "(memory (export \"m\") 2 40 shared) (data (i32.const 3) \"shared\")"},
      {"tables",
       "(table (export \"t\") 5 5000 externref) (table (export \"u\") 300 funcref)"
       "(elem (table 1) (i32.const 0) func" +
           large +
           ") (elem func $many)"
           "(global (export \"g\") (mut v128) (v128.const i64x2 3 4))"},
      {"all",
       "(memory (export \"m\") 3 50) (data (i32.const 0) \"all\") (table (export \"t\") 1 "
       "externref) (global (export \"g\") (mut f64) (f64.const 2))"
       "(global (export \"h\") (mut i64) (i64.const 2))"},
      {"set",
       "(import \"host\" \"m\" (memory 2 40)) (import \"helper\" \"m\" (memory 1 40))"
       "(import \"host\" \"t\" (table 3 5000 externref))"
       "(import \"helper\" \"t\" (table 5 5000 externref))"
       "(import \"host\" \"g\" (global (mut i64))) (import \"helper\" \"g\" (global (mut v128)))"
       "(memory (export \"own\") 1 40) (data (memory 2) (i32.const 5) \"own\")"
       "(export \"m\" (memory 0)) (export \"n\" (memory 1)) (export \"t\" (table 0))"
       "(export \"u\" (table 1)) (export \"g\" (global 0)) (export \"h\" (global 1))"},
  };
}

// What the shape "set" shares with the host and with another instance of its slot.
constexpr std::string_view kHelper = R"((module
  (import "host" "m" (memory 1)) (data (i32.const 70000) "by the helper")
  (memory (export "m") 1 40) (data (memory 1) (i32.const 65000) "the helper's own")
  (table (export "t") 5 5000 externref)
  (global (export "g") (mut v128) (v128.const i64x2 5 6))))";

class SetHost final : public runtime::PoolHost {
 public:
  explicit SetHost(runtime::ModulePtr helper) : helper_(std::move(helper)) {}
  runtime::Run<std::vector<Extern>> link(Store& store, const runtime::Module& module) override {
    runtime::Linker linker(store);
    if (module.wasm().imports.empty()) return linker.resolve(module);
    Extern memory = TRY(store.add_memory({.limits = {.min = 2, .max = 40}}));
    EXPECT_TRUE(memory.memory()->initialize(100, as_bytes("by the host")));
    TRY(linker.define("host", "m", memory));
    TRY(linker.define("host", "t",
                      TRY(store.add_table({.element = wasm::ValType::externref(),
                                           .limits = {.min = 3, .max = 5000}}))));
    wasm::GlobalType global{.type = wasm::ValType::kI64, .is_mutable = true};
    TRY(linker.define("host", "g", TRY(store.add_global(global, {}))));
    std::vector<Extern> imports = TRY(linker.resolve(*helper_));
    Instance* helper = TRY(runtime::instantiate_unstarted(store, helper_, imports));
    TRY(linker.define_instance("helper", *helper));
    return linker.resolve(module);
  }

 private:
  runtime::ModulePtr helper_;
};

bool has_secret(const void* begin, uint64_t bytes) {
  std::vector<uint8_t> secret(8, kSecretByte);
  const auto* first = static_cast<const uint8_t*>(begin);
  return std::search(first, first + bytes, secret.begin(), secret.end()) != first + bytes;
}

abi::Value secret_value() {
  abi::Value value;
  value.v128.fill(kSecretByte);
  return value;
}

class PoolLeak : public testing::TestWithParam<std::tuple<std::string, bool, bool>> {
 protected:
  void SetUp() override {
    auto [tier, scan, guarded] = GetParam();
    auto made = make_tier(tier);
    if (!made) GTEST_SKIP() << made.error().to_string();
    runtime::EngineOptions options{.guarded_memories = guarded};
    options.features = wasm::Features::all_built();
    engine_ = runtime::Engine::create(std::move(*made), options).value();
    auto make = [&](std::string_view text) -> Result<runtime::ModulePtr> {
      auto binary = TRY(wasm::text_to_binary(text, engine_->features()));
      return runtime::Module::create(engine_, std::move(binary));
    };
    for (const Shape& shape : shapes()) {
      auto module = make("(module " + shape.fields + std::string(kCommon) + ")");
      ASSERT_TRUE(module) << shape.name << ": " << module.error().to_string();
      modules_.push_back(*module);
    }
    auto helper = make(kHelper);
    ASSERT_TRUE(helper) << helper.error().to_string();
    runtime::PoolOptions pool{.max_slots = 1, .scan_pages = scan};
    pool.store.guest_stack_bytes = 256 << 10;
    pool_ = runtime::Pool::create(engine_, std::make_shared<SetHost>(*helper), pool).value();
  }

  Lease take(size_t shape) {
    auto lease = pool_->instantiate(modules_[shape]);
    if (!lease) {
      ADD_FAILURE() << shapes()[shape].name << ": " << lease.error().to_string();
      return {};
    }
    EXPECT_EQ(&lease->instance().module(), modules_[shape].get());
    return std::move(*lease);
  }

  // Everything that a guest or its host can write.
  static void fill(Lease& lease) {
    Instance& instance = lease.instance();
    Store& store = lease.store();
    for (size_t i = 0; i < instance.export_count(); ++i) {
      Extern item = instance.export_at(i);
      if (Memory* memory = item.memory()) {
        memory->grow(3);
        std::memset(memory->base(), kSecretByte, memory->size_bytes());
      } else if (Table* table = item.table()) {
        bool extern_refs = table->type().element == wasm::ValType::externref();
        abi::Ref ref = extern_refs ? kSecret : abi::kNullRef;
        table->grow(400, ref);
        for (uint64_t k = 0; k < table->size(); ++k) ASSERT_TRUE(store.set_table(item, k, ref));
      } else if (item.global() != nullptr) {
        ASSERT_TRUE(store.set_global(item, secret_value()));
      }
    }
    std::vector<abi::Value> args(21, secret_value()), results(7);
    args.back().i32 = 60;
    auto done = runtime::call(store, *instance.find_export("many"), args, results);
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(results[0].i64, kSecret);
    abi::ExecContext& exec = store.exec();
    EXPECT_TRUE(has_secret(exec.stack_begin, size_of(exec))) << "the oracle sees nothing";
  }

  static uint64_t size_of(const abi::ExecContext& exec) {
    return static_cast<uint64_t>(exec.stack_end - exec.stack_begin);
  }

  // Everything that a guest can come to see.
  static void search(Lease& lease) {
    Instance& instance = lease.instance();
    abi::ExecContext& exec = lease.store().exec();
    EXPECT_FALSE(has_secret(exec.stack_begin, size_of(exec))) << "the stack";
    EXPECT_FALSE(has_secret(&instance.vmctx(), sizeof(abi::VmCtx))) << "the record of running code";
    for (size_t i = 0; i < instance.export_count(); ++i) {
      Extern item = instance.export_at(i);
      std::string name(instance.export_name(i));
      if (Memory* memory = item.memory()) {
        EXPECT_EQ(memory->size_pages(), memory->type().limits.min) << name;
        EXPECT_FALSE(has_secret(memory->base(), memory->size_bytes())) << "memory " << name;
        while (memory->grow(7) != Memory::kGrowFailed) continue;
        EXPECT_FALSE(has_secret(memory->base(), memory->size_bytes())) << "grown memory " << name;
      } else if (Table* table = item.table()) {
        EXPECT_EQ(table->size(), table->type().limits.min) << name;
        // A little, into the room that is there; then beyond it.
        for (uint64_t delta : {300, 3700}) {
          table->grow(delta, abi::kNullRef);
          EXPECT_FALSE(has_secret(table->record()->elements, table->size() * sizeof(abi::Ref)))
              << "table " << name;
        }
      } else if (item.global() != nullptr) {
        EXPECT_FALSE(has_secret(&item.global()->value, sizeof(abi::Value))) << "global " << name;
      }
    }
  }

  // Of a guest that leaves nothing behind: what a later one must find again.
  static std::vector<uint8_t> contents(Lease& lease) {
    std::vector<uint8_t> all;
    Instance& instance = lease.instance();
    auto add = [&](const void* data, uint64_t bytes) {
      const auto* first = static_cast<const uint8_t*>(data);
      all.insert(all.end(), first, first + bytes);
    };
    for (size_t i = 0; i < instance.export_count(); ++i) {
      Extern item = instance.export_at(i);
      if (item.memory() != nullptr) add(item.memory()->base(), item.memory()->size_bytes());
      if (item.global() != nullptr) add(&item.global()->value, sizeof(abi::Value));
      for (uint64_t k = 0; item.table() != nullptr && k < item.table()->size(); ++k)
        all.push_back(*item.table()->get(k) != abi::kNullRef);
    }
    return all;
  }

  std::shared_ptr<runtime::Engine> engine_;
  std::vector<runtime::ModulePtr> modules_;
  std::shared_ptr<runtime::Pool> pool_;
};

TEST_P(PoolLeak, NoGuestFindsTheSecretOfTheLast) {
  std::vector<std::vector<uint8_t>> fresh;
  for (size_t i = 0; i < modules_.size(); ++i) {
    Lease lease = take(i);
    fresh.push_back(contents(lease));
  }
  for (size_t first = 0; first < modules_.size(); ++first) {
    for (size_t second = 0; second < modules_.size(); ++second) {
      SCOPED_TRACE(shapes()[first].name + ", then " + shapes()[second].name);
      {
        Lease lease = take(first);
        ASSERT_NO_FATAL_FAILURE(fill(lease));
      }
      Lease lease = take(second);
      EXPECT_TRUE(contents(lease) == fresh[second]);
      search(lease);
    }
  }
  runtime::PoolStatistics counts = pool_->statistics();
  EXPECT_EQ(counts.retired, 0u);
  // Same shapes follow each other in one instance, others in one address space.
  EXPECT_GE(counts.warm, modules_.size());
  EXPECT_EQ(counts.slots, 1u);
}

INSTANTIATE_TEST_SUITE_P(Tiers, PoolLeak,
                         testing::Combine(testing::Values("interp", "baseline"), testing::Bool(),
                                          testing::Bool()),
                         [](const auto& test) {
                           return std::get<0>(test.param) +
                                  (std::get<1>(test.param) ? "_scan" : "_drop") +
                                  (std::get<2>(test.param) ? "_guarded" : "_checked");
                         });

}  // namespace
}  // namespace nacre::api
