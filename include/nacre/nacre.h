/* The C interface of Nacre, a WebAssembly runtime that gives programs exactly the rights their user
 * granted.
 *
 *   nacre_engine_t   compiles modules; one per process is enough. Thread-safe.
 *   nacre_module_t   a validated module; immutable, thread-safe, may outlive the engine's handle.
 *   nacre_grants_t   what a guest may do: arguments, environment, directories, streams, clocks.
 *   nacre_store_t    the world of one guest: its instances and memories. One thread at a time.
 *   nacre_instance_t a module running in a store; belongs to the store, is never deleted by itself.
 *
 * Errors: a function that can fail returns a nacre_error_t*: NULL on success, otherwise an error
 * that the caller owns and deletes. "Fails:" says with which kinds, written without NACRE_ERROR_;
 * LIMIT, OUT_OF_MEMORY and INTERNAL may come from anywhere and are named only where they mean
 * something particular. After a failure outputs are unwritten, and the objects that were passed in
 * are as they were and can go on being used, except where said otherwise.
 *
 * Strings: const char* parameters end in NUL and are copied; returned const char* belong to the
 * object they were asked of. Handles of one store are refused by the others with USAGE. Functions
 * marked "takes" own their argument afterwards, also when they fail. Deleting or releasing NULL
 * does nothing, as free(NULL) does.
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
typedef struct nacre_func nacre_func_t;
typedef struct nacre_pool nacre_pool_t;
typedef struct nacre_rights nacre_rights_t;

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

/* Strings that are asked of an error live until it is deleted. */
NACRE_API nacre_error_kind_t nacre_error_kind(const nacre_error_t* error);
/* One line: what went wrong and where. */
NACRE_API const char* nacre_error_message(const nacre_error_t* error);
/* Of NACRE_ERROR_TRAP: the guest's frames, youngest first, a line each; "" otherwise.
 *   "  0: app!step(int) @ 0x1234 at src/step.cc:7"
 * File and line, and frames of functions that were inlined (marked as such), are there if the
 * module has debug information (DWARF). It is read at the first call for this error, which may take
 * a second for a large module; the error keeps the module alive. */
NACRE_API const char* nacre_error_backtrace(const nacre_error_t* error);
/* Of NACRE_ERROR_TRAP, if the guest reached a limit that its grants set: the kind of grant,
 * "memory", "time", ...; "" otherwise. */
NACRE_API const char* nacre_error_limit(const nacre_error_t* error);
/* Of NACRE_ERROR_EXIT: the code; 0 otherwise. */
NACRE_API uint32_t nacre_error_exit_code(const nacre_error_t* error);
NACRE_API void nacre_error_delete(nacre_error_t* error);

/* ---- Engine ---------------------------------------------------------------------------------- */

/* The defaults. The caller deletes it, or gives it to a function that takes it. A function that
 * sets an option and fails leaves the configuration as it was. */
NACRE_API nacre_config_t* nacre_config_new(void);
NACRE_API void nacre_config_delete(nacre_config_t* config);
/* "auto" (default): "baseline", or where no machine code can be made "interp". "baseline": compiles
 * each function at its first call. "interp": the portable interpreter. Fails: USAGE for another
 * word; UNSUPPORTED for a tier that is not built ("optimizing", or "baseline" on this
 * processor). */
NACRE_API nacre_error_t* nacre_config_set_tier(nacre_config_t* config, const char* tier);
/* "+NAME,-NAME,...": proposals on top of the defaults. Fails: USAGE for a word that is not a change
 * or a name that is unknown; UNSUPPORTED for a proposal that this version does not read. */
NACRE_API nacre_error_t* nacre_config_set_features(nacre_config_t* config, const char* changes);
/* "eager" (default): every function before the first call. "lazy": each at its first call, where
 * one that is not valid traps. Fails: USAGE for another word. */
NACRE_API nacre_error_t* nacre_config_set_validate(nacre_config_t* config, const char* when);
/* "precise" (default) or "fast", which permits traps to be seen later and demands nothing; today's
 * tiers are always precise. Fails: USAGE for another word. */
NACRE_API nacre_error_t* nacre_config_set_traps(nacre_config_t* config, const char* mode);
/* For tests of Nacre itself; slow. "dirty,merges,edge,park,mix", any of them: machine code leaves a
 * pattern wherever bits are unspecified; its compiler keeps a second account of registers and
 * operands; no memory has guards, and nothing behind its last byte can be accessed; whatever may
 * wait leaves its guest parked and is done, and the guest resumed, by another thread; each function
 * runs now in the interpreter, now as machine code, whatever tier was set. "save=DIR" has
 * nacre_wast_run (wast.h) write the machine code of every module to a file in that folder,
 * "load=DIR" has it run what such a file holds. Fails: USAGE for another word. */
NACRE_API nacre_error_t* nacre_config_set_checks(nacre_config_t* config, const char* checks);

/* Names of machine code for profilers: engines made of it write /tmp/perf-PID.map, where perf
 * looks. Off by default. Tiers that make no machine code ignore it, and the next one. */
