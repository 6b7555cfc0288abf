// Names, addresses, and what a socket is between its calls.
#include "host/network.h"

#include <gtest/gtest.h>

namespace nacre::host {
namespace {

IpAddress address(const char* text) { return *parse_address(text); }

TEST(NameMemory, KnowsTheLatestFirst) {
  NameMemory memory;
  memory.learn("a.example", {address("1.2.3.4"), address("::2")});
  memory.learn("b.example", {address("1.2.3.4")});
  memory.learn("a.example", {address("1.2.3.4")});
  EXPECT_EQ(memory.names_of(address("::ffff:1.2.3.4")),
            (std::vector<std::string>{"a.example", "b.example"}));
  EXPECT_EQ(memory.names_of(address("::2")), std::vector<std::string>{"a.example"});
  EXPECT_TRUE(memory.names_of(address("1.2.3.5")).empty());
}

TEST(NameMemory, IsBounded) {
  NameMemory memory;
  for (size_t i = 0; i < 100; ++i) memory.learn("n" + std::to_string(i), {address("1.1.1.1")});
  EXPECT_EQ(memory.names_of(address("1.1.1.1")).size(), NameMemory::kMaxNames);
  EXPECT_EQ(memory.names_of(address("1.1.1.1")).front(), "n99");
  for (size_t i = 0; i < NameMemory::kMaxAddresses; ++i) {
    memory.learn("x", {from_v4({2, 0, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)})});
  }
  EXPECT_TRUE(memory.names_of(address("1.1.1.1")).empty());
  EXPECT_FALSE(memory.names_of(address("2.0.0.0")).empty());
}

TEST(Network, WithoutAGateNothingIsAllowed) {
  auto network = make_real_network(grant::grants_alone());
  EXPECT_EQ(network->look_up("localhost").error(), Errno::no_capability);
  auto socket = *network->open({});
  EXPECT_EQ(socket->connect({address("127.0.0.1"), 1}).error(), Errno::no_capability);
}

TEST(Address, HostNames) {
  auto name = [](std::string_view text) { return canonical_host_name(text).value_or("none"); };
  EXPECT_EQ(name("Example.COM."), "example.com");
  EXPECT_EQ(name("a_b-c.x1"), "a_b-c.x1");
  for (const char* text : {"", ".", "a..b", "-a", "a.-b", "1.2.3.4", "a.1", "0x7f", "a.0x1", "a b",
                           "a/b", "[::1]", "a:80", "caf\xc3\xa9"}) {
    EXPECT_EQ(name(text), "none") << text;
  }
  EXPECT_EQ(name(std::string(63, 'a') + ".b"), std::string(63, 'a') + ".b");
  EXPECT_EQ(name(std::string(64, 'a') + ".b"), "none");
}

TEST(Address, Texts) {
  EXPECT_EQ(endpoint_text({address("10.0.0.1"), 80}), "10.0.0.1:80");
  EXPECT_EQ(endpoint_text({address("::ffff:10.0.0.1"), 80}), "10.0.0.1:80");
  EXPECT_EQ(endpoint_text({address("2001:DB8::0:1"), 443}), "[2001:db8::1]:443");
  EXPECT_EQ(real_destination({IpAddress{}, 5}), (Endpoint{address("::1"), 5}));
  EXPECT_EQ(real_destination({address("0.0.0.0"), 5}), (Endpoint{address("127.0.0.1"), 5}));
}

}  // namespace
}  // namespace nacre::host
