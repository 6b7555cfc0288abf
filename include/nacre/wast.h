/* Runs the scripts (.wast) of the WebAssembly specification's tests: what `nacre wast` is made of.
 * Separate from nacre.h, whose rules hold here as well, because programs that run guests do not need
 * it.
 */
#ifndef NACRE_WAST_H
#define NACRE_WAST_H

#include <nacre/nacre.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nacre_wast_counts {
  uint64_t passed;
  uint64_t failed;
  uint64_t skipped;
} nacre_wast_counts_t;

/* Told of every assertion that did not pass. message is one line. */
typedef void (*nacre_wast_report_t)(void* data, uint32_t line, const char* message, bool skipped);

/* Runs one .wast file in a store of its own and adds to counts, also when it fails half-way. Takes
 * config; NULL means the defaults. Fails: IO if the file cannot be read; MALFORMED if it is not a
 * script; what nacre_engine_new fails with. Assertions that do not hold are reported, not
 * failures. */
NACRE_API nacre_error_t* nacre_wast_run(const char* path, nacre_config_t* config,
                                        nacre_wast_report_t report, void* data,
                                        nacre_wast_counts_t* counts);

#ifdef __cplusplus
}
#endif

#endif /* NACRE_WAST_H */