NACRE_API void nacre_config_set_perf_map(nacre_config_t* config, bool on);
/* Names and frames of machine code for gdb, by its JIT compilation interface; all functions of a
 * module are compiled when it is first instantiated. Off by default. */
NACRE_API void nacre_config_set_debug(nacre_config_t* config, bool on);

/* Code counts the work that it does, for guests whose grants limit "fuel". Off by default: the
 * interpreter is then slower by two thirds. */
NACRE_API void nacre_config_set_fuel(nacre_config_t* config, bool on);

/* Memory for a module's machine code is mapped when the module is loaded, for a process that may
 * map none later ("lockdown" of nacre_grants_add). Off by default: when it is first needed. */
NACRE_API void nacre_config_set_map_at_load(nacre_config_t* config, bool on);

/* Takes config; NULL means the defaults. Fails: UNSUPPORTED if the tier does not run here; IO if
 * the map of nacre_config_set_perf_map cannot be made; INTERNAL if signal handlers cannot be
 * installed. */
NACRE_API nacre_error_t* nacre_engine_new(nacre_config_t* config, nacre_engine_t** out);
/* Modules, stores and pools that were made with it keep what they need of it. */
NACRE_API void nacre_engine_delete(nacre_engine_t* engine);
/* Proves that limits of time hold here: a guest that never ends is given 10 ms and must be stopped.
 * For servers to call when they start; takes some 10 ms. Fails: INTERNAL if it was not stopped;
 * then it runs on, and the process should not. */
NACRE_API nacre_error_t* nacre_engine_self_test(nacre_engine_t* engine);

/* ---- Modules --------------------------------------------------------------------------------- */

/* Binary or text, told apart by the first bytes. The bytes are copied; the caller deletes the
 * module. Fails: MALFORMED, INVALID (with the place in the binary, or line and column in text),
 * LIMIT for what is beyond this implementation, UNSUPPORTED for a component. */
NACRE_API nacre_error_t* nacre_module_new(nacre_engine_t* engine, const void* bytes, size_t size,
                                          nacre_module_t** out);
/* The same from a file, which is read once. "-" is standard input here, and wherever else the name
 * of a file is given that is read ("./-": a file of that name). Fails: as nacre_module_new, and IO
 * if the file cannot be read. */
NACRE_API nacre_error_t* nacre_module_load(nacre_engine_t* engine, const char* path,
                                           nacre_module_t** out);
/* Instances and pools that were made with it keep what they need of it. */
NACRE_API void nacre_module_delete(nacre_module_t* module);
/* NULL if this version runs all that the module contains. Fails: UNSUPPORTED, which names an
 * instruction that is read and validated but does not run, its proposal and its place. Making an
 * instance fails in the same way. Functions that are validated lazily are not
 * looked through: there such an instruction traps when it is reached. */
NACRE_API nacre_error_t* nacre_module_check_runs(const nacre_module_t* module);

/* A detached signature (docs/security.md#signers), copied; it counts in place of one that the
 * module carries. To be called before the module is used for anything else. */
NACRE_API void nacre_module_set_signature(nacre_module_t* module, const void* bytes, size_t size);

/* "sha256:" and 64 digits: of the bytes that were loaded. */
NACRE_API const char* nacre_module_digest(const nacre_module_t* module);

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
/* The strings live as long as the module. All is 0 and NULL for an index that is not below the
 * count. */
NACRE_API nacre_import_t nacre_module_import(const nacre_module_t* module, size_t index);
NACRE_API nacre_export_t nacre_module_export(const nacre_module_t* module, size_t index);
/* Whether it has a start function, which runs when it is instantiated. */
NACRE_API bool nacre_module_has_start(const nacre_module_t* module);

/* ---- Machine code ---------------------------------------------------------------------------- */

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
 * its number in the function index space, imports first. Of several that
 * have the name, the first. Fails: USAGE if there is none. The index is good for as long as the
 * module is. */
NACRE_API nacre_error_t* nacre_module_find_func(const nacre_module_t* module, const char* name,
                                                uint32_t* index);
/* Compiles a function that the module defines, with the tier of its engine, to be looked at; it
 * changes nothing about how the module runs. cpu: for whom. "native" (or NULL), "all" or "none",
 * then features to add or take away: "all,-avx,-bmi2". The caller deletes the result. Fails:
 * UNSUPPORTED if the tier makes no machine code; USAGE if index or cpu are wrong; INVALID for a
 * body that is validated lazily and wrong. */
NACRE_API nacre_error_t* nacre_module_code(const nacre_module_t* module, uint32_t index,
                                           const char* cpu, const nacre_code_t** out);
NACRE_API void nacre_code_delete(const nacre_code_t* code);

/* ---- Text and binary ------------------------------------------------------------------------- */

/* A run of bytes that the caller owns; nacre_bytes_delete frees it and leaves it empty. */
typedef struct nacre_bytes {
  uint8_t* data;
  size_t size;
} nacre_bytes_t;
NACRE_API void nacre_bytes_delete(nacre_bytes_t* bytes);

/* Text to binary, of a module or a component. The result is well-formed, not yet validated.
 * features: as for nacre_config_set_features, may be NULL. Fails: MALFORMED, with line and column;
 * USAGE and UNSUPPORTED for features. */
