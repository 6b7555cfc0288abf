#include "component/names.h"

#include <gtest/gtest.h>

namespace nacre::component {
namespace {

TEST(Names, Labels) {
  for (const char* good : {"a", "a1", "a-1", "a-1-b-2", "B", "B-1-C", "a11-B11-123-ABC-abc"}) {
    EXPECT_TRUE(is_label(good)) << good;
  }
  for (const char* bad :
       {"", "1", "1-a", "a-", "a--", "-a", "a--b", "aBc", "TyPeS", "a_b", "a.b", "\xc3\xa4"}) {
    EXPECT_FALSE(is_label(bad)) << bad;
  }
  EXPECT_TRUE(is_lower_label("a-1"));
  EXPECT_FALSE(is_lower_label("a-B"));
}

TEST(Names, ExternNames) {
  ExternName name = *parse_extern_name("wasi:http/types@0.2.12");
  EXPECT_TRUE(name.is_interface());
  EXPECT_EQ(name.name_space, "wasi");
  EXPECT_EQ(name.package, "http");
  EXPECT_EQ(name.label, "types");
  EXPECT_EQ(name.version->patch, 12u);
  EXPECT_EQ(track_key(name), "wasi:http/types@0.2");
  name = *parse_extern_name("[method]in-stream.read");
  EXPECT_EQ(name.kind, ExternName::Kind::method);
  EXPECT_EQ(name.resource, "in-stream");
  EXPECT_EQ(name.label, "read");
  EXPECT_EQ(parse_extern_name("[constructor]a")->resource, "a");
  EXPECT_EQ(parse_extern_name("[static]a.b")->kind, ExternName::Kind::static_);
  for (const char* bad : {"",
                          "wasi/http",
                          "wasi:",
                          "wasi:/",
                          ":/",
                          "A:b/c",
                          "1:b/c",
                          "ns-A:b/c",
                          "ns:A/b",
                          "ns:1/a",
                          "ns:pkg-A/b",
                          "wasi:http/TyPeS",
                          "a:b:c/d",
                          "a:b/c/d",
                          "a:b",
                          "a:b@1.0.0/c",
                          "[method]a",
                          "[method].a",
                          "[method]a.",
                          "[method]a.b.c",
                          "[constructor]",
                          "[async]a",
                          "a:b/c@"}) {
    EXPECT_FALSE(parse_extern_name(bad)) << bad;
  }
}

TEST(Names, Versions) {
  Version version = *parse_version("0.0.0-abcd.1.2+efg.4.ee.5");
  EXPECT_EQ(version.prerelease, "abcd.1.2");
  EXPECT_EQ(version.build, "efg.4.ee.5");
  EXPECT_EQ(to_string(version), "0.0.0-abcd.1.2+efg.4.ee.5");
  for (const char* bad :
       {"", ".", "1", "1.", "1.2", "a.2", "2.b", "2.0x0", "2.0.0+", "2.0.0-", "01.0.0", "1.0.0-01",
        "1.0.0-a..b", "18446744073709551616.0.0", "1.0.0 "}) {
    EXPECT_FALSE(parse_version(bad)) << bad;
  }
  EXPECT_TRUE(parse_version("18446744073709551615.0.0"));
  EXPECT_TRUE(parse_version("1.0.0+01"));
}

TEST(Names, VersionsInTheirOrder) {
  const char* rising[] = {"0.9.9",        "1.0.0-alpha",   "1.0.0-alpha.1", "1.0.0-alpha.beta",
                          "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",    "1.0.0",
                          "1.0.1",        "1.1.0",         "2.0.0"};
  for (size_t i = 0; i < std::size(rising); ++i) {
    for (size_t j = 0; j < std::size(rising); ++j) {
      int order = compare(*parse_version(rising[i]), *parse_version(rising[j]));
      EXPECT_EQ(order, i < j ? -1 : i > j ? 1 : 0) << rising[i] << " " << rising[j];
    }
  }
}

TEST(Names, Tracks) {
  EXPECT_EQ(track(*parse_version("2.3.4")), "2");
  EXPECT_EQ(track(*parse_version("0.2.12")), "0.2");
  EXPECT_EQ(track(*parse_version("0.0.5")), "0.0.5");
  EXPECT_EQ(track(*parse_version("0.2.0-rc.1")), "0.2.0-rc.1");
}

TEST(Names, Conflicts) {
  auto key = [](const char* text) { return uniqueness_key(*parse_extern_name(text)); };
  EXPECT_EQ(key("foo-BAR"), key("FOO-bar"));
  EXPECT_NE(key("a1"), key("a-1"));
  EXPECT_NE(key("a"), key("[constructor]a"));
  EXPECT_EQ(key("a"), key("[method]a.a"));
  EXPECT_EQ(key("[static]a.b"), key("[method]a.B"));
  EXPECT_NE(key("a:b/c"), key("a:b/c@1.0.0"));
}

}  // namespace
}  // namespace nacre::component
