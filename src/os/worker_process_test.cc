#include "os/worker_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

namespace nacre::os {
namespace {

std::string text_of(const Sys<std::optional<Channel::Message>>& message) {
  return message && *message ? std::string(as_text((*message)->bytes)) : "nothing";
}

void send(const Channel& channel, std::string_view text) {
  EXPECT_TRUE(channel.send(as_bytes(text)).has_value());
}

void echo(Channel channel, int) {
  for (;;) {
    auto message = channel.receive();
    if (!message || !*message) return;
    send(channel, "got " + text_of(message));
  }
}

// Whether the other end is closed by now, or soon.
bool ends(Channel& channel) {
  pollfd item{channel.fd(), POLLIN, 0};
  if (::poll(&item, 1, 20'000) != 1) return false;
  auto message = channel.receive();
  return message && !*message;
}

class WorkerProcess : public testing::Test {
 protected:
  WorkerProcess() {
    // Only this test's own children count.
    while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
  }
  // Of the one child.
  static int exit_status() {
    int status = -1;
    EXPECT_GT(::waitpid(-1, &status, 0), 0);
    return status;
  }
};

TEST_F(WorkerProcess, WorksUntilItsParentClosesTheChannel) {
  {
    auto worker = start_worker(echo);
    ASSERT_TRUE(worker.has_value());
    for (const char* text : {"a", "b"}) {
      send(*worker, text);
      EXPECT_EQ(text_of(worker->receive()), std::string("got ") + text);
    }
  }
  int status = exit_status();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(WorkerProcess, KnowsItsParentAndHasNeitherInputNorOutput) {
  auto worker = start_worker([](Channel channel, int parent) {
    bool knows = parent == ::getppid();
    struct stat null{};
    ::stat("/dev/null", &null);
    for (int fd : {0, 1}) {
      struct stat own{};
      knows = knows && ::fstat(fd, &own) == 0 && own.st_rdev == null.st_rdev;
    }
    send(channel, knows ? "so it is" : "no");
  });
  ASSERT_TRUE(worker.has_value());
  EXPECT_EQ(text_of(worker->receive()), "so it is");
  exit_status();
}

TEST_F(WorkerProcess, ThatIsGoneIsAClosedChannel) {
  auto worker = start_worker([](Channel, int) { ::raise(SIGKILL); });
  ASSERT_TRUE(worker.has_value());
  EXPECT_TRUE(ends(*worker));
  auto sent = worker->send(as_bytes("a"));
  ASSERT_FALSE(sent.has_value());
  EXPECT_EQ(sent.error(), EPIPE);
  EXPECT_TRUE(WIFSIGNALED(exit_status()));
}

// A worker that never looks at its channel, whose parent is killed: what it holds open is closed.
TEST_F(WorkerProcess, IsKilledWithItsParent) {
  auto held = Channel::make_pair();
  ASSERT_TRUE(held.has_value());
  pid_t parent = ::fork();
  if (parent == 0) {
    {
      Channel others = std::move(held->first);
    }
    auto worker = start_worker([&](Channel, int) {
      send(held->second, "begun");
      for (;;) ::pause();
    });
    for (;;) ::pause();
  }
  {
    Channel others = std::move(held->second);
  }
  EXPECT_EQ(text_of(held->first.receive()), "begun");
  ::kill(parent, SIGKILL);
  exit_status();
  EXPECT_TRUE(ends(held->first));
}

TEST_F(WorkerProcess, SaysThatThereAreNoDescriptors) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  auto worker = start_worker(echo);
  ::setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_FALSE(worker.has_value());
  EXPECT_EQ(worker.error(), EMFILE);
}

}  // namespace
}  // namespace nacre::os