NACRE_API nacre_error_t* nacre_text_to_binary(const char* text, size_t size, const char* features,
                                              nacre_bytes_t* out);
/* Binary to text, of a module or a component. Parsing the text gives the same back, in the same
 * bytes but for numbers that were longer than they must be (linkers pad them) and adjacent groups
 * of locals of one type. Fails: MALFORMED for bytes that are neither; LIMIT for text out of all
 * proportion to them; USAGE and UNSUPPORTED for features. */
NACRE_API nacre_error_t* nacre_binary_to_text(const void* bytes, size_t size, const char* features,
                                              nacre_bytes_t* out);

/* Whether the bytes, binary or text, are a component rather than a module. */
NACRE_API bool nacre_is_component(const void* bytes, size_t size);
/* Checks a component, binary or text, against the rules of the component model; components do not
 * run yet. features: as for nacre_config_set_features, besides names that begin with "cm-"; may be
 * NULL. Fails: MALFORMED, INVALID, LIMIT, with a place; USAGE and UNSUPPORTED for features. */
NACRE_API nacre_error_t* nacre_component_validate(const void* bytes, size_t size,
                                                  const char* features);
/* The text of a WIT package with every name resolved. path: a file, or a folder whose *.wit files
 * are the package and whose folder "deps" has what it refers to; "-" is standard input. The package
 * is printed, then in braces those that came with it. world: NULL, or the name of one world
 * ("command", "wasi:cli/command@0.2.12", or "" for the only one there is), of which is printed what
 * it imports and exports. features: names of features, with commas between them, whose @unstable
 * items are to be there; "*" is all, NULL none. Fails: MALFORMED and INVALID, with file, line and
 * column; UNSUPPORTED; IO; LIMIT. */
NACRE_API nacre_error_t* nacre_wit_print(const char* path, const char* world, const char* features,
                                         nacre_bytes_t* out);
/* The package as a component whose exported types are its interfaces and worlds, without their
 * documentation and gates. Fails likewise. */
NACRE_API nacre_error_t* nacre_wit_encode(const char* path, const char* features,
                                          nacre_bytes_t* out);

/* ---- Grants ---------------------------------------------------------------------------------- */

/* What every guest may have without asking: its arguments (none yet), the process's standard
 * streams, clocks and randomness. Nothing else, and no questions are asked. The caller deletes the
 * grants, or gives them to a function that takes them. */
NACRE_API nacre_grants_t* nacre_grants_new(void);
NACRE_API void nacre_grants_delete(nacre_grants_t* grants);
/* The next argument of the guest. The first is the program's name. */
NACRE_API void nacre_grants_add_arg(nacre_grants_t* grants, const char* arg);
/* One grant in the words of the command line: kind is one of nacre_grant_kind_at(), value as its
 * form says, or NULL: "dir" "data:ro", "env" "LANG", "clock" NULL. "deny-KIND" and "no-KIND" deny
 * it, which wins over every grant. Besides:
 *
 *   "deny-all"   NULL: nothing is granted without being named, but standard output and error
 *   "allow-all"  NULL: every directory, variable and address
 *   "policy"     FILE: the rules of a policy file (nacre.toml), which no guest may change
 *   "protect"    FILE: no guest may change it, nor where its name leads: what the caller reads or
 *                writes by name
 *   "remember"   NULL: what was decided about the module and its signers counts, and answers are
 *                kept
 *   "ask"        NULL: what is missing is asked for, at the controlling terminal or as
 *                nacre_grants_set_ask says; "terminal": only if a standard stream is a terminal.
 *                The guest then sees one more directory, "/", in which each path is decided by
 *                itself
 *   "ask-server" PATH: the same, but the program that listens at this socket is asked: a line of
 *                JSON a question, a word in a line for an answer (docs/security.md)
 *   "no-ask"     NULL: takes that back
 *   "record"     FILE: nacre_store_finish writes the policy that the run needed; not "-"
 *   "audit"      FILE, a descriptor's number, or "-" for standard error: JSON lines
 *   "lockdown"   NULL: nacre_store_new locks the calling process down, for good (Landlock and
 *                seccomp, as far as the system has them): it keeps what is open and what the grants
 *                give, and can start no program; its environment variables are erased. What is
 *                still to be decided, a second process decides and does, and it writes the audit
 *                log. Fails with USAGE if the process has another thread, which would not be held
 *                to all of it; not for pools, nor with nacre_grants_set_ask. Descriptors of the
 *                caller's stay open, standard streams that were not granted included.
 *                "alone": the process is there for this store alone. Descriptors without
 *                close-on-exec are closed, standard input and output lead to /dev/null unless they
 *                were granted, and no module can be loaded any more whose machine code is not
 *                mapped (nacre_config_set_map_at_load). "alone-but-stdout": the same, but standard
 *                output stays
 *
 * Fails: USAGE for a kind that is unknown, or a value that is missing, not of its form, or not
 * wanted, and for what is in a file ("policy"); IO for one that cannot be read. The grants are
 * then what they were before. What only the system can tell (whether a directory is there, or a log
 * can be written) is looked at when a guest gets the grants. */
