// The language of grants: what is read, what is refused, and that what is written is read back.
#include "grant/rule.h"

#include <gtest/gtest.h>

#include "grant/rules.h"

namespace nacre::grant {
namespace {

const Place kPlace{way_by_words, "/nacre-test/here", "/nacre-test/home"};

Result<Rule> parse(Kind kind, std::string_view value, bool allow = true) {
  return parse_rule(kind, value, allow, kPlace);
}

TEST(Grant, Paths) {
  struct Row {
    const char* text;
    const char* path;
    const char* guest;
    Rights rights;
  };
  const Row rows[] = {
      {"data", "/nacre-test/here/data", "", Rights::all},
      {"data:ro", "/nacre-test/here/data", "", Rights::read},
      {"data::/d:ro", "/nacre-test/here/data", "/d", Rights::read},
      {"data:read+create", "/nacre-test/here/data", "", Rights::read | Rights::create},
      {"/x:write", "/x", "", Rights::write},
      {"a:b", "/nacre-test/here/a:b", "", Rights::all},
      {"a:ro:ro", "/nacre-test/here/a:ro", "", Rights::read},
      {"~/x", "/nacre-test/home/x", "", Rights::all},
      {"../x/./y//", "/nacre-test/x/y", "", Rights::all},
  };
  for (const Row& row : rows) {
    auto rule = parse(Kind::dir, row.text);
    ASSERT_TRUE(rule.has_value()) << row.text;
    EXPECT_EQ(rule->path, row.path);
    EXPECT_EQ(rule->guest, row.guest);
    EXPECT_EQ(rule->rights, row.rights) << row.text;
    auto again = parse(Kind::dir, value_text(*rule));
    ASSERT_TRUE(again.has_value()) << value_text(*rule);
    EXPECT_EQ(again->path, rule->path);
    EXPECT_EQ(again->rights, rule->rights);
    EXPECT_EQ(again->guest, rule->guest);
  }
  // Names that look like more than a name are written so that they stay one.
  for (const char* name :
       {"/x:ro", "/a::b", "/a:", "/:", "/:::", "/a\\:b", "/a\\", "/a:read+write"}) {
    for (const char* guest : {"", "g", ":g", "g::h", "g:ro", "\\:"}) {
      for (Rights rights : {Rights::all, Rights::read, Rights::write | Rights::create}) {
        Rule odd;
        odd.path = name;
        odd.guest = guest;
        odd.rights = rights;
        auto read = parse(Kind::dir, value_text(odd));
        ASSERT_TRUE(read.has_value()) << value_text(odd);
        EXPECT_EQ(read->path, name) << value_text(odd);
        EXPECT_EQ(read->guest, guest) << value_text(odd);
        EXPECT_EQ(read->rights, rights) << value_text(odd);
      }
    }
  }
}

TEST(Grant, WrongValues) {
  const std::string nul("a\0b", 3);
  const std::tuple<Kind, std::string_view, bool> rows[] = {
      {Kind::dir, "", true},
      {Kind::dir, "a::", true},
      {Kind::dir, "::b", true},
      {Kind::dir, ":ro", true},
      {Kind::dir, "a:ro", false},
      {Kind::dir, "a::b", false},
      {Kind::file, "a::b", true},
      {Kind::dir, nul, true},
      {Kind::dir, "\xff", true},
      {Kind::env, "", true},
      {Kind::env, "=x", true},
      {Kind::env, "A=1", false},
      {Kind::env, "A*B", true},
      {Kind::env, "*A*", true},
      {Kind::env, "A*=1", true},
      {Kind::listen, "127.0.0.1", true},
      {Kind::listen, "*:80", true},
      {Kind::listen, "127.0.0.1:1-2", true},
      {Kind::handles, "0", true},
      {Kind::handles, "-1", true},
      {Kind::handles, "5", false},
      {Kind::handles, "5x", true},
      {Kind::memory, "5Q", true},
      {Kind::memory, "99999999999999999999", true},
      {Kind::memory, "99999999999999G", true},
      {Kind::time, "5", true},
      {Kind::time, "", true},
      {Kind::clock, "x", true},
  };
  for (const auto& [kind, value, allow] : rows) {
    auto rule = parse(kind, value, allow);
    EXPECT_FALSE(rule.has_value()) << info_of(kind).name << " " << value;
  }
  EXPECT_FALSE(parse_rule(Kind::dir, std::nullopt, true, kPlace).has_value());
  EXPECT_TRUE(parse_rule(Kind::clock, std::nullopt, true, kPlace).has_value());
  EXPECT_FALSE(parse_rule(Kind::dir, "~/x", true, Place(way_by_words)).has_value());
}

TEST(Grant, Amounts) {
  EXPECT_EQ(parse(Kind::memory, "512M")->amount, uint64_t{512} << 20);
  EXPECT_EQ(parse(Kind::time, "1500ms")->amount, 1'500'000'000u);
  EXPECT_EQ(parse(Kind::time, "2h")->amount, 7'200'000'000'000u);
  EXPECT_EQ(value_text(*parse(Kind::memory, "2048K")), "2M");
  EXPECT_EQ(parse(Kind::handles, "64")->amount, 64u);
}

TEST(Grant, FlagsAreFitForAShell) {
  Rule rule = *parse(Kind::dir, "/nacre-test/here/my file's:ro");
  EXPECT_EQ(flag_text(rule), "--dir '/nacre-test/here/my file'\\''s:ro'");
  EXPECT_EQ(flag_text(rule, "/nacre-test/here"), "--dir 'my file'\\''s:ro'");
  EXPECT_EQ(flag_text(*parse(Kind::dir, "/nacre-test/here"), "/nacre-test/here"), "--dir .");
}

TEST(Endpoint, Patterns) {
  struct Row {
    const char* pattern;
    const char* endpoint;
    bool covers;
  };
  const Row rows[] = {
      {"example.com:443", "tcp://example.com:443", true},
      {"EXAMPLE.com.", "tcp://example.com:1", true},
      {"example.com:443", "tcp://example.com:80", false},
      {"example.com:443", "tcp://www.example.com:443", false},
      {"*.example.com", "tcp://www.example.com:1", true},
      {"*.example.com", "tcp://example.com:1", false},
      {"*.example.com", "tcp://evilexample.com:1", false},
      {"10.0.0.0/8", "udp://10.255.1.2:53", true},
      {"10.0.0.0/8", "udp://11.0.0.0:53", false},
      {"10.0.0.0/9", "udp://10.128.0.0:53", false},
      {"tcp://10.0.0.0/8", "udp://10.0.0.1:53", false},
      {"10.0.0.0/8", "tcp://[::ffff:10.1.1.1]:53", true},
      {"0.0.0.0/0", "tcp://[::1]:53", false},
      {"::/0", "tcp://1.2.3.4:53", false},
      {"[::1]:8000-8002", "tcp://[::1]:8001", true},
      {"[::1]:8000-8002", "tcp://[::1]:8003", false},
      {"::1", "tcp://[0:0::1]:8003", true},
      {"*:80", "tcp://anything.at.all:80", true},
      {"*", "tcp://9.9.9.9:80", true},
      {"example.com", "tcp://93.184.216.34:80", false},
  };
  for (const Row& row : rows) {
    auto pattern = EndpointPattern::parse(row.pattern);
    auto endpoint = EndpointPattern::parse(row.endpoint);
    ASSERT_TRUE(pattern && endpoint) << row.pattern << " " << row.endpoint;
    EXPECT_EQ(pattern->covers(*endpoint), row.covers) << row.pattern << " " << row.endpoint;
  }
}

TEST(Endpoint, WhatIsNoPatternIsRefused) {
  for (const char* text : {"",         ":80",       "10.0.0.1/8",  "10.0.0.0/33", "10.0.0.0/",
                           "1.2.3",    "1.2.3.4.5", "0x7f.1",      "a..b",        "-a",
                           "a b",      "a:65536",   "a:2-1",       "a:",          "a:x",
                           "*.",       "**",        "*.*",         "::1/129",     "[::1",
                           "http://a", "a/8",       "exa\xffmple", ".a",          "a:1:2"}) {
    EXPECT_FALSE(EndpointPattern::parse(text).has_value()) << text;
  }
}

class Rules : public testing::Test {
 protected:
  void add(Kind kind, std::string_view value, bool allow = true) {
    rules.add(*parse(kind, value, allow));
    rules.rules();
  }
  Verdict ask(std::string_view path, Rights rights = Rights::read) {
    return rules.evaluate({.kind = Kind::file, .object = path, .rights = rights});
  }
  RuleSet rules;
};

TEST_F(Rules, NothingSaidIsUndecided) {
  EXPECT_EQ(ask("/a").answer, Verdict::undecided);
  for (const KindInfo& info : kinds()) {
    auto verdict = rules.evaluate({.kind = info.kind, .object = "a", .rights = Rights::all});
    EXPECT_NE(verdict.answer, Verdict::allowed) << info.name;
  }
}

TEST_F(Rules, DenyWinsAndTheNarrowestExplains) {
  add(Kind::dir, "/a");
  add(Kind::dir, "/a/b:ro");
  add(Kind::file, "/a/b/c");
  EXPECT_EQ(value_text(*ask("/a/b/c").because), "/a/b/c");
  EXPECT_EQ(value_text(*ask("/a/b/d").because), "/a/b:ro");
  EXPECT_EQ(ask("/ab").answer, Verdict::undecided);
  EXPECT_EQ(ask("/a/b/c/d").answer, Verdict::allowed);
  add(Kind::dir, "/a/b", false);
  EXPECT_EQ(ask("/a/b/c").answer, Verdict::denied);
  add(Kind::file, "/a/b/c", false);
  EXPECT_EQ(value_text(*ask("/a/b/c").because), "/a/b/c");
  EXPECT_EQ(ask("/a/x").answer, Verdict::allowed);
}

TEST_F(Rules, RightsAddUpAndAreDeniedOneByOne) {
  add(Kind::dir, "/a:read");
  EXPECT_EQ(ask("/a/x", Rights::read | Rights::write).answer, Verdict::undecided);
  add(Kind::file, "/a/x:write");
  EXPECT_EQ(ask("/a/x", Rights::read | Rights::write).answer, Verdict::allowed);
  EXPECT_EQ(ask("/a/x", Rights::create).answer, Verdict::undecided);
  add(Kind::dir, "/a:write", false);
  EXPECT_EQ(ask("/a/x", Rights::read).answer, Verdict::allowed);
  EXPECT_EQ(ask("/a/x", Rights::read | Rights::write).answer, Verdict::denied);
}

// Moving a directory must not take what is denied below it to where it is not.
TEST_F(Rules, WhatIsDeniedStaysWhereItIs) {
  add(Kind::dir, "/a");
  add(Kind::file, "/a/b/secret", false);
  Request move{.kind = Kind::dir,
               .object = "/a/b",
               .rights = Rights::all,
               .is_directory = true,
               .subtree = true};
  EXPECT_EQ(rules.evaluate(move).answer, Verdict::denied);
  move.object = "/a";
  EXPECT_EQ(rules.evaluate(move).answer, Verdict::denied);
  move.object = "/a/c";
  EXPECT_EQ(rules.evaluate(move).answer, Verdict::allowed);
  Request make{.kind = Kind::file, .object = "/a/b", .rights = Rights::create, .missing = true};
  EXPECT_EQ(rules.evaluate(make).answer, Verdict::denied);
}

// Nor may the links that it was denied by, or what holds them, become something else: whatever is
// denied of it, for the next run will follow them again.
TEST_F(Rules, LinksToWhatIsDeniedStayWhatTheyAre) {
  add(Kind::dir, "/");
  for (const char* value : {"/real/secret", "/real/secret:read"}) {
    Rule denial = *parse(Kind::file, value, false);
    denial.links = {"/home/link", "/a/b/second"};
    rules = RuleSet();
    add(Kind::dir, "/");
    rules.add(denial);
    auto may = [&](Request request) { return rules.evaluate(request).answer == Verdict::allowed; };
    for (std::string path : {"/home/link", "/a/b/second"}) {
      Request taken{.kind = Kind::file, .object = path, .rights = Rights::create, .removes = true};
      EXPECT_FALSE(may(taken)) << value << path;
      Request made{.kind = Kind::file, .object = path, .rights = Rights::create, .missing = true};
      EXPECT_FALSE(may(made)) << value << path;
      Request looked_at{.kind = Kind::file, .object = path, .rights = Rights::read};
      EXPECT_TRUE(may(looked_at)) << value << path;
      Request there{.kind = Kind::file, .object = path, .rights = Rights::create};
      EXPECT_TRUE(may(there)) << "and then it is said that it exists";
    }
    for (std::string path : {"/home", "/a", "/a/b", "/real"}) {
      Request moved{.kind = Kind::dir,
                    .object = path,
                    .rights = Rights::all,
                    .is_directory = true,
                    .subtree = true,
                    .removes = true};
      EXPECT_FALSE(may(moved)) << value << path;
      Request removed{.kind = Kind::dir,
                      .object = path,
                      .rights = Rights::create,
                      .is_directory = true,
                      .removes = true};
      EXPECT_FALSE(may(removed)) << value << path;
    }
    Request beside{
        .kind = Kind::file, .object = "/a/b/third", .rights = Rights::create, .removes = true};
    EXPECT_TRUE(may(beside)) << value;
    EXPECT_TRUE(rules.restricts("/home")) << "a directory that holds but a link is watched";
    EXPECT_TRUE(rules.restricts("/a"));
    EXPECT_FALSE(rules.restricts("/b"));
  }
}

// What is there instead of a directory on the way must not be replaced by a link.
TEST_F(Rules, WhatIsInPlaceOfADirectoryOnTheWayStays) {
  add(Kind::dir, "/a");
  add(Kind::file, "/a/b/secret", false);
  Request replaced{.kind = Kind::file,
                   .object = "/a/b",
                   .rights = Rights::all,
                   .subtree = true,
                   .removes = true};
  EXPECT_EQ(rules.evaluate(replaced).answer, Verdict::denied);
  replaced.object = "/a/c";
  EXPECT_EQ(rules.evaluate(replaced).answer, Verdict::allowed);
}

TEST_F(Rules, AFileRuleMovesNoDirectory) {
  add(Kind::file, "/a/b");
  Request move{.kind = Kind::dir,
               .object = "/a/b",
               .rights = Rights::all,
               .is_directory = true,
               .subtree = true};
  EXPECT_EQ(rules.evaluate(move).answer, Verdict::undecided);
}

TEST_F(Rules, Variables) {
  add(Kind::env, "LC_*");
  add(Kind::env, "*_TOKEN", false);
  auto of = [&](const char* name) {
    return rules.evaluate({.kind = Kind::env, .object = name}).answer;
  };
  EXPECT_EQ(of("LC_ALL"), Verdict::allowed);
  EXPECT_EQ(of("LC_TOKEN"), Verdict::denied);
  EXPECT_EQ(of("LANG"), Verdict::undecided);
}

TEST_F(Rules, AddressesThatCannotBeReadAreDenied) {
  add(Kind::net, "*");
  auto of = [&](const char* name) {
    return rules.evaluate({.kind = Kind::net, .object = name}).answer;
  };
  EXPECT_EQ(of("tcp://1.2.3.4:80"), Verdict::allowed);
  EXPECT_EQ(of("tcp://1.2.3.4:80x"), Verdict::denied);
  EXPECT_EQ(of(""), Verdict::denied);
}

// What rules say about a connection to `object`, when `names` led to it.
class Connections : public Rules {
 protected:
  Verdict::Answer of(std::string_view object, std::vector<std::string> names = {},
                     bool stays_here = false) {
    return rules
        .evaluate({.kind = Kind::net, .object = object, .names = names, .stays_here = stays_here})
        .answer;
  }
  Verdict::Answer listening(std::string_view object) {
    return rules.evaluate({.kind = Kind::listen, .object = object}).answer;
  }
  Verdict::Answer lookup(std::string_view name) {
    return rules.evaluate({.kind = Kind::lookup, .object = name}).answer;
  }
};

TEST_F(Connections, AreAllowedByTheNameThatLedThere) {
  add(Kind::net, "example.com:443");
  EXPECT_EQ(of("tcp://93.184.215.14:443", {"example.com"}), Verdict::allowed);
  EXPECT_EQ(of("tcp://[2606:2800::1]:443", {"other.org", "example.com"}), Verdict::allowed);
  EXPECT_EQ(of("tcp://93.184.215.14:80", {"example.com"}), Verdict::undecided);
  EXPECT_EQ(of("tcp://93.184.215.14:443", {"www.example.com"}), Verdict::undecided);
  EXPECT_EQ(of("tcp://93.184.215.14:443"), Verdict::undecided) << "the program made it up";
}

TEST_F(Connections, NamesLeadOnlyToOthers) {
  add(Kind::net, "evil.example");
  add(Kind::net, "*.localhost");
  add(Kind::net, "localhost");
  for (const char* address : {"127.0.0.1",
                              "127.8.9.1",
                              "[::1]",
                              "0.0.0.0",
                              "0.1.2.3",
                              "[::]",
                              "169.254.169.254",
                              "[fe80::1]",
                              "[febf::1]",
                              "224.0.0.1",
                              "239.1.2.3",
                              "255.255.255.255",
                              "[ff02::1]",
                              "[::ffff:127.0.0.1]",
                              "[::ffff:169.254.169.254]",
                              "[64:ff9b::7f00:1]",
                              "[64:ff9b::a9fe:a9fe]",
                              "[::127.0.0.1]",
                              "100.100.100.200",
                              "168.63.129.16",
                              "192.0.0.192",
                              "240.0.0.1",
                              "[64:ff9b:1::1]",
                              "[2002:7f00:1::]",
                              "[2001:0:7f00:1::1]",
                              "[fd00:ec2::254]",
                              "[fec0::1]",
                              "[2001:db8::5efe:7f00:1]"}) {
    EXPECT_EQ(of(std::string("tcp://") + address + ":80", {"evil.example"}), Verdict::undecided)
        << address;
  }
  EXPECT_EQ(of("tcp://10.0.0.1:80", {"evil.example"}), Verdict::allowed);
  EXPECT_EQ(of("tcp://127.0.0.1:80", {"localhost"}), Verdict::allowed);
  EXPECT_EQ(of("tcp://[::1]:80", {"app.localhost"}), Verdict::allowed);
  EXPECT_EQ(of("tcp://[::ffff:127.0.0.1]:80", {"localhost"}), Verdict::allowed);
  EXPECT_EQ(of("tcp://169.254.169.254:80", {"localhost"}), Verdict::undecided);
  EXPECT_EQ(of("tcp://127.0.0.1:80", {"evil-localhost"}), Verdict::undecided);
  add(Kind::net, "127.0.0.0/8");
  EXPECT_EQ(of("tcp://127.0.0.1:80", {"evil.example"}), Verdict::allowed) << "by its address";
}

TEST_F(Connections, NamesDoNotLeadToWhatTheSystemKeepsHere) {
  add(Kind::net, "evil.example");
  add(Kind::net, "localhost");
  EXPECT_EQ(of("tcp://10.0.0.1:80", {"evil.example"}, true), Verdict::undecided);
  EXPECT_EQ(of("tcp://10.0.0.1:80", {"localhost"}, true), Verdict::undecided);
  EXPECT_EQ(of("tcp://127.0.0.1:80", {"localhost"}, true), Verdict::allowed);
  EXPECT_EQ(subject_of({.kind = Kind::net,
                        .object = "tcp://10.0.0.1:80",
                        .names = std::vector<std::string>{"evil.example"},
                        .stays_here = true}),
            "tcp://10.0.0.1:80");
  add(Kind::net, "10.0.0.1");
  EXPECT_EQ(of("tcp://10.0.0.1:80", {"evil.example"}, true), Verdict::allowed) << "by its address";
  add(Kind::net, "evil.example", false);
  EXPECT_EQ(of("tcp://10.0.0.1:80", {"evil.example"}, true), Verdict::denied);
}

TEST_F(Connections, DenyingIpv4DeniesWhatCarriesIt) {
  const char* const forms[] = {"[::ffff:10.1.2.3]",
                               "[::10.1.2.3]",
                               "[::ffff:0:10.1.2.3]",
                               "[64:ff9b::10.1.2.3]",
                               "[64:ff9b:1:a01:2:300::]",
                               "[64:ff9b:1:a:1:203::]",
                               "[64:ff9b:1:0:a:102:300:0]",
                               "[64:ff9b:1::10.1.2.3]",
                               "[2002:a01:203::1]",
                               "[2001:0:a01:203::1]",
                               "[2001:0:808:808::f5fe:fdfc]",
                               "[2001:db8::5efe:10.1.2.3]",
                               "[2001:db8::200:5efe:10.1.2.3]"};
  add(Kind::net, "*");
  add(Kind::net, "10.0.0.0/8:80", false);
  for (const char* form : forms) {
    EXPECT_EQ(of("tcp://" + std::string(form) + ":80"), Verdict::denied) << form;
    EXPECT_EQ(of("udp://" + std::string(form) + ":80"), Verdict::denied) << form;
    EXPECT_EQ(of("tcp://" + std::string(form) + ":81"), Verdict::allowed) << form;
  }
  EXPECT_EQ(of("tcp://[64:ff9b::11.1.2.3]:80"), Verdict::allowed);
  EXPECT_EQ(of("tcp://[2001:db8::a01:203]:80"), Verdict::allowed);
}

TEST_F(Connections, AllowingIpv4AllowsNothingThatCarriesIt) {
  add(Kind::net, "10.0.0.0/8");
  EXPECT_EQ(of("tcp://[::ffff:10.1.2.3]:80"), Verdict::allowed) << "the same address";
  for (const char* form : {"[::10.1.2.3]", "[64:ff9b::10.1.2.3]", "[2002:a01:203::1]",
                           "[2001:0:a01:203::1]", "[2001:db8::5efe:10.1.2.3]"}) {
    EXPECT_EQ(of("tcp://" + std::string(form) + ":80"), Verdict::undecided) << form;
  }
}

TEST_F(Connections, WhoListensEverywhereListensWhereItIsDenied) {
  for (const char* at : {"0.0.0.0:80", "0.0.0.0:81", "[::]:80", "[::]:443", "10.1.2.3:80"}) {
    add(Kind::listen, at);
    EXPECT_EQ(listening("tcp://" + std::string(at)), Verdict::allowed);
  }
  add(Kind::listen, "10.1.0.0/16:80", false);
  add(Kind::listen, "[2001:db8::1]:443", false);
  EXPECT_EQ(listening("tcp://0.0.0.0:80"), Verdict::denied);
  EXPECT_EQ(listening("tcp://[::]:443"), Verdict::denied);
  EXPECT_EQ(listening("tcp://10.1.2.3:80"), Verdict::denied);
  EXPECT_EQ(listening("tcp://0.0.0.0:81"), Verdict::allowed);
  EXPECT_EQ(listening("tcp://[::]:80"), Verdict::allowed) << "IPv6 alone";
}

TEST_F(Connections, DenyingWinsByAddressAndByName) {
  add(Kind::net, "example.com");
  add(Kind::net, "1.2.0.0/16");
  add(Kind::net, "10.0.0.0/8", false);
  add(Kind::net, "bad.example:443", false);
  EXPECT_EQ(of("tcp://10.1.2.3:443", {"example.com"}), Verdict::denied);
  EXPECT_EQ(of("tcp://[::ffff:10.1.2.3]:443", {"example.com"}), Verdict::denied);
  EXPECT_EQ(of("tcp://1.2.3.4:443", {"bad.example"}), Verdict::denied);
  EXPECT_EQ(of("tcp://1.2.3.4:443", {"example.com", "bad.example"}), Verdict::denied);
  EXPECT_EQ(of("tcp://1.2.3.4:80", {"bad.example"}), Verdict::allowed);
}

TEST_F(Connections, ImplyLookingUp) {
  add(Kind::net, "example.com:443");
  add(Kind::net, "*.org");
  add(Kind::net, "10.0.0.0/8");
  add(Kind::lookup, "only.example");
  add(Kind::net, "a.org", false);
  add(Kind::net, "b.org:25", false);
  EXPECT_EQ(lookup("example.com"), Verdict::allowed);
  EXPECT_EQ(lookup("x.y.org"), Verdict::allowed);
  EXPECT_EQ(lookup("other.com"), Verdict::undecided);
  EXPECT_EQ(lookup("a.org"), Verdict::denied);
  EXPECT_EQ(lookup("b.org"), Verdict::allowed);
  EXPECT_EQ(lookup("only.example"), Verdict::allowed);
  EXPECT_EQ(of("tcp://1.2.3.4:80", {"only.example"}), Verdict::undecided);
  add(Kind::lookup, "x.y.org", false);
  EXPECT_EQ(lookup("x.y.org"), Verdict::denied);
}

TEST_F(Connections, EverythingIsEverything) {
  add(Kind::net, "*");
  EXPECT_EQ(of("udp://255.255.255.255:9"), Verdict::allowed);
  EXPECT_EQ(of("tcp://[::1]:9"), Verdict::allowed);
  EXPECT_EQ(lookup("a.b"), Verdict::allowed);
}

TEST(SubjectOf, IsTheNameOnlyIfARuleAboutItWouldDo) {
  auto of = [](std::string_view object, std::vector<std::string> names) {
    return subject_of({.kind = Kind::net, .object = object, .names = names});
  };
  EXPECT_EQ(of("tcp://1.2.3.4:5", {}), "tcp://1.2.3.4:5");
  EXPECT_EQ(of("udp://[2001:4860::1]:5", {"a.b", "c.d"}), "udp://a.b:5");
  EXPECT_EQ(of("tcp://127.0.0.1:5", {"a.b"}), "tcp://127.0.0.1:5");
  EXPECT_EQ(of("tcp://127.0.0.1:5", {"a.b", "localhost"}), "tcp://localhost:5");
}

TEST_F(Rules, RestrictsOnlyWhatIsNear) {
  add(Kind::dir, "/a/b", false);
  add(Kind::dir, "/c");
  EXPECT_TRUE(rules.restricts("/"));
  EXPECT_TRUE(rules.restricts("/a"));
  EXPECT_TRUE(rules.restricts("/a/b/c"));
  EXPECT_FALSE(rules.restricts("/a/bc"));
  EXPECT_FALSE(rules.restricts("/c"));
}

}  // namespace
}  // namespace nacre::grant
