/* The C interface of Nacre, a WebAssembly runtime that gives programs exactly the rights their user
 * granted.
 *
 *   nacre_engine_t   compiles modules; one per process is enough. Thread-safe.
 *   nacre_module_t   a validated module; immutable, thread-safe, may outlive the engine's handle.
 *   nacre_grants_t   what a guest may do: arguments, environment, directories, streams, clocks.
 *   nacre_store_t    the world of one guest: its instances and their memories. One thread at a
 * time. nacre_instance_t a module running in a store; belongs to the store, is never deleted by
 * itself.
 *
 * Errors: a function that can fail returns a nacre_error_t*: NULL on success, otherwise an error
 * that the caller owns and deletes. Outputs are written only on success, except where said
 * otherwise. Strings: const char* parameters end in NUL and are copied; returned const char* belong
 * to the object they were asked of. Handles of one store are refused by the others with
 * NACRE_ERROR_USAGE. Functions marked "takes" own their argument afterwards, also when they fail.
 *
 * This header is C99 and C++. Names that start with nacre_ are stable once released; before
 * version 1.0 they may change between minor versions.
 */
#ifndef NACRE_NACRE_H
#define NACRE_NACRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define NACRE_API
#else
#define NACRE_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nacre_error nacre_error_t;
typedef struct nacre_config nacre_config_t;
typedef struct nacre_engine nacre_engine_t;
typedef struct nacre_module nacre_module_t;
typedef struct nacre_grants nacre_grants_t;
typedef struct nacre_store nacre_store_t;
typedef struct nacre_instance nacre_instance_t;

/* "0.1.0" */
NACRE_API const char* nacre_version(void);

/* ---- Errors ---------------------------------------------------------------------------------- */

typedef enum nacre_error_kind {
  NACRE_ERROR_MALFORMED = 0, /* bytes or text that do not follow the grammar */
  NACRE_ERROR_INVALID,       /* refused by the validation rules */
  NACRE_ERROR_LIMIT,         /* beyond what this implementation supports */
  NACRE_ERROR_UNSUPPORTED,   /* known but not built: a component, a tier, a feature */
  NACRE_ERROR_UNLINKABLE,    /* an import is missing or has another type */
  NACRE_ERROR_OUT_OF_MEMORY, /* the host could not provide memory */
  NACRE_ERROR_IO,            /* the operating system refused a file or directory */
  NACRE_ERROR_DENIED,        /* a right that was not granted */
  NACRE_ERROR_USAGE,         /* a wrong argument or call */
  NACRE_ERROR_INTERNAL,      /* a bug of Nacre */
  NACRE_ERROR_TRAP,          /* the guest trapped; see nacre_error_backtrace */
  NACRE_ERROR_EXIT           /* the guest ended itself; see nacre_error_exit_code */
} nacre_error_kind_t;

NACRE_API nacre_error_kind_t nacre_error_kind(const nacre_error_t* error);
/* One line: what went wrong and where. */
NACRE_API const char* nacre_error_message(const nacre_error_t* error);
/* Of NACRE_ERROR_TRAP: the guest's frames, youngest first, a line each; "" otherwise. */
NACRE_API const char* nacre_error_backtrace(const nacre_error_t* error);
/* Of NACRE_ERROR_EXIT: the code; 0 otherwise. */
NACRE_API uint32_t nacre_error_exit_code(const nacre_error_t* error);
NACRE_API void nacre_error_delete(nacre_error_t* error); /* NULL is allowed */

/* ---- Engine ---------------------------------------------------------------------------------- */

NACRE_API nacre_config_t* nacre_config_new(void);
NACRE_API void nacre_config_delete(nacre_config_t* config);
/* "auto", "interp"; a tier that is not built is an error that says so. */
NACRE_API nacre_error_t* nacre_config_set_tier(nacre_config_t* config, const char* tier);
/* "+NAME,-NAME,...": proposals on top of the defaults. */
NACRE_API nacre_error_t* nacre_config_set_features(nacre_config_t* config, const char* changes);
/* "eager" (default): every function before the first call. "lazy": each at its first call. */
NACRE_API nacre_error_t* nacre_config_set_validate(nacre_config_t* config, const char* when);
/* "precise" (default) or "fast"; the interpreter is always precise. */
NACRE_API nacre_error_t* nacre_config_set_traps(nacre_config_t* config, const char* mode);