NACRE_API nacre_error_t* nacre_grants_add(nacre_grants_t* grants, const char* kind,
                                          const char* value);
/* Whom the grants are for: what questions, decisions and logs name. The module may be deleted
 * afterwards. */
NACRE_API void nacre_grants_set_module(nacre_grants_t* grants, const char* name,
                                       const nacre_module_t* module);

/* Whether they limit "fuel", for which the engine is made with nacre_config_set_fuel. */
NACRE_API bool nacre_grants_limit_fuel(const nacre_grants_t* grants);

typedef struct nacre_grant_kind {
  const char* name;  /* "dir" */
  const char* value; /* the form of its value; "" if it has none */
  const char* help;  /* one line */
  bool is_usable;    /* false: known to policy files, but nothing uses or enforces it yet */
  bool is_granted;   /* without being named */
} nacre_grant_kind_t;
NACRE_API size_t nacre_grant_kind_count(void);
/* The strings live for ever. All is 0 and NULL for an index that is not below the count. */
NACRE_API nacre_grant_kind_t nacre_grant_kind_at(size_t index);

/* Where a setting is said. nacre_grants_add takes all but those of policy files. */
typedef enum nacre_setting_place {
  NACRE_SETTING_OPTION,  /* an option of the command line, among those that grant */
  NACRE_SETTING_DENIAL,  /* one among those that deny */
  NACRE_SETTING_RUN,     /* one of nacre run */
  NACRE_SETTING_PROGRAM, /* nacre_grants_add alone */
  NACRE_SETTING_FILE     /* a key of policy files */
} nacre_setting_place_t;

/* What nacre_grants_add takes beside kinds of grants, as far as tables can say it. */
typedef struct nacre_grant_setting {
  const char* name;  /* "ask-server" */
  const char* value; /* the form of its value; "" if it has none or needs none */
  const char* help;  /* one line */
  nacre_setting_place_t place;
} nacre_grant_setting_t;
NACRE_API size_t nacre_grant_setting_count(void);
/* The strings live for ever. All is 0 and NULL for an index that is not below the count. */
NACRE_API nacre_grant_setting_t nacre_grant_setting_at(size_t index);

/* ---- Questions ------------------------------------------------------------------------------- */

typedef enum nacre_answer {
  NACRE_ANSWER_NO = 0,     /* not this time; the same is not asked again in this run */
  NACRE_ANSWER_ONCE,       /* this one time */
  NACRE_ANSWER_RUN,        /* until the store is deleted */
  NACRE_ANSWER_ALWAYS,     /* remembered for this module, with "remember" */
  NACRE_ANSWER_NEVER,      /* likewise */
  NACRE_ANSWER_ALWAYS_DIR, /* for the whole folder of the path */
  NACRE_ANSWER_NEVER_DIR,
  NACRE_ANSWER_ALWAYS_SIGNER, /* for every module that the first of its signers signed; only where
                               * the question names one */
  NACRE_ANSWER_NEVER_SIGNER
} nacre_answer_t;

typedef struct nacre_question {
  const char* module_name;
  const char* digest; /* "sha256:..." */
  const char* kind;   /* "file", "dir", "clock", ... */
  const char* object; /* the host path, links resolved: exactly that object is handed over; of
                       * "env" the names of variables, with spaces between; of
                       * "net" and "listen" such as "tcp://example.com:443"; or "" */
  const char* rights; /* of paths: "read", "write", "create", joined by + */
  const char* before; /* what was decided about an earlier version of the module, or "" */
  bool is_missing;    /* the path would be made */
  const char* signer; /* who signed the module, of those the user trusts: "alice", "alice, bob"; or
                       * "" */
} nacre_question_t;

/* Returns a nacre_answer_t; any other number, or one that is not an answer to this question, means
 * NACRE_ANSWER_NO. Called on the guest's thread, by one thread at a time; the guest waits. Must not
 * call into the store. The strings live as long as the call. */
typedef int (*nacre_ask_callback_t)(void* data, const nacre_question_t* question);
/* The callback is asked instead of the terminal; "ask" must be added too. data must outlive the
 * store, or the rights (nacre_rights_new) and all guests that have them. */
NACRE_API void nacre_grants_set_ask(nacre_grants_t* grants, nacre_ask_callback_t callback,
                                    void* data);

/* ---- Policy files and decisions -------------------------------------------------------------- */

/* Reads a policy file; problems is one line each, "FILE:LINE:COLUMN: ...", empty if it is well.
 * What is wrong in the file is not a failure. Fails: IO if it cannot be read. */
NACRE_API nacre_error_t* nacre_policy_check(const char* path, nacre_bytes_t* problems);
/* The JSON schema of policy files. Fails with nothing of its own. */
NACRE_API nacre_error_t* nacre_policy_schema(nacre_bytes_t* out);
/* What a module could ever ask for, what the grants give it, what of that it could not use; used:
 * a policy file that "record" wrote, or NULL; grants that it does not need are named. In words, for
 * people. Fails: IO or USAGE for `used`, and IO for remembered decisions that cannot be read. */
