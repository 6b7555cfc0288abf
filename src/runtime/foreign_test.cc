// Imports of real toolchains, and of none.
#include "runtime/foreign.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nacre::runtime {
namespace {

using Names = std::vector<std::pair<std::string, std::string>>;

std::string host_of(const Names& names) {
  std::vector<wasm::Import> imports(names.size());
  std::vector<const wasm::Import*> missing;
  for (size_t i = 0; i < names.size(); ++i) {
    imports[i].module = names[i].first;
    imports[i].name = names[i].second;
    missing.push_back(&imports[i]);
  }
  auto host = foreign_host(missing);
  return host ? std::string(host->what) : "";
}

TEST(ForeignHost, IsNamedByItsImports) {
  const std::pair<Names, const char*> kCases[] = {
      {{{"wbg", "__wbindgen_throw"}}, "wasm-bindgen"},
      {{{"__wbindgen_placeholder__", "__wbindgen_describe"}}, "wasm-bindgen"},
      {{{"./app_bg.js", "__wbg_log_1"}}, "wasm-bindgen"},
      {{{"gojs", "runtime.wasmExit"}}, "Go's"},
      {{{"go", "debug"}}, "Go's"},
      {{{"env", "memory"}, {"env", "napi_create_function"}, {"env", "abort"}}, "Node-API"},
      {{{"env", "__memory_base"}, {"env", "memory"}}, "dynamic linking"},
      {{{"GOT.func", "puts"}}, "dynamic linking"},
      {{{"env", "__linear_memory"}, {"env", "__stack_pointer"}, {"env", "puts"}}, "linking"},
      {{{"env", "__linear_memory"}, {"env", "__cxa_throw"}, {"GOT.mem", "x"}}, "linking"},
      {{{"env", "__indirect_function_table"}, {"env", "__stack_pointer"}, {"env", "x"}}, "linking"},
      {{{"env", "__stack_pointer"}, {"env", "__memory_base"}}, "dynamic linking"},
      {{{"env", "invoke_vii"}, {"env", "abort"}}, "Emscripten"},
      {{{"env", "emscripten_resize_heap"}}, "Emscripten"},
      {{{"env", "_emscripten_memcpy_js"}}, "Emscripten"},
      {{{"a", "b"}, {"a", "a"}}, "Emscripten"},
      {{{"wasi:cli/stdout@0.2.0", "get-stdout"}}, "the component model"},
      {{{"local:app/log", "write"}}, "the component model"},
      {{{"[export]local:app/api", "[resource-new]x"}}, "the component model"},
      {{{"extism:host/env", "input_length"}}, "Extism"},
      {{{"wasi", "thread-spawn"}, {"env", "memory"}}, "threads"},
      {{{"env", "abort"}}, "AssemblyScript"},
      {{{"env", "syscall/js.valueGet"}}, "TinyGo"},
      {{{"js_code", "kotlin.captureStackTrace"}}, "Kotlin"},
      {{{"dart2wasm", "_13"}}, "Dart"},
      {{{"teavm", "currentTimeMillis"}}, "TeaVM"},
      {{{"wasi_ephemeral_nn", "load"}}, "wasi-nn"},
      {{{"wasix_32v1", "fd_dup"}}, "WASIX"},
      {{{"wapc", "__guest_request"}}, "waPC"},
      {{{"env", "proxy_log"}}, "proxy-wasm"},
      {{{"fastly_http_req", "new"}}, "Fastly"},
      {{{"lunatic::process", "spawn"}}, "Lunatic"},
      {{{"env", "db_read"}, {"env", "abort"}}, "CosmWasm"},
      {{{"spectest", "print_i32"}}, "the specification's tests"},
  };
  for (const auto& [names, what] : kCases) {
    EXPECT_TRUE(host_of(names).starts_with(what))
        << names[0].first << "." << names[0].second << ": " << host_of(names);
  }
}

TEST(ForeignHost, WhatAnybodyCouldImportIsNobodys) {
  EXPECT_EQ(host_of({}), "");
  EXPECT_EQ(host_of({{"env", "log"}, {"math", "twice"}, {"a", "long_name"}, {"goal", "x"}}), "");
  EXPECT_EQ(host_of({{"env", "memory"}, {"wasi_snapshot_preview1", "fd_fly"}}), "");
  EXPECT_EQ(host_of({{std::string(100'000, ':'), std::string(100'000, '/')}}), "");
}

}  // namespace
}  // namespace nacre::runtime
