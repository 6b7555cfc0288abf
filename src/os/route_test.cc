// What the system's routes say of addresses that always exist.
#include "os/route.h"

#include <gtest/gtest.h>

namespace nacre::os {
namespace {

IpAddress address(const char* text) { return *parse_address(text); }

TEST(Route, LeadsElsewhereOnlyToOneOther) {
  for (const char* text : {"127.0.0.1", "127.9.8.7", "::ffff:127.0.0.1", "::1", "224.0.0.1",
                           "255.255.255.255", "2002:7f00:1::1", "64:ff9b::127.0.0.1"}) {
    EXPECT_FALSE(leads_elsewhere(address(text))) << text;
  }
  // Whether there is a way there or not.
  EXPECT_TRUE(leads_elsewhere(address("192.0.2.1")));
  EXPECT_TRUE(leads_elsewhere(address("2001:db8::1")));
}

}  // namespace
}  // namespace nacre::os