NACRE_API nacre_error_t* nacre_explain(const char* name, const nacre_module_t* module,
                                       const nacre_grants_t* grants, const char* used,
                                       nacre_bytes_t* out);

/* Decisions that are remembered for the user, see "remember". which: a file, a digest or a key or
 * the beginning of one, the place a file was in, or "signer:" and a name; NULL: all. All functions
 * about decisions fail with IO if their file cannot be read, locked or written, or was damaged;
 * then it is as it was. Changes are whole or not at all: the file is
 * written anew and put in the place of the old one. */
NACRE_API nacre_error_t* nacre_permissions_list(const char* which, nacre_bytes_t* out);
/* kind as for nacre_grants_add ("dir", "deny-dir"); seconds: how long it counts, 0: for good.
 * Fails: USAGE for a kind or value that is wrong or is never remembered. */
NACRE_API nacre_error_t* nacre_permissions_decide(const char* name, const nacre_module_t* module,
                                                  const char* kind, const char* value,
                                                  uint64_t seconds);
/* The same for every module that a signer signed, whom the user trusts. Fails: USAGE, also if there
 * is no such signer; UNSUPPORTED if this build knows no signatures. */
NACRE_API nacre_error_t* nacre_permissions_decide_signer(const char* signer, const char* kind,
                                                         const char* value, uint64_t seconds);
/* From now on the user knows this public key by this name. key: the contents of a file: an OpenSSH
 * line (ssh-ed25519), PEM, or as wasmsign2 writes it. Fails: USAGE for a name that has another key
 * already, for a key that has another name, and for what is not a key; UNSUPPORTED if this build
 * knows no signatures. */
NACRE_API nacre_error_t* nacre_permissions_trust(const char* name, const void* key, size_t size);
/* Forgets a signer, with what was decided about it. Fails: USAGE if there is no such signer. */
NACRE_API nacre_error_t* nacre_permissions_distrust(const char* name);
/* Takes back one decision, or with kind NULL all about the module. count: how many, which may be 0.
 * Fails: USAGE for a kind or value that is wrong. */
NACRE_API nacre_error_t* nacre_permissions_revoke(const char* which, const char* kind,
                                                  const char* value, size_t* count);
/* Forgets everything, signers included, also if the file was damaged. Fails: IO if it cannot be
 * locked or written. */
NACRE_API nacre_error_t* nacre_permissions_reset(void);
/* How a module differs from the versions of it that decisions were made about: a line for each
 * difference, empty if there is none. Fails: as all functions about decisions. */
NACRE_API nacre_error_t* nacre_permissions_diff(const char* name, const nacre_module_t* module,
                                                nacre_bytes_t* out);

/* ---- Stores, linking, instances -------------------------------------------------------------- */

/* Takes grants; NULL: a guest that can compute and nothing else (WASI is not offered). The caller
 * deletes the store. Fails: IO if what the grants name cannot be opened; USAGE if they contradict
 * each other or the engine; DENIED if they are for another module; UNSUPPORTED if they name a limit
 * that nothing enforces yet. With "lockdown": USAGE if the process has another thread; if this fails
 * otherwise, the process may be locked down already, in part, and should end. */
NACRE_API nacre_error_t* nacre_store_new(nacre_engine_t* engine, nacre_grants_t* grants,
                                         nacre_store_t** out);
/* Not while a guest runs in it. Instances, functions and memories of the store go with it; calls
 * that are parked end without a call of `done`, and are still to be given to nacre_call_cancel.
 * Logs and records are complete only if nacre_store_finish was called before. */
NACRE_API void nacre_store_delete(nacre_store_t* store);

/* ---- Limits: grants of the kinds memory, tables, stack, handles, threads, written, time, cpu-time
 * and fuel. Reaching one stops the guest with a trap that names it (nacre_error_limit). Time passes
 * while a call into the store runs, and calls are refused when none is left. Threads that run
 * guests whose time is kept get the signal SIGURG when it is over: system calls of the embedder's
 * own functions may then fail with EINTR. */

/* So many milliseconds are left, from now on, in place of what there was. Makes the store
 * interruptible. Fails: USAGE while a guest runs in the store, unless it was interruptible
 * before. */
NACRE_API nacre_error_t* nacre_store_set_deadline(nacre_store_t* store, uint64_t milliseconds);
/* Lets nacre_store_interrupt work; what limits time or cpu-time does so, too. Fails: USAGE while a
 * guest runs in the store. */
NACRE_API nacre_error_t* nacre_store_make_interruptible(nacre_store_t* store);
/* Stops the guest that runs in the store, or if none does, the next call, with the trap
 * "interrupted". From any thread, as long as the store lives. False: it is not interruptible. */
NACRE_API bool nacre_store_interrupt(nacre_store_t* store);
/* Of a store whose grants limit fuel: what was used; else 0. */
NACRE_API uint64_t nacre_store_fuel_used(const nacre_store_t* store);
/* What the guest was refused so far, lines with the least grants that would allow it, as `nacre
 * run` shows them after "note: ". Files that it looked for and that are not there are told only if
 * it failed and was refused nothing else, variables that its code names and that it was not given
 * only if it failed. The count is taken anew by each call of one of the first three functions, and
 * the strings live until then. */
