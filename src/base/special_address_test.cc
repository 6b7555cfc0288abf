// What addresses carry and are for.
#include "base/special_address.h"

#include <gtest/gtest.h>

#include <string>

namespace nacre {
namespace {

IpAddress address(const std::string& text) { return *parse_address(text); }

std::string carried(const std::string& text) {
  std::string all;
  for (const IpAddress& inner : carried_v4(address(text))) all += address_text(inner) + " ";
  return all;
}

TEST(SpecialAddress, WhatCarriesAnIpv4Address) {
  EXPECT_EQ(carried("::10.1.2.3"), "10.1.2.3 ");
  EXPECT_EQ(carried("::ffff:0:10.1.2.3"), "10.1.2.3 ");
  EXPECT_EQ(carried("64:ff9b::10.1.2.3"), "10.1.2.3 ");
  EXPECT_EQ(carried("2002:a01:203::1"), "10.1.2.3 ");
  EXPECT_EQ(carried("2001:0:4136:e378:8000:63bf:f5fe:fdfc"), "65.54.227.120 10.1.2.3 ");
  EXPECT_EQ(carried("2001:db8::5efe:10.1.2.3"), "10.1.2.3 ");
  EXPECT_EQ(carried("2001:db8::200:5efe:10.1.2.3"), "10.1.2.3 ");
  EXPECT_EQ(carried("fe80::5efe:10.1.2.3"), "10.1.2.3 ");
  // The examples of RFC 6052, 2.4, for each length that this prefix leaves.
  EXPECT_NE(carried("64:ff9b:1:c000:2:2100::").find("192.0.2.33"), std::string::npos);
  EXPECT_NE(carried("64:ff9b:1:c0:0:221::").find("192.0.2.33"), std::string::npos);
  EXPECT_NE(carried("64:ff9b:1:0:c0:2:2100:0").find("192.0.2.33"), std::string::npos);
  EXPECT_NE(carried("64:ff9b:1::192.0.2.33").find("192.0.2.33"), std::string::npos);
  for (const char* text : {"10.1.2.3", "::ffff:10.1.2.3", "::", "::1", "2001:db8::1", "fe80::1",
                           "2003::1", "2001:1::a01:203", "64:ff9c::10.1.2.3"}) {
    EXPECT_EQ(carried(text), "") << text;
  }
}

TEST(SpecialAddress, WhereNamesDoNotLead) {
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.0.1",
                           "169.254.169.254",
                           "169.254.170.2",
                           "100.100.100.100",
                           "100.100.100.200",
                           "168.63.129.16",
                           "192.0.0.8",
                           "192.0.0.192",
                           "192.88.99.1",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::2",
                           "::8.8.8.8",
                           "::ffff:0:8.8.8.8",
                           "::ffff:127.0.0.1",
                           "100::1",
                           "64:ff9b::127.0.0.1",
                           "64:ff9b::169.254.169.254",
                           "64:ff9b:1::1",
                           "64:ff9b:1:ffff::8.8.8.8",
                           "2001:1::1",
                           "2001:20::1",
                           "2002:7f00:1::",
                           "2002:a9fe:a9fe::1",
                           "2002:6464:64c8::1",
                           "2001:0:7f00:1::8.8.8.8",
                           "2001:0:808:808::80ff:fffe",
                           "2001:db8::5efe:127.0.0.1",
                           "2a00::200:5efe:169.254.169.254",
                           "3fff::5efe:0:1",
                           "4000::1",
                           "5f00::1",
                           "fd00:ec2::254",
                           "fd00:ec2::23",
                           "fd20:ce::254",
                           "fd00:42::42",
                           "fd00:c1::a9fe:a9fe",
                           "fd7a:115c:a1e0::53",
                           "fe00::1",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "feff::1",
                           "ff02::1",
                           "ff0e::1"}) {
    EXPECT_FALSE(special_use(address(text)).empty()) << text;
  }
  for (const char* text : {"1.1.1.1",
                           "8.8.8.8",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.100.100.199",
                           "100.127.255.255",
                           "168.63.129.17",
                           "172.16.0.1",
                           "192.0.1.1",
                           "192.168.1.1",
                           "198.18.0.1",
                           "223.255.255.255",
                           "64:ff9b::8.8.8.8",
                           "64:ff9b::10.0.0.1",
                           "2001:4860:4860::8888",
                           "2001:200::1",
                           "2002:808:808::1",
                           "2001:0:4136:e378:8000:63bf:3fff:fdd2",
                           "2a00::5efe:8.8.8.8",
                           "2001:db8::1",
                           "2606:2800::1",
                           "fc00::1",
                           "fd00::1",
                           "fd00:ec1::254"}) {
    EXPECT_EQ(special_use(address(text)), "") << text;
  }
}

}  // namespace
}  // namespace nacre