/* Names of machine code for profilers: engines made of it write /tmp/perf-PID.map, where perf
 * looks. Off by default. Tiers that make no machine code ignore it, and the next one. */
NACRE_API void nacre_config_set_perf_map(nacre_config_t* config, bool on);
/* Names and frames of machine code for gdb, by its JIT compilation interface; all functions of a
 * module are compiled when it is first instantiated. Off by default. */
NACRE_API void nacre_config_set_debug(nacre_config_t* config, bool on);

/* Takes config; NULL means the defaults. */
NACRE_API nacre_error_t* nacre_engine_new(nacre_config_t* config, nacre_engine_t** out);
NACRE_API void nacre_engine_delete(nacre_engine_t* engine);

/* ---- Modules --------------------------------------------------------------------------------- */

/* Binary or text, told apart by the first bytes. The bytes are copied. */
NACRE_API nacre_error_t* nacre_module_new(nacre_engine_t* engine, const void* bytes, size_t size,
                                          nacre_module_t** out);
/* The same from a file, which is read once. */
NACRE_API nacre_error_t* nacre_module_load(nacre_engine_t* engine, const char* path,
                                           nacre_module_t** out);
NACRE_API void nacre_module_delete(nacre_module_t* module);

typedef enum nacre_extern_kind {
  NACRE_FUNC = 0,
  NACRE_TABLE,
  NACRE_MEMORY,
  NACRE_GLOBAL,
  NACRE_TAG
} nacre_extern_kind_t;

typedef struct nacre_import {
  const char* module;
  const char* name;
  nacre_extern_kind_t kind;
  const char* type; /* as text: "[i32 i64] -> [f32]" for functions */
} nacre_import_t;

typedef struct nacre_export {
  const char* name;
  nacre_extern_kind_t kind;
  const char* type;
} nacre_export_t;

NACRE_API size_t nacre_module_import_count(const nacre_module_t* module);
NACRE_API size_t nacre_module_export_count(const nacre_module_t* module);
/* index must be below the count; the strings live as long as the module. */
NACRE_API nacre_import_t nacre_module_import(const nacre_module_t* module, size_t index);
NACRE_API nacre_export_t nacre_module_export(const nacre_module_t* module, size_t index);

/* ---- Machine code -----------------------------------------------------------------------------
 */

typedef enum nacre_code_kind {
  NACRE_CODE_ENTRY = 0,   /* makes the frame, brings the arguments to their locals */
  NACRE_CODE_INSTRUCTION, /* of one instruction; empty if its work was left to a later one */
  NACRE_CODE_TRAP,        /* what an instruction jumps to when it traps */
  NACRE_CODE_TRAP_NUMBER, /* no code: the byte that tells the runtime which trap */
  NACRE_CODE_SLOW_PATH,   /* what an instruction jumps to in cases that are seldom met */
  NACRE_CODE_CONSTANT,    /* no code: a number */
  NACRE_CODE_JUMP_TABLE   /* no code: distances from the table, 4 bytes each */
} nacre_code_kind_t;

/* Bytes [begin, end) of the code, and the instruction they belong to. */
typedef struct nacre_code_piece {
  nacre_code_kind_t kind;
  uint32_t begin;
  uint32_t end;
  uint64_t wasm_offset; /* of the instruction, in bytes from the start of the binary module */
  const char* text;     /* an instruction as nacre print shows it, indented by two spaces a level;
                         * of traps the trap; "" otherwise */
} nacre_code_piece_t;

typedef struct nacre_code_local {
  const char* type;  /* "i32" */
  const char* place; /* where it lives: "rdi", "[rbp-24]" */
} nacre_code_local_t;

/* What an operand in memory means: offset from code_register, or, where that is NULL, from the
 * first byte of the code. */
