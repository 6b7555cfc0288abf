// Starts a command again and again and says what each time cost:
//   launch TIMES COMMAND [ARGS]
// prints a line a run: wall-clock nanoseconds, processor nanoseconds, peak memory in KiB. What the
// command prints is thrown away. Stops with 1 where the command does not end with exit code 0.
//
// A program of its own, and linked statically, because the kernel counts the memory of the process
// that starts a command as the command's: from Python no peak below Python's own could be seen.
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char** environ;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long nanoseconds(struct timeval time) {
  return time.tv_sec * 1000000000LL + time.tv_usec * 1000LL;
}

static int run(char** command) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid;
  int status;
  struct rusage usage;
  long long begin = now();
  int error = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
  if (error != 0) {
    fprintf(stderr, "launch: %s: %s\n", command[0], strerror(error));
    return 1;
  }
  if (wait4(pid, &status, 0, &usage) != pid) return 1;
  long long wall = now() - begin;
  posix_spawn_file_actions_destroy(&actions);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fprintf(stderr, "launch: %s ended with status %#x\n", command[0], (unsigned)status);
    return 1;
  }
  printf("%lld %lld %ld\n", wall, nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime),
         usage.ru_maxrss);
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fputs("usage: launch TIMES COMMAND [ARGS]\n", stderr);
    return 2;
  }
  for (int i = atoi(argv[1]); i > 0; i--) {
    if (run(argv + 2) != 0) return 1;
  }
  return 0;
}