NACRE_API size_t nacre_store_denial_count(nacre_store_t* store);
/* The same with all that is not there and not given, as `nacre run --verbose` shows it. */
NACRE_API size_t nacre_store_denial_count_all(nacre_store_t* store);
/* In one line, for a guest that succeeded all the same; empty if it was refused nothing that is
 * there. */
NACRE_API const char* nacre_store_denial_summary(nacre_store_t* store);
/* "" for an index that is not below the count. */
NACRE_API const char* nacre_store_denial(const nacre_store_t* store, size_t index);
/* Writes what "record" and "audit" asked for. Fails: IO, and says what could not be written; the
 * file of "record" is then what it was before, the log ends early. */
NACRE_API nacre_error_t* nacre_store_finish(nacre_store_t* store);

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

/* A function of the embedder. Fills results, whose kinds are set before the call, and returns NULL;
 * or it returns an error, which Nacre then owns: one of kind EXIT ends the guest with its code, any
 * other, such as one of nacre_host_error(), becomes a trap with its message. args and results live
 * as long as the call. Must not throw or longjmp out. */
typedef nacre_error_t* (*nacre_func_callback_t)(void* data, const nacre_val_t* args,
                                                size_t arg_count, nacre_val_t* results,
                                                size_t result_count);
/* An error for callbacks to return; the message is copied. It is not a failure of this function. */
NACRE_API nacre_error_t* nacre_host_error(const char* message);

/* Offers module.name to the instances made afterwards, in place of what was offered under that name
 * before; instances that are there keep what they were linked with. data must outlive the store.
 * Has no failures of its own. */
NACRE_API nacre_error_t* nacre_store_define_func(nacre_store_t* store, const char* module,
                                                 const char* name, const nacre_val_kind_t* params,
                                                 size_t param_count,
                                                 const nacre_val_kind_t* results,
                                                 size_t result_count,
                                                 nacre_func_callback_t callback, void* data);
/* Offers the exports of an instance under a module name, each in place of what was offered under
 * its name before. Fails: USAGE for an instance of another store. */
NACRE_API nacre_error_t* nacre_store_define_instance(nacre_store_t* store, const char* module,
                                                     nacre_instance_t* instance);

typedef enum nacre_unknown_imports {
  NACRE_UNKNOWN_IMPORTS_DENY = 0, /* an error that lists every missing import */
  NACRE_UNKNOWN_IMPORTS_TRAP      /* missing functions trap when called; the rest is an error */
} nacre_unknown_imports_t;

/* Links and instantiates; runs the module's start function. The instance belongs to the store, the
 * module stays the caller's. Fails: UNSUPPORTED as
 * nacre_module_check_runs; UNLINKABLE if imports are missing (all are named) or of another type:
 * where they tell which other host the module was made for, a second line says so ("note: ...");
 * TRAP and EXIT by its start function or its segments. There is no instance then; after TRAP and
 * EXIT what it wrote into imported memories, tables and globals stays, and functions of it that are
 * in imported tables go on working. */
NACRE_API nacre_error_t* nacre_instance_new(nacre_store_t* store, nacre_module_t* module,
                                            nacre_unknown_imports_t unknown_imports,
                                            nacre_instance_t** out);
/* The same for a module that has rights of its own: WASI in it is by `grants` (taken; not NULL),
 * which can only give what `parent` has (an instance of the store; NULL: the program, so the
 * store's own grants): directories that the parent has, or below one, variables, streams, clocks,
 * randomness. Fails: DENIED for more, and says what; USAGE for an instance of another store; and as
 * nacre_instance_new. Asking, limits, logs and sockets are the program's, and so are denials: that
 * guests change no policy file that `grants` were read from, "protect" of the store's own grants
 * says. */
NACRE_API nacre_error_t* nacre_instance_new_child(nacre_store_t* store, nacre_instance_t* parent,
                                                  nacre_module_t* module,
                                                  nacre_unknown_imports_t unknown_imports,
                                                  nacre_grants_t* grants, nacre_instance_t** out);
/* Runs `_initialize` if it is exported, else does nothing: the first call to make to a reactor.
 * Fails: INVALID if it takes or returns something; TRAP or EXIT by it. The instance may be called
 * again, in the state that the guest left. */
NACRE_API nacre_error_t* nacre_instance_initialize(nacre_instance_t* instance);
/* Runs a command: `_start`. Returning from it is success. Fails: USAGE if there is none; INVALID if
 * it takes or returns something; TRAP; EXIT if the guest ended itself, with whatever code, 0
 * included. The instance may be called again, in the state that the guest left. */
NACRE_API nacre_error_t* nacre_instance_start(nacre_instance_t* instance);

/* Whether a function of that name is exported, and its shape, which is written only then. The
 * arrays live as long as the instance. */
NACRE_API bool nacre_instance_func_type(nacre_instance_t* instance, const char* name,
                                        const nacre_val_kind_t** params, size_t* param_count,
                                        const nacre_val_kind_t** results, size_t* result_count);
