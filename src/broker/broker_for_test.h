// A broker on a thread of the test's own process. Included by tests only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <utility>

#include "broker/client.h"
#include "broker/server.h"

namespace nacre::broker {

struct BrokerForTest {
  explicit BrokerForTest(Server::Duties duties) {
    auto ends = *os::Channel::make_pair();
    client = std::make_shared<Client>(std::move(ends.first), nullptr);
    thread = std::jthread([end = std::move(ends.second), its = std::move(duties)]() mutable {
      Server(std::move(end), std::move(its)).serve();
    });
  }
  // Everything that came from the client is gone by then.
  ~BrokerForTest() {
    EXPECT_EQ(client.use_count(), 1);
    client.reset();  // closes the channel
  }

  std::jthread thread;
  std::shared_ptr<Client> client;
};

}  // namespace nacre::broker