typedef struct nacre_code_name {
  const char* code_register;
  int64_t offset;
  const char* name;
} nacre_code_name_t;

/* What one function became. All of it belongs to the listing and lives until it is deleted; none of
 * it is ever run. */
typedef struct nacre_code {
  const char* head;      /* "(func $add (;2;) (type 0) (param i32 i32) (result i32)" */
  const char* processor; /* "x86-64" */
  const uint8_t* bytes;
  size_t size;
  uint32_t frame_bytes;             /* below the frame pointer */
  const nacre_code_local_t* locals; /* parameters first */
  size_t local_count;
  const nacre_code_piece_t* pieces; /* by rising begin; together they are all bytes */
  size_t piece_count;
  const nacre_code_name_t* names;
  size_t name_count;
} nacre_code_t;

/* The function that a person means: its name in the name section, the name it is exported by, or
 * its number in the function index space, imports first. */
NACRE_API nacre_error_t* nacre_module_find_func(const nacre_module_t* module, const char* name,
                                                uint32_t* index);
/* Compiles a function that the module defines, with the tier of its engine, to be looked at; it
 * changes nothing about how the module runs. cpu: for whom. "native" (or NULL), "all" or "none",
 * then features to add or take away: "all,-avx,-bmi2". The caller deletes the result. Errors:
 * UNSUPPORTED if the tier makes no machine code; USAGE if index or cpu are wrong. */
NACRE_API nacre_error_t* nacre_module_code(const nacre_module_t* module, uint32_t index,
                                           const char* cpu, const nacre_code_t** out);
NACRE_API void nacre_code_delete(const nacre_code_t* code); /* NULL is allowed */

/* ---- Text and binary ------------------------------------------------------------------------- */

/* A run of bytes that the caller owns; nacre_bytes_delete frees it. */
typedef struct nacre_bytes {
  uint8_t* data;
  size_t size;
} nacre_bytes_t;
NACRE_API void nacre_bytes_delete(nacre_bytes_t* bytes);

/* Text to binary. The result is well-formed, not yet validated. features: as for
 * nacre_config_set_features, may be NULL. */
NACRE_API nacre_error_t* nacre_text_to_binary(const char* text, size_t size, const char* features,
                                              nacre_bytes_t* out);
/* Binary to text. Parsing the text gives the same bytes back if they were encoded canonically. */
NACRE_API nacre_error_t* nacre_binary_to_text(const void* bytes, size_t size, const char* features,
                                              nacre_bytes_t* out);

/* ---- Grants ---------------------------------------------------------------------------------- */

/* What every guest may have without asking: its arguments (none yet), the process's standard
 * streams, clocks and randomness. Nothing else. */
NACRE_API nacre_grants_t* nacre_grants_new(void);
NACRE_API void nacre_grants_delete(nacre_grants_t* grants);
/* The next argument of the guest. The first is the program's name. */
NACRE_API void nacre_grants_add_arg(nacre_grants_t* grants, const char* arg);
/* One grant in the words of the command line: kind "dir", value "HOST[::GUEST][:ro]";
 * "env", "NAME[=VALUE]" (without =VALUE: the process's own); "listen", "ADDR:PORT";
 * "no-stdin", "no-clock", "no-random", "deny-all", "allow-all" with value NULL. */
NACRE_API nacre_error_t* nacre_grants_add(nacre_grants_t* grants, const char* kind,
                                          const char* value);

/* ---- Stores, linking, instances ----------------------------------------------------------------
 */

/* Takes grants; NULL: a guest that can compute and nothing else (WASI is not offered). */
NACRE_API nacre_error_t* nacre_store_new(nacre_engine_t* engine, nacre_grants_t* grants,
                                         nacre_store_t** out);
NACRE_API void nacre_store_delete(nacre_store_t* store);
/* What the guest was refused for lack of a grant, one line each, with the flag that grants it. */
NACRE_API size_t nacre_store_denial_count(const nacre_store_t* store);
NACRE_API const char* nacre_store_denial(const nacre_store_t* store, size_t index);