/* Counts and kinds must be those of the function. Fails: USAGE if they are not, or if there is no
 * such function; TRAP or EXIT by the guest. results are written only on success; the instance may
 * be called again, in the state that the guest left. */
NACRE_API nacre_error_t* nacre_instance_call(nacre_instance_t* instance, const char* name,
                                             const nacre_val_t* args, size_t arg_count,
                                             nacre_val_t* results, size_t result_count);
/* A value without its kind. Upper bits that a kind does not use are ignored in arguments and
 * unspecified in results. */
typedef union nacre_raw_val {
  int32_t i32;
  int64_t i64;
  float f32;
  double f64;
  uint64_t ref;
  uint8_t v128[16];
} __attribute__((aligned(16))) nacre_raw_val_t;

/* An exported function for many calls: its name and type are looked at once. Belongs to the
 * instance; lives as long. Fails: USAGE if there is none. */
NACRE_API nacre_error_t* nacre_instance_func(nacre_instance_t* instance, const char* name,
                                             nacre_func_t** out);
/* Arguments are in values, which has room for count of them, and results are left there; count is
 * at least the larger number of both. Kinds are those of the function, as nacre_instance_func_type
 * tells; no one looks whether the caller keeps to them, except that function references must be the
 * store's own. Fails: USAGE for such a reference or a count that is too small; TRAP or EXIT by the
 * guest. The values are unspecified after a failure. */
NACRE_API nacre_error_t* nacre_func_call(nacre_func_t* func, nacre_raw_val_t* values, size_t count);

/* The bytes of an exported memory. They stay where they are as long as the instance lives; the size
 * may grow while a guest runs. Fails: USAGE if there is none. */
NACRE_API nacre_error_t* nacre_instance_memory(nacre_instance_t* instance, const char* name,
                                               uint8_t** data, size_t* size_bytes);

/* ---- Calls that do not keep their thread waiting ---------------------------------------------
 *
 * A guest that would wait (a sleep, a read, a connection, a name that is looked up) is parked, and
 * its thread is free for other guests of the store, and for what else the embedder waits for:
 *
 *   nacre_call_start(instance, "run", NULL, 0, done, data, &call);
 *   for (;;) {
 *     poll({nacre_store_fd(store), ...}, until nacre_store_next_deadline(store));
 *     nacre_store_run_ready(store);   // calls done(data, call) of each call that is over
 *   }
 *
 * One thread at a time, as everything of a store, but not always the same. Time limits pass while a
 * guest is parked, limits of CPU time and fuel do not. A function of the embedder that calls the
 * guest which waits then ends the call with a trap. In a process that is locked down "alone" this
 * is not possible. */
typedef struct nacre_call nacre_call_t;
/* Called by nacre_store_run_ready, once. May end the call, and start others. */
typedef void (*nacre_call_done_t)(void* data, nacre_call_t* call);

/* Runs the function until it waits or returns. Counts and kinds must be those of the function. If
 * it waits, done(data, call) is called once it is over; if it was over at once, that too is left to
 * nacre_store_run_ready. The caller ends the call with nacre_call_cancel, also when it is over.
 * Fails, and then nothing ran: USAGE if they are not, if there is no such function, if a guest runs
 * in the store, or if the instance is out of a pool; LIMIT or OUT_OF_MEMORY if there is no stack
 * for it, IO if the system has no more descriptors. What the guest does is no failure of this. */
NACRE_API nacre_error_t* nacre_call_start(nacre_instance_t* instance, const char* name,
                                          const nacre_val_t* args, size_t arg_count,
                                          nacre_call_done_t done, void* data, nacre_call_t** out);
NACRE_API bool nacre_call_is_over(const nacre_call_t* call);
/* Once it is over: what the function returned. Fails: as nacre_instance_call, and then results are
 * not written; USAGE if it is not over or the count is another. The error of a guest that trapped
 * or ended itself is given once; later calls fail with USAGE. */
NACRE_API nacre_error_t* nacre_call_results(nacre_call_t* call, nacre_val_t* results,
                                            size_t result_count);
/* Ends the call and frees it. A guest that is parked never goes on: what it waits for is given up,
 * and done is not called. NULL is fine. Not while the guest runs. After the store was deleted this
 * is the one function that the call may still be given to. */
NACRE_API void nacre_call_cancel(nacre_call_t* call);

/* Resumes all guests whose wait is over, without waiting itself, and calls `done` of calls that are
 * over. Returns how many of both: 0 if there was nothing to do, or if a guest runs in the store. */
NACRE_API size_t nacre_store_run_ready(nacre_store_t* store);
/* A descriptor that can be read from when nacre_store_run_ready has something to do, the store's
 * own; -1 until the first call was started. */
NACRE_API int nacre_store_fd(const nacre_store_t* store);
/* When nacre_store_run_ready has something to do whatever the descriptor says: nanoseconds of
 * CLOCK_MONOTONIC, 0: at once. False, and then it is not written: no guest waits for a time. */
NACRE_API bool nacre_store_next_deadline(const nacre_store_t* store, uint64_t* nanoseconds);

