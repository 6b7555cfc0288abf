// What an embedder does, so many times, by include/nacre/nacre.h alone, so that it can be linked with the library of
// any two versions:
//   embed TIER SMALL.WASM ROW TIMES          (SMALL.WASM: bench/embed/small.wat)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nacre/nacre.h"

static void must(nacre_error_t* error) {
  if (error == NULL) return;
  fprintf(stderr, "embed: %s\n", nacre_error_message(error));
  exit(1);
}

static nacre_error_t* next(void* data, const nacre_val_t* args, size_t arg_count,
                           nacre_val_t* results, size_t result_count) {
  (void)data, (void)arg_count, (void)result_count;
  results[0].of.i32 = args[0].of.i32 + 1;
  return NULL;
}

static const nacre_val_kind_t i32 = NACRE_I32;

static struct {
  nacre_engine_t* engine;
  unsigned char bytes[1 << 16];
  size_t size;
} small;

static nacre_module_t* new_module(void) {
  nacre_module_t* module;
  must(nacre_module_new(small.engine, small.bytes, small.size, &module));
  return module;
}

static nacre_store_t* new_guest(nacre_module_t* module, nacre_instance_t** instance) {
  nacre_store_t* store;
  must(nacre_store_new(small.engine, NULL, &store));
  must(nacre_store_define_func(store, "host", "next", &i32, 1, &i32, 1, next, NULL));
  must(nacre_instance_new(store, module, NACRE_UNKNOWN_IMPORTS_DENY, instance));
  return store;
}

static nacre_func_t* find(nacre_instance_t* instance, const char* name) {
  nacre_func_t* func;
  must(nacre_instance_func(instance, name, &func));
  return func;
}

static void add_once(nacre_instance_t* instance) {
  nacre_raw_val_t values[2] = {{.i32 = 40}, {.i32 = 2}};
  must(nacre_func_call(find(instance, "add"), values, 2));
  if (values[0].i32 != 42) abort();
}

static void call_in(int times) {
  nacre_instance_t* instance;
  nacre_module_t* module = new_module();
  nacre_store_t* store = new_guest(module, &instance);
  nacre_func_t* add = find(instance, "add");
  nacre_raw_val_t values[2] = {{.i32 = 0}};
  for (int i = 0; i < times; ++i) {
    values[1].i32 = 1;
    must(nacre_func_call(add, values, 2));
  }
  if (values[0].i32 != times) abort();
  nacre_store_delete(store);
  nacre_module_delete(module);
}

static void call_in_by_name(int times) {
  nacre_instance_t* instance;
  nacre_module_t* module = new_module();
  nacre_store_t* store = new_guest(module, &instance);
  nacre_val_t values[2] = {{.kind = NACRE_I32, .of = {.i32 = 0}},
                           {.kind = NACRE_I32, .of = {.i32 = 1}}};
  for (int i = 0; i < times; ++i) must(nacre_instance_call(instance, "add", values, 2, values, 1));
  if (values[0].of.i32 != times) abort();
  nacre_store_delete(store);
  nacre_module_delete(module);
}

static void call_out(int times) {
  nacre_instance_t* instance;
  nacre_module_t* module = new_module();
  nacre_store_t* store = new_guest(module, &instance);
  nacre_raw_val_t value = {.i32 = times};
  must(nacre_func_call(find(instance, "call_host"), &value, 1));
  if (value.i32 != times) abort();
  nacre_store_delete(store);
  nacre_module_delete(module);
}

// A new module each time, with a store of its own, one call, and all of it gone.
static void first_instance(int times) {
  for (int i = 0; i < times; ++i) {
    nacre_instance_t* instance;
    nacre_module_t* module = new_module();
    nacre_store_t* store = new_guest(module, &instance);
    add_once(instance);
    nacre_store_delete(store);
    nacre_module_delete(module);
  }
}

static void next_instance(int times) {
  nacre_module_t* module = new_module();
  for (int i = 0; i < times; ++i) {
    nacre_instance_t* instance;
    nacre_store_t* store = new_guest(module, &instance);
    add_once(instance);
    nacre_store_delete(store);
  }
  nacre_module_delete(module);
}

static nacre_pool_t* new_pool(void) {
  nacre_pool_t* pool;
  must(nacre_pool_new(small.engine, NULL, &pool));
  must(nacre_pool_define_func(pool, "host", "next", &i32, 1, &i32, 1, next));
  return pool;
}

static void use_pool(nacre_pool_t* pool, nacre_module_t* module) {
  nacre_instance_t* instance;
  must(nacre_pool_instantiate(pool, module, NULL, NULL, &instance));
  add_once(instance);
  must(nacre_pool_release(instance));
}

static void pooled_instance(int times) {
  nacre_module_t* module = new_module();
  nacre_pool_t* pool = new_pool();
  for (int i = 0; i < times; ++i) use_pool(pool, module);
  nacre_pool_delete(pool);
  nacre_module_delete(module);
}

// A module that the pool has not seen each time.
static void pooled_first_instance(int times) {
  nacre_pool_t* pool = new_pool();
  for (int i = 0; i < times; ++i) {
    nacre_module_t* module = new_module();
    use_pool(pool, module);
    nacre_module_delete(module);
  }
  nacre_pool_delete(pool);
}

static const struct {
  const char* name;
  void (*run)(int times);
} rows[] = {
    {"call_in", call_in},
    {"call_in_by_name", call_in_by_name},
    {"call_out", call_out},
    {"first_instance", first_instance},
    {"next_instance", next_instance},
    {"pooled_instance", pooled_instance},
    {"pooled_first_instance", pooled_first_instance},
};

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  FILE* file = fopen(argv[2], "rb");
  if (file == NULL) return 2;
  small.size = fread(small.bytes, 1, sizeof small.bytes, file);
  fclose(file);
  nacre_config_t* config = nacre_config_new();
  must(nacre_config_set_tier(config, argv[1]));
  must(nacre_engine_new(config, &small.engine));
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    if (strcmp(rows[i].name, argv[3]) != 0) continue;
    rows[i].run(atoi(argv[4]));
    nacre_engine_delete(small.engine);
    return 0;
  }
  return 2;
}