typedef enum nacre_val_kind {
  NACRE_I32 = 0,
  NACRE_I64,
  NACRE_F32,
  NACRE_F64,
  NACRE_V128,
  NACRE_FUNCREF,  /* opaque: pass back what was received, or 0 for null */
  NACRE_EXTERNREF /* a number of the host's choice plus one; 0 is null */
} nacre_val_kind_t;

typedef struct nacre_val {
  nacre_val_kind_t kind;
  union {
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    uint8_t v128[16];
    uint64_t ref;
  } of;
} nacre_val_t;

/* A function of the embedder. Fills results, whose kinds are set before the call, and returns NULL,
 * or an error of nacre_host_error() that becomes a trap. Must not throw or longjmp out. */
typedef nacre_error_t* (*nacre_func_callback_t)(void* data, const nacre_val_t* args,
                                                size_t arg_count, nacre_val_t* results,
                                                size_t result_count);
NACRE_API nacre_error_t* nacre_host_error(const char* message);

/* Offers module.name to the instances made afterwards. data must outlive the store. */
NACRE_API nacre_error_t* nacre_store_define_func(nacre_store_t* store, const char* module,
                                                 const char* name, const nacre_val_kind_t* params,
                                                 size_t param_count,
                                                 const nacre_val_kind_t* results,
                                                 size_t result_count,
                                                 nacre_func_callback_t callback, void* data);
/* Offers the exports of an instance under a module name. */
NACRE_API nacre_error_t* nacre_store_define_instance(nacre_store_t* store, const char* module,
                                                     nacre_instance_t* instance);

typedef enum nacre_unknown_imports {
  NACRE_UNKNOWN_IMPORTS_DENY = 0, /* an error that lists every missing import */
  NACRE_UNKNOWN_IMPORTS_TRAP      /* missing functions trap when called; the rest is an error */
} nacre_unknown_imports_t;

/* Links and instantiates; runs the module's start function. */
NACRE_API nacre_error_t* nacre_instance_new(nacre_store_t* store, nacre_module_t* module,
                                            nacre_unknown_imports_t unknown_imports,
                                            nacre_instance_t** out);
/* Runs `_initialize` if it is exported: the first call to make to a reactor. */
NACRE_API nacre_error_t* nacre_instance_initialize(nacre_instance_t* instance);
/* Runs a command: `_start`. Returning from it is success. */
NACRE_API nacre_error_t* nacre_instance_start(nacre_instance_t* instance);

/* Whether there is a function of that name, and its shape. Pointers live as long as the store. */
NACRE_API bool nacre_instance_func_type(nacre_instance_t* instance, const char* name,
                                        const nacre_val_kind_t** params, size_t* param_count,
                                        const nacre_val_kind_t** results, size_t* result_count);
/* Counts and kinds must be those of the function. */
NACRE_API nacre_error_t* nacre_instance_call(nacre_instance_t* instance, const char* name,
                                             const nacre_val_t* args, size_t arg_count,
                                             nacre_val_t* results, size_t result_count);
/* The bytes of an exported memory; they stay where they are, the size may grow. */
NACRE_API nacre_error_t* nacre_instance_memory(nacre_instance_t* instance, const char* name,
                                               uint8_t** data, size_t* size_bytes);

/* ---- Specification scripts --------------------------------------------------------------------
 */

typedef struct nacre_wast_counts {
  uint64_t passed;
  uint64_t failed;
  uint64_t skipped;
} nacre_wast_counts_t;

/* Told of every assertion that did not pass. message is one line. */
typedef void (*nacre_wast_report_t)(void* data, uint32_t line, const char* message, bool skipped);

/* Runs one .wast file in a store of its own and adds to counts, also when it fails half-way. An
 * error means the file could not be read or is no script. */
NACRE_API nacre_error_t* nacre_wast_run(const char* path, const char* tier, const char* features,
                                        nacre_wast_report_t report, void* data,
                                        nacre_wast_counts_t* counts);

#ifdef __cplusplus
}
#endif

#endif /* NACRE_NACRE_H */