/* ---- Instance pools --------------------------------------------------------------------------
 *
 * For many short-lived guests: a pool keeps instances that guests are done with and gives them, put
 * back to what they were when they were made, to the next guests of the same module. What one guest
 * leaves in memories, tables, globals or on its stack is never seen by another; an instance in
 * which a guest trapped is thrown away. A module in a pool may import functions of
 * nacre_pool_define_func, what modules of nacre_pool_define_module export, and WASI. A pool is
 * thread-safe, and threads that give back what they took do not wait for each other; an instance of
 * it, with all that was asked of it, is used by one thread at a time.
 */

/* 0 in any place: the default. */
typedef struct nacre_pool_limits {
  uint32_t max_instances;     /* in use or kept, at one time (100) */
  uint64_t max_memory_bytes;  /* of one instance's memories together (16 GiB) */
  uint64_t guest_stack_bytes; /* of one instance (8 MiB) */
  uint64_t keep_bytes;        /* of one memory, that stay resident for the next guest (4 MiB) */
} nacre_pool_limits_t;

/* limits: NULL means the defaults. The pool keeps what it needs of the engine; the caller deletes
 * the pool. No instance is made yet. Has no failures of its own. */
NACRE_API nacre_error_t* nacre_pool_new(nacre_engine_t* engine, const nacre_pool_limits_t* limits,
                                        nacre_pool_t** out);
/* Instances that are out stay good; each goes when it is released. */
NACRE_API void nacre_pool_delete(nacre_pool_t* pool);
/* Offers module.name to all guests, in place of what was offered under that name before. The
 * callback's data is that of the guest that calls. Fails: USAGE once nacre_pool_instantiate or
 * _shared was called, or for the name of a module that is offered; nothing is offered then. */
NACRE_API nacre_error_t* nacre_pool_define_func(nacre_pool_t* pool, const char* module,
                                                const char* name, const nacre_val_kind_t* params,
                                                size_t param_count, const nacre_val_kind_t* results,
                                                size_t result_count,
                                                nacre_func_callback_t callback);
/* Offers what module exports, under name, to all guests: each gets an instance of it of its own,
 * which is put back together with the guest's. It may import what its guests may, of modules only
 * those that were offered before it; start functions run for each guest, in that order. The pool
 * keeps what it needs of the module. Fails: USAGE once nacre_pool_instantiate or _shared was
 * called, or if functions or a module are offered under that name; UNSUPPORTED as
 * nacre_module_check_runs. */
NACRE_API nacre_error_t* nacre_pool_define_module(nacre_pool_t* pool, const char* name,
                                                  nacre_module_t* module);
/* An instance for one guest; runs the module's start function. The caller gives it back with
 * nacre_pool_release. Takes grants, which are this guest's alone; NULL: as if "deny-all" had been
 * added to them. data is for its callbacks and must live until the release. Fails: LIMIT if all
 * instances are in use; USAGE for "lockdown"; as nacre_store_new for grants and as
 * nacre_instance_new for the module. No instance is taken then. */
NACRE_API nacre_error_t* nacre_pool_instantiate(nacre_pool_t* pool, nacre_module_t* module,
                                                nacre_grants_t* grants, void* data,
                                                nacre_instance_t** out);
/* What grants become, once for many guests: directories are opened and policies are read here, so
 * that a guest is bound to them in no time. Guests that share rights share the answers to
 * questions, the audit log and what is recorded; limits count for each of them. Takes grants; the
 * caller deletes the rights. Fails: USAGE for "lockdown" and "listen", which are one guest's; as
 * nacre_store_new for grants. */
NACRE_API nacre_error_t* nacre_rights_new(nacre_grants_t* grants, nacre_rights_t** out);
/* Guests that have them keep what they need of them. */
NACRE_API void nacre_rights_delete(nacre_rights_t* rights);
/* Writes what was recorded, and the rest of the audit log. Fails: as nacre_store_finish. */
NACRE_API nacre_error_t* nacre_rights_finish(const nacre_rights_t* rights);
/* As nacre_pool_instantiate, for a guest that shares rights with others. Fails: LIMIT, and as
 * nacre_instance_new. */
NACRE_API nacre_error_t* nacre_pool_instantiate_shared(nacre_pool_t* pool, nacre_module_t* module,
                                                       const nacre_rights_t* rights, void* data,
                                                       nacre_instance_t** out);
/* The guest is done; its instance and all that was asked of it must not be used any more. Fails:
 * USAGE if a call of it has not returned, or if it did not come from a pool: it stays what it was;
 * IO if what "record" and "audit" asked for could not be written: it is released all the same. */
NACRE_API nacre_error_t* nacre_pool_release(nacre_instance_t* instance);

typedef struct nacre_pool_counts {
  uint32_t instances; /* in use or kept */
  uint32_t idle;      /* of them kept */
  uint64_t warm;      /* times that an instance was there already */
  uint64_t made;      /* times that one had to be made */
  uint64_t retired;   /* instances thrown away: a trap, or no way to put them back */
} nacre_pool_counts_t;
NACRE_API nacre_pool_counts_t nacre_pool_statistics(const nacre_pool_t* pool);

#ifdef __cplusplus
}
#endif

#endif /* NACRE_NACRE_H */
